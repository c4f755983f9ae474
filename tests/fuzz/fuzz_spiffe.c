/*
 * fuzz_spiffe.c - names as certificates may carry them.
 *
 * A name that is taken is made again from its parts; one that is refused
 * leaves nothing and a reason.
 */
#include "base/text.h"
#include "value/spiffe.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void check_parts(const struct mesh_spiffe *id)
{
    char made[MESH__SPIFFE_MAX + 1];
    struct mesh_text text;

    must(mesh__trust_domain_valid(id->trust_domain));
    mesh__text_init(&text, made, sizeof(made));
    mesh__text_puts(&text, "spiffe://");
    mesh__text_add(&text, id->trust_domain);
    mesh__text_add(&text, id->path);
    must(!text.cut && mesh__slice_is(id->text, made));
    must((id->namespace_.len > 0) == (id->service_account.len > 0));
    if (id->namespace_.len == 0)
        return;
    mesh__text_init(&text, made, sizeof(made));
    mesh__text_puts(&text, "/ns/");
    mesh__text_add(&text, id->namespace_);
    mesh__text_puts(&text, "/sa/");
    mesh__text_add(&text, id->service_account);
    must(mesh__slice_is(id->path, made));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mesh_slice raw = mesh__slice((const char *)data, size);
    struct mesh_spiffe workload;
    struct mesh_spiffe any;
    const char *reason;
    bool taken = mesh__spiffe_parse(raw, true, &workload, &reason);

    must(taken == !reason);
    if (mesh__spiffe_parse(raw, false, &any, NULL))
        check_parts(&any);
    if (taken) {
        check_parts(&workload);
        must(workload.path.len > 0 && any.text.len == raw.len);
    } else {
        must(workload.text.len == 0 && any.path.len == 0);
    }
    return 0;
}
