/*
 * fuzz_cert.c - any bytes as a chain, a key, a bundle, a session: read or
 * refused, and a peer that is made of them is nobody without a root.
 */
#include "identity/credential.h"
#include "identity/peer.h"
#include "tls/memo.h"

#include "base/error.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1800000000 };

static void judge(const struct mesh_chain *chain)
{
    static struct mesh_bundle nobody; /* vouches for no trust domain */
    const struct mesh_expected anybody = { 0 };
    struct mesh_peer peer;
    char subject[100];
    struct mesh_cert cert;

    for (size_t i = 0; i < mesh__chain_count(chain); i++) {
        (void)mesh__chain_cert(chain, i, &cert);
        mesh__chain_subject(chain, i, subject, sizeof(subject));
    }
    if (mesh__peer_judge(chain, MESH__PEER_SERVER, &nobody, &anybody, NOW,
                         &peer) == 0 ||
        peer.id[0])
        abort();
    (void)mesh__chain_verify(chain, chain, NOW);
}

static void read_as_files(struct mesh_slice text)
{
    struct mesh_chain *chain;
    struct mesh_key *key;
    struct mesh_bundle *bundle;
    struct mesh_credential *credential;

    if (mesh__chain_parse_pem("chain", text, MESH__CHAIN_MAX, &chain) == 0)
        judge(chain);
    mesh__chain_unref(chain);
    (void)mesh__key_parse_pem("key", text, &key);
    mesh__key_unref(key);
    (void)mesh__bundle_parse("root", text, "td", &bundle);
    mesh__bundle_unref(bundle);
    if (mesh__credential_parse("chain", text, "key", text, NOW, &credential) ==
        0)
        abort(); /* no file is a chain and a key */
}

static void read_as_wire(struct mesh_slice bytes)
{
    struct mesh_chain *chain;
    struct mesh_tls_memo memo;

    if (mesh__chain_parse_der(&bytes, 1, &chain) == 0)
        judge(chain);
    mesh__chain_unref(chain);
    (void)mesh__tls_memo_read(bytes, &memo);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mesh_slice bytes = mesh__slice((const char *)data, size);

    read_as_files(bytes);
    read_as_wire(bytes);
    mesh__error_clear();
    return 0;
}
