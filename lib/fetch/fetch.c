/*
 * fetch.c - opening the module that calls the outside.
 *
 * Knows where the module lies and that its tables fit; declines to know
 * libcurl.
 */
#include "fetch/fetch.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <dlfcn.h>
#include <limits.h>

#define MODULE_FILE "libmesh-fetch.so"

struct mesh_fetch {
    const struct mesh_fetch_module *module;
    void *session;
    void *library; /* dlopen's; NULL when the module was at hand */
};

static const struct mesh_fetch_host host_table = { .abi = MESH__FETCH_ABI,
                                                   .alloc = mesh__malloc,
                                                   .resize = mesh__realloc,
                                                   .release = mesh__free };

int mesh__fetch_adopt(const struct mesh_fetch_module *module,
                      struct mesh_fetch **out)
{
    struct mesh_fetch *fetch;
    int rc;

    *out = NULL;
    if (!module || module->abi != MESH__FETCH_ABI)
        return mesh__fail(MESH_ERR_MODULE,
                          "a fetch module of ABI %u, this one's is %u",
                          (unsigned)MESH__FETCH_ABI, module ? module->abi : 0);
    fetch = mesh__calloc(1, sizeof(*fetch));
    if (!fetch)
        return mesh__fail(MESH_ERR_NOMEM, "the fetch module");
    fetch->module = module;
    rc = module->open(&host_table, &fetch->session);
    if (rc < 0) {
        mesh__free(fetch);
        return mesh__fail(rc, "a session of %s", module->version);
    }
    *out = fetch;
    return 0;
}

#ifdef MESH_STATIC_FETCH

int mesh__fetch_open(const char *directory, struct mesh_fetch **out)
{
    (void)directory;
    return mesh__fetch_adopt(mesh_fetch_module_1(&host_table), out);
}

#else

/* POSIX lets a pointer from dlsym become a function; C has no cast for it. */
static mesh_fetch_entry entry_of(void *library)
{
    void *symbol = dlsym(library, MESH__FETCH_ENTRY);
    mesh_fetch_entry entry;

    memcpy(&entry, &symbol, sizeof(entry));
    return entry;
}

static int adopt_library(void *library, const char *path,
                         struct mesh_fetch **out)
{
    mesh_fetch_entry entry = entry_of(library);

    if (!entry)
        return mesh__fail(MESH_ERR_MODULE, "%s has no %s", path,
                          MESH__FETCH_ENTRY);
    return mesh__fetch_adopt(entry(&host_table), out);
}

static const char *why(void)
{
    const char *reason = dlerror();

    return reason ? reason : "the loader does not say why";
}

int mesh__fetch_open(const char *directory, struct mesh_fetch **out)
{
    char path[PATH_MAX];
    struct mesh_text text;
    void *library;
    int rc;

    *out = NULL;
    mesh__text_init(&text, path, sizeof(path));
    mesh__text_format(&text, "%s/%s", directory ? directory : MESH_PKGLIBDIR,
                      MODULE_FILE);
    if (text.cut)
        return mesh__fail(MESH_ERR_MODULE, "a path of at most %d bytes, %s",
                          PATH_MAX - 1, path);
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library)
        return mesh__fail(MESH_ERR_MODULE, "%s: %s", path, why());
    rc = adopt_library(library, path, out);
    if (rc < 0)
        (void)dlclose(library);
    else
        (*out)->library = library;
    return rc;
}

#endif

int mesh__fetch_perform(struct mesh_fetch *fetch,
                        const struct mesh_fetch_request *request,
                        struct mesh_fetch_response *response)
{
    int rc;

    *response = (struct mesh_fetch_response){ 0 };
    rc = fetch->module->perform(fetch->session, request, response);
    if (rc == 0)
        return 0;
    mesh__free(response->body);
    response->body = NULL;
    response->body_bytes = 0;
    response->status = 0;
    return mesh__fail(rc, "%s", response->reason);
}

void mesh__fetch_close(struct mesh_fetch *fetch)
{
    if (!fetch)
        return;
    fetch->module->close(fetch->session);
    if (fetch->library)
        (void)dlclose(fetch->library);
    mesh__free(fetch);
}

int mesh__fetch_forked(struct mesh_fetch *fetch)
{
    int rc = fetch ? fetch->module->forked(fetch->session) : 0;

    return rc < 0 ? mesh__fail(rc, "a fetch session after fork") : rc;
}
