/*
 * world.c - a mesh in one thread.
 */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "certs.h"
#include "schema/schema.h"

#include <stdio.h>

#define SERVER_ID "spiffe://cluster.local/ns/demo/sa/web"
#define CLIENT_ID "spiffe://cluster.local/ns/demo/sa/front"

/* --- policy --- */

static int print_topology(const struct sim *sim, struct mesh_buffer *out)
{
    int rc = mesh__buffer_format(
        out,
        "apiVersion: v1\nkind: Service\n"
        "metadata: {name: web, namespace: demo}\n"
        "spec:\n  selector: {app: web}\n"
        "  ports: [{name: http, port: 80, targetPort: %d},\n"
        "          {name: tcp, port: 90, targetPort: %d}]\n",
        SIM_PORT, SIM_PLAIN_PORT);

    for (size_t i = 0; rc == 0 && i < sim->server_count; i++)
        rc = mesh__buffer_format(
            out,
            "---\napiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"
            "metadata: {name: web-%zu, namespace: demo}\n"
            "spec:\n  address: 10.0.0.%zu\n"
            "  labels: {app: web, version: v%zu}\n"
            "  serviceAccount: web\n",
            i, i + 1, i + 1);
    return rc;
}

static void expect_clean(const struct mesh_diagnostics *diagnostics)
{
    char line[400];

    for (size_t i = 0; i < diagnostics->count; i++)
        if (diagnostics->findings[i].severity <= MESH__REFUSED) {
            mesh__finding_print(&diagnostics->findings[i], line, sizeof(line));
            fail_msg("the story's policy: %s", line);
        }
    assert_int_equal(diagnostics->rc, 0);
}

static struct mesh_collection *load(const struct sim *sim, const char *policy)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *collection;
    struct mesh_buffer text;

    mesh__buffer_init(&text, 64 * 1024);
    mesh__diagnostics_init(&diagnostics);
    assert_int_equal(print_topology(sim, &text), 0);
    assert_int_equal(mesh__buffer_format(&text, "---\n%s", policy), 0);
    assert_int_equal(mesh__collection_new(&collection), 0);
    assert_int_equal(mesh__collection_add(collection, "story.yaml",
                                          mesh__buffer_slice(&text), &limits,
                                          &diagnostics),
                     0);
    assert_int_equal(mesh__policy_judge(collection, &diagnostics), 0);
    expect_clean(&diagnostics);
    mesh__diagnostics_fini(&diagnostics);
    mesh__buffer_fini(&text);
    return collection;
}

/* server: which; SIZE_MAX is the client. */
static struct mesh_snapshot *compile(struct mesh_collection *collection,
                                     size_t server, uint64_t generation)
{
    struct mesh_whoami me = { .namespace_ = MESH__SLICE("demo"),
                              .service_account = MESH__SLICE("front"),
                              .trust_domain = MESH__SLICE("cluster.local"),
                              .labels_set = true };
    struct mesh_snapshot *snapshot;
    char address[32];

    if (server != SIZE_MAX) {
        (void)snprintf(address, sizeof(address), "10.0.0.%zu", server + 1);
        me.service_account = MESH__SLICE("web");
        me.address = mesh__slice_of(address);
        me.labels_set = false;
    }
    assert_int_equal(
        mesh__policy_compile(collection, &me, NULL, generation, &snapshot), 0);
    return snapshot;
}

void sim_obey(struct sim *sim, const char *policy)
{
    struct mesh_collection *collection = load(sim, policy);

    for (size_t i = 0; i < sim->server_count; i++) {
        struct sim_server *server = &sim->servers[i];
        struct mesh_snapshot *old = server->hold.snapshot;

        assert_int_equal(server->hold.uses, 0);
        server->hold.snapshot = compile(collection, i, old->generation + 1);
        mesh__loop_enter(server->loop);
        mesh__http_server_changed(server->http);
        mesh__loop_leave(server->loop);
        mesh__snapshot_unref(old);
    }
    mesh__collection_unref(collection);
}

/* --- identities --- */

static void wear(struct mesh_identity *identity, const char *id,
                 int64_t not_after_s)
{
    struct mesh_credential *credential = fake_credential(id, not_after_s);
    struct mesh_bundle *bundle = fake_bundle("cluster.local");

    assert_non_null(credential);
    assert_non_null(bundle);
    /* Not only our own domain is vouched for: policy decides, too. */
    bundle->domains[1].trust_domain = mesh__strdup("elsewhere");
    assert_non_null(bundle->domains[1].trust_domain);
    bundle->count = 2;
    mesh__identity_set(identity, credential, bundle);
    mesh__credential_unref(credential);
    mesh__bundle_unref(bundle);
}

void sim_wear(struct sim *sim, size_t server, const char *id)
{
    wear(&sim->servers[server].identity, id, SIM_WALL_S + 1000000);
}

void sim_dress(struct sim *sim, const char *id, int64_t not_after_s)
{
    wear(&sim->identity, id, not_after_s);
}

static void identify(struct mesh_identity *identity,
                     struct mesh_credential *credential,
                     struct mesh_bundle *bundle, const char *id)
{
    assert_int_equal(mesh__identity_init(identity), 0);
    if (credential)
        mesh__identity_set(identity, credential, bundle);
    else
        wear(identity, id, SIM_WALL_S + 1000000);
}

static struct mesh_credential *prove(const struct cert_made *root,
                                     const char *id, struct mesh_rng *rng)
{
    struct cert_wish wish = cert_wish(id);
    struct mesh_credential *out;
    struct cert_made made;

    cert_make(&wish, root, rng, &made);
    assert_int_equal(mesh__credential_parse("chain", mesh__slice_of(made.cert),
                                            "key", mesh__slice_of(made.key),
                                            CERT_NOW, &out),
                     0);
    return out;
}

void sim_prove(struct sim_wish *wish, struct mesh_rng *rng)
{
    struct cert_wish root_wish = cert_wish_root("root");
    struct cert_made root;

    cert_make(&root_wish, NULL, rng, &root);
    wish->engine = mesh__tls_mbedtls();
    wish->rng = rng;
    wish->client_credential = prove(&root, CLIENT_ID, rng);
    wish->server_credential = prove(&root, SERVER_ID, rng);
    assert_int_equal(mesh__bundle_parse("root", mesh__slice_of(root.cert),
                                        "cluster.local", &wish->bundle),
                     0);
}

void sim_prove_no_more(struct sim_wish *wish)
{
    mesh__credential_unref(wish->client_credential);
    mesh__credential_unref(wish->server_credential);
    mesh__bundle_unref(wish->bundle);
}

/* --- what is told --- */

/* "/echo/17" was call 17. SIM_CALLS when there is no such number. */
static size_t id_of(struct mesh_slice path)
{
    size_t id = 0;
    size_t at = path.len;

    while (at > 0 && path.at[at - 1] != '/')
        at--;
    if (at == path.len)
        return SIM_CALLS;
    for (; at < path.len; at++) {
        if (path.at[at] < '0' || path.at[at] > '9' || id >= SIM_CALLS)
            return SIM_CALLS;
        id = id * 10 + (size_t)(path.at[at] - '0');
    }
    return id < SIM_CALLS ? id : SIM_CALLS;
}

static void note_id(const struct mesh_facts *facts, char *out, size_t size)
{
    (void)snprintf(out, size, "%.*s", (int)facts->request_id.len,
                   facts->request_id.len ? facts->request_id.at : "");
}

static void print_lines(const struct mesh_head *head, char out[SIM_LINES])
{
    struct mesh_text text;

    mesh__text_init(&text, out, SIM_LINES);
    for (size_t i = 0; i < head->count; i++)
        mesh__text_format(
            &text, "%s%.*s: %.*s", i ? "|" : "", (int)head->headers[i].name.len,
            head->headers[i].name.at, (int)head->headers[i].value.len,
            head->headers[i].value.at);
}

static void client_record(void *user, const struct mesh_facts *facts)
{
    struct sim *sim = user;
    size_t id = id_of(facts->path);

    assert_false(facts->inbound);
    assert_true(id < sim->calls);
    sim->records[id]++;
    note_id(facts, sim->last_id, sizeof(sim->last_id));
    (void)snprintf(sim->last_details, sizeof(sim->last_details), "%s",
                   facts->details);
    sim->last_attempts = facts->attempts;
    (void)snprintf(sim->last_logged, sizeof(sim->last_logged), "%.*s",
                   (int)facts->path.len, facts->path.at);
}

static void server_record(void *user, const struct mesh_facts *facts)
{
    struct sim_server *server = user;

    assert_true(facts->inbound);
    if (facts->method.len)
        server->records++;
    server->handled += facts->attempts;
    note_id(facts, server->last_id, sizeof(server->last_id));
    server->last_status = facts->status;
    mesh__flags_print(&facts->flags, server->last_flags);
}

/* --- the handler --- */

/* By the id that the request brings. */
static void note_arrival(struct sim *sim, const struct mesh_head *head)
{
    for (size_t i = 0; i < head->count; i++) {
        unsigned long long id;

        if (!mesh__slice_is(head->headers[i].name, "x-id") ||
            !mesh__slice_number(head->headers[i].value, SIM_CALLS - 1, &id))
            continue;
        if (sim->unsent[id])
            fail_msg("call %u arrived and was never sent", (unsigned)id);
        sim->taken[id]++;
    }
}

static void note_request(struct sim_server *server,
                         const struct mesh_inbound_exchange *exchange)
{
    struct mesh_slice cert = { 0 };

    note_arrival(server->sim, &exchange->head);

    (void)snprintf(server->last_principal, sizeof(server->last_principal), "%s",
                   exchange->principal);
    (void)snprintf(server->last_path, sizeof(server->last_path), "%.*s",
                   (int)exchange->path.len, exchange->path.at);
    (void)snprintf(server->last_host, sizeof(server->last_host), "%.*s",
                   (int)exchange->head.authority.len,
                   exchange->head.authority.at);
    print_lines(&exchange->head, server->last_lines);
    (void)mesh__head_get(&exchange->head, MESH__H_X_FORWARDED_CLIENT_CERT,
                         &cert);
    (void)snprintf(server->last_cert, sizeof(server->last_cert), "%.*s",
                   (int)cert.len, cert.len ? cert.at : "");
}

static void let_go(struct sim_serving *serving)
{
    struct mesh_inbound_exchange *exchange = serving->exchange;

    serving->exchange = NULL;
    mesh__exchange_release(exchange);
    mesh__error_clear();
}

/* The caller said how long its body is, beside the codec's own framing. */
static void check_whole(const struct sim_serving *serving)
{
    const struct mesh_head *head = &serving->exchange->head;

    for (size_t i = 0; i < head->count; i++) {
        char said[24];

        if (!mesh__slice_is(head->headers[i].name, "x-length"))
            continue;
        (void)snprintf(said, sizeof(said), "%zu", serving->len);
        if (!mesh__slice_is(head->headers[i].value, said))
            fail_msg("a request's body of %.*s bytes was whole with %s",
                     (int)head->headers[i].value.len, head->headers[i].value.at,
                     said);
    }
}

/* False: it has to wait, or is over. */
static bool read_all(struct sim_serving *serving)
{
    size_t got;
    int rc = 0;

    while (!serving->whole && rc == 0) {
        rc =
            mesh__exchange_read(serving->exchange, serving->body + serving->len,
                                SIM_BODY - serving->len, &got);
        if (rc == 0 && got == 0) {
            serving->whole = true;
            check_whole(serving);
        }
        serving->len += rc == 0 ? got : 0;
    }
    if (rc < 0 && rc != MESH_ERR_WOULD_BLOCK)
        let_go(serving);
    return serving->whole;
}

/* The id of the request goes back, so that the caller knows whose it is. */
static int begin_answer(struct sim_serving *serving)
{
    struct mesh_inbound_exchange *exchange = serving->exchange;
    const struct mesh_head *head = &exchange->head;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < head->count; i++)
        if (mesh__slice_is(head->headers[i].name, "x-id"))
            rc = mesh__exchange_add(exchange, head->headers[i].name,
                                    head->headers[i].value);
    return rc;
}

static int echo_pieces(struct sim_serving *serving)
{
    struct mesh_inbound_exchange *exchange = serving->exchange;
    int rc = 0;

    if (!serving->answering)
        rc = mesh__exchange_begin(exchange, 200, -1);
    serving->answering = true;
    while (rc == 0 && serving->written < serving->len) {
        size_t left = serving->len - serving->written;
        size_t put;

        rc = mesh__exchange_write(exchange, serving->body + serving->written,
                                  left < 100 ? left : 100, &put);
        serving->written += rc == 0 ? put : 0;
    }
    return rc == 0 ? mesh__exchange_finish(exchange) : rc;
}

static int half_answer(struct sim_serving *serving)
{
    size_t put;
    int rc;

    if (serving->answering)
        return MESH_ERR_WOULD_BLOCK;
    serving->answering = true;
    rc = mesh__exchange_begin(serving->exchange, 200, 10);
    if (rc == 0)
        rc = mesh__exchange_write(serving->exchange, "halve", 5, &put);
    return rc == 0 ? MESH_ERR_WOULD_BLOCK : rc;
}

static int answer(struct sim_serving *serving)
{
    struct sim_server *server = serving->server;
    struct mesh_inbound_exchange *exchange = serving->exchange;
    int rc = serving->answering ? 0 : begin_answer(serving);

    if (rc < 0)
        return rc;
    switch (server->manner) {
    case SIM_STALLS:
        return MESH_ERR_WOULD_BLOCK;
    case SIM_HALVES:
        return half_answer(serving);
    case SIM_REFUSES:
        if (server->good_for && --server->good_for == 0)
            server->manner = server->then;
        return mesh__exchange_respond(exchange, server->status,
                                      (struct mesh_slice){ 0 });
    case SIM_ECHOES:
        break;
    }
    if (mesh__slice_starts(exchange->path, MESH__SLICE("/pieces")))
        return echo_pieces(serving);
    return mesh__exchange_respond(exchange, 200,
                                  mesh__slice(serving->body, serving->len));
}

static void serve(struct sim_serving *serving)
{
    int rc;

    if (serving->exchange->code != MESH_OK) {
        let_go(serving);
        return;
    }
    if (serving->server->manner != SIM_REFUSES && !read_all(serving))
        return;
    rc = answer(serving);
    if (rc != MESH_ERR_WOULD_BLOCK)
        let_go(serving);
}

static void on_exchange(struct mesh_inbound_exchange *exchange)
{
    serve(exchange->owner);
}

static void on_server(struct mesh_http_server *http)
{
    struct sim_server *server = mesh__http_server_owner(http);
    struct mesh_inbound_exchange *exchange;

    while ((exchange = mesh__http_server_take(http))) {
        size_t at = 0;

        while (at < SIM_SERVING && server->serving[at].exchange)
            at++;
        assert_true(at < SIM_SERVING);
        server->taken++;
        note_request(server, exchange);
        server->serving[at].exchange = exchange;
        server->serving[at].server = server;
        server->serving[at].len = server->serving[at].written = 0;
        server->serving[at].whole = server->serving[at].answering = false;
        exchange->owner = &server->serving[at];
        exchange->on_news = on_exchange;
        serve(&server->serving[at]);
    }
}

/* --- birth --- */

static const struct mesh_h1_limits limits = { MESH__H1_HEAD_BYTES,
                                              MESH__H1_HEADERS };

static struct mesh_address address_of(size_t host, uint16_t port)
{
    struct mesh_address address = { .family = 4,
                                    .port = port,
                                    .ip = { 10, 0, 0, (uint8_t)host } };

    return address;
}

static struct mesh_loop *new_loop(struct sim *sim, size_t host)
{
    struct mesh_address ip = address_of(host, 0);
    struct mesh_port *port;
    struct mesh_loop *loop;

    assert_int_equal(mesh__port_memory_new(sim->world, &ip, &port), 0);
    assert_int_equal(mesh__loop_new(port, &loop), 0);
    sim->loops[sim->loop_count++] = loop;
    return loop;
}

static void make_server(struct sim *sim, size_t index,
                        const struct sim_wish *wish,
                        struct mesh_collection *collection)
{
    struct sim_server *server = &sim->servers[index];

    server->sim = sim;
    server->address = address_of(index + 1, SIM_PORT);
    server->loop = new_loop(sim, index + 1);
    mesh__link_init(&server->link, server->loop, sim->engine, &limits, true);
    identify(&server->identity, wish->server_credential, wish->bundle,
             SERVER_ID);
    server->hold.snapshot = compile(collection, index, 1);
    server->env = (struct mesh_server_env){
        .link = &server->link,
        .identity = &server->identity,
        .rng = wish->rng,
        .log = &sim->log,
        .hold = &server->hold,
        .handshake_ns = 10 * MESH__S,
        .first_bytes_ns = 15 * MESH__S,
        .head_ns = 30 * MESH__S,
        .body_idle_ns = 300 * MESH__S,
        .keep_alive_ns = 3600 * MESH__S,
        .drain_ns = 5 * MESH__S,
        .record = server_record,
        .user = server,
    };
    mesh__loop_enter(server->loop);
    assert_int_equal(mesh__http_server_new(&server->env, &server->address, 0,
                                           on_server, server, &server->http),
                     0);
    mesh__loop_leave(server->loop);
}

static void free_shelf(void *shelf)
{
    mesh__pool_close(shelf);
    mesh__pool_unref(shelf);
}

/* --- copies --- */

struct copied {
    struct mesh_note note;
    struct sim *sim;
    struct mesh_client_request *copy;
};

static void on_copy_end(void *user)
{
    struct sim *sim = user;

    sim->copies_ended++;
}

static void on_copy(struct mesh_note *note)
{
    struct copied *copied = MESH__OF(note, struct copied, note);
    struct sim *sim = copied->sim;

    if (mesh__copy_start(&sim->env, copied->copy, on_copy_end, sim) < 0)
        sim->copies_ended++;
    mesh__error_clear();
    mesh__free(copied);
}

/* As a workload hands them to its keeper. */
static void mirror(void *user, struct mesh_client_request *copy)
{
    struct sim *sim = user;
    struct copied *copied = mesh__calloc(1, sizeof(*copied));

    if (!copied) {
        mesh__request_unref(copy);
        mesh__error_clear();
        return;
    }
    sim->copies++;
    copied->note.run = on_copy;
    copied->sim = sim;
    copied->copy = copy;
    mesh__loop_post(sim->loops[0], &copied->note);
}

static void make_client(struct sim *sim, const struct sim_wish *wish,
                        struct mesh_collection *collection)
{
    struct mesh_loop *loop = new_loop(sim, 9);

    mesh__link_init(&sim->link, loop, sim->engine, &limits, wish->keeps_idle);
    identify(&sim->identity, wish->client_credential, wish->bundle, CLIENT_ID);
    sim->hold.snapshot = compile(collection, SIZE_MAX, 1);
    assert_int_equal(mesh__live_registry_new(free_shelf, &sim->live), 0);
    assert_int_equal(mesh__live_bind(sim->live, sim->hold.snapshot, 0, 0), 0);
    assert_int_equal(mesh__pools_new(mesh__loop_port(loop), &sim->pools), 0);
    mesh__client_env_init(&sim->env, &sim->link);
    sim->env.pools = sim->pools;
    sim->env.identity = &sim->identity;
    sim->env.rng = wish->rng;
    sim->env.log = &sim->log;
    sim->env.hold = &sim->hold;
    sim->env.body_idle_ns = 300 * MESH__S;
    sim->env.handshake_ns = 10 * MESH__S;
    sim->env.record = client_record;
    sim->env.mirror = mirror;
    sim->env.user = sim;
}

void sim_init(struct sim *sim, const struct sim_wish *wish)
{
    struct mesh_collection *collection;

    memset(sim, 0, sizeof(*sim));
    sim->server_count = wish->servers ? wish->servers : 1;
    assert_int_equal(mesh__world_new(wish->seed, &sim->world), 0);
    mesh__world_set_wall(sim->world, SIM_WALL_S * (int64_t)MESH__S);
    fake_tls_init(&sim->fake);
    sim->engine = wish->engine ? wish->engine : &sim->fake.engine;
    assert_int_equal(mesh__log_init(&sim->log), 0);
    collection = load(sim, wish->policy);
    make_client(sim, wish, collection);
    for (size_t i = 0; i < sim->server_count; i++)
        make_server(sim, i, wish, collection);
    mesh__collection_unref(collection);
}

/* --- death --- */

static void enter(struct sim *sim)
{
    mesh__loop_enter(sim->loops[0]);
}

static void leave(struct sim *sim)
{
    mesh__loop_leave(sim->loops[0]);
}

void sim_close(struct sim *sim, size_t server)
{
    mesh__loop_enter(sim->servers[server].loop);
    mesh__http_server_close(sim->servers[server].http);
    mesh__loop_leave(sim->servers[server].loop);
    sim->servers[server].closed = true;
}

/* Sockets that stay: the listeners'. */
static bool is_quiet(void *user)
{
    struct sim *sim = user;
    size_t listeners = 0;

    for (size_t i = 0; i < sim->server_count; i++)
        listeners += !sim->servers[i].closed;
    return mesh__world_open(sim->world) == listeners;
}

/* As the keeper does, but what is fresh goes too. */
static bool sweep(struct sim *sim, uint64_t ns)
{
    int rc;

    enter(sim);
    mesh__pools_leave(sim->pools, &sim->link);
    mesh__pools_sweep(sim->pools, 0, true);
    leave(sim);
    rc = mesh__world_run(sim->world, sim->loops, sim->loop_count,
                         mesh__world_now_ns(sim->world) + ns, is_quiet, sim);
    assert_true(rc >= 0); /* no loop spins */
    return rc == 1;
}

/*
 * Twice: what was still connecting for nobody is idle by then. A wire may be
 * dead to one side: then the other's longest bound ends it.
 */
void sim_hang_up(struct sim *sim)
{
    if (!sweep(sim, 20 * MESH__S) && !sweep(sim, 2 * 3600 * MESH__S))
        fail_msg("%zu sockets are open, with those that listen",
                 mesh__world_open(sim->world));
}

/* No count of a destination may stay up. */
static void check_quotas(const struct sim *sim)
{
    const struct mesh_snapshot *snapshot = sim->hold.snapshot;

    for (size_t i = 0; i < snapshot->part_count; i++)
        for (size_t j = 0; j < snapshot->parts[i]->destination_count; j++) {
            const struct mesh_live *live =
                mesh__live(snapshot->parts[i]->destinations[j]);

            assert_int_equal(mesh__quota_used(&live->quotas->connections), 0);
            assert_int_equal(mesh__quota_used(&live->quotas->pending), 0);
            assert_int_equal(mesh__quota_used(&live->quotas->requests), 0);
            assert_int_equal(mesh__quota_used(&live->quotas->retries), 0);
            for (size_t k = 0; k < live->count; k++)
                assert_int_equal(mesh__quota_used(&live->endpoints[k]->active),
                                 0);
        }
}

static void end_client(struct sim *sim)
{
    assert_int_equal(sim->env.active, 0);
    assert_int_equal(sim->copies_ended, sim->copies);
    assert_int_equal(sim->hold.uses, 0);
    check_quotas(sim);
    mesh__snapshot_unref(sim->hold.snapshot);
    mesh__live_registry_free(sim->live);
    mesh__pools_free(sim->pools);
    mesh__client_env_fini(&sim->env);
    enter(sim);
    mesh__link_fini(&sim->link);
    leave(sim);
    mesh__identity_fini(&sim->identity);
}

static void end_server(struct sim_server *server)
{
    mesh__loop_enter(server->loop);
    mesh__http_server_free(server->http);
    mesh__link_fini(&server->link);
    mesh__loop_leave(server->loop);
    for (size_t i = 0; i < SIM_SERVING; i++)
        assert_null(server->serving[i].exchange);
    assert_int_equal(server->hold.uses, 0);
    assert_int_equal(server->records,
                     atomic_load(&server->env.stats.exchanges));
    assert_int_equal(server->handled, server->taken);
    mesh__snapshot_unref(server->hold.snapshot);
    mesh__identity_fini(&server->identity);
}

void sim_fini(struct sim *sim)
{
    sim_raw_close(sim);
    enter(sim);
    mesh__copies_end(&sim->env);
    leave(sim);
    sim_hang_up(sim);
    end_client(sim);
    for (size_t i = 0; i < sim->server_count; i++)
        end_server(&sim->servers[i]);
    assert_int_equal(mesh__world_open(sim->world), 0);
    for (size_t i = 0; i < sim->loop_count; i++)
        mesh__loop_free(sim->loops[i]);
    mesh__world_free(sim->world);
    mesh__log_fini(&sim->log);
    mesh__error_clear();
}

/* --- calls --- */

static int fill_request(struct sim_call *call, const struct sim_ask *ask)
{
    char text[64];
    int rc;

    (void)snprintf(text, sizeof(text), "http://web%s/%zu",
                   ask->path ? ask->path : "/echo", call->id);
    rc = mesh__request_new(mesh__slice_of(ask->method ? ask->method
                                          : ask->body ? "POST"
                                                      : "GET"),
                           mesh__slice_of(text), &call->request);
    if (rc < 0)
        return rc;
    call->request->deadline_ns = ask->deadline_ns;
    call->request->idempotent = ask->idempotent == 1   ? 1
                                : ask->idempotent == 2 ? 0
                                                       : -1;
    (void)snprintf(text, sizeof(text), "%zu", call->id);
    rc = mesh__request_add(call->request, MESH__SLICE("x-id"),
                           mesh__slice_of(text));
    (void)snprintf(text, sizeof(text), "%zu", ask->body_len);
    if (rc == 0)
        rc = mesh__request_add(call->request, MESH__SLICE("x-length"),
                               mesh__slice_of(text));
    if (rc == 0 && ask->header)
        rc = mesh__request_add(call->request, mesh__slice_of(ask->header),
                               mesh__slice_of(ask->value));
    if (rc == 0 && !ask->streamed && !ask->chunked && ask->body)
        rc = mesh__request_body(call->request, ask->body, ask->body_len);
    if (ask->streamed || ask->chunked) {
        call->request->streamed = true;
        call->request->head.body =
            ask->chunked ? MESH__BODY_CHUNKED : MESH__BODY_LENGTH;
        call->request->head.body_bytes = ask->chunked ? 0 : ask->body_len;
    }
    return rc;
}

static void give(struct sim_call *call)
{
    struct mesh_client *client = call->client;
    size_t put = 1;

    if (!call->request->streamed || client->given_all)
        return;
    while (put && call->given < call->body_len && !client->ended) {
        size_t left = call->body_len - call->given;

        if (mesh__client_write(client, call->body + call->given,
                               left < 100 ? left : 100, &put) < 0)
            put = 0;
        call->given += put;
    }
    if (call->given == call->body_len && !client->ended)
        (void)mesh__client_end(client);
    mesh__error_clear();
}

/* 0 with nothing taken is the end. */
static void take(struct sim_call *call)
{
    size_t got = 1;

    while (call->client->head_ready && got) {
        assert_true(call->got_len < SIM_BODY);
        if (mesh__client_read(call->client, call->got + call->got_len,
                              SIM_BODY - call->got_len, &got) < 0)
            got = 0;
        call->got_len += got;
    }
    mesh__error_clear();
}

/* Whatever was reported as good must be ours and whole. */
static void check_answer(const struct sim_call *call)
{
    const struct mesh_head *head = &call->client->outcome.response;
    char id[24];

    if (call->status != 200 || call->local || call->code != MESH_OK)
        return;
    (void)snprintf(id, sizeof(id), "%zu", call->id);
    for (size_t i = 0; i < head->count; i++)
        if (mesh__slice_is(head->headers[i].name, "x-id") &&
            !mesh__slice_is(head->headers[i].value, id))
            fail_msg("call %s got the answer to %.*s", id,
                     (int)head->headers[i].value.len,
                     head->headers[i].value.at);
    if (call->got_len != call->body_len)
        fail_msg("%zu bytes of %zu were a whole answer", call->got_len,
                 call->body_len);
    if (call->got_len)
        assert_memory_equal(call->got, call->body, call->got_len);
}

static void note_cookies(struct sim_call *call)
{
    const struct mesh_head *head = &call->client->outcome.response;

    for (size_t i = 0; call->status && i < head->count; i++) {
        if (!mesh__slice_is(head->headers[i].name, "set-cookie"))
            continue;
        (void)snprintf(call->cookie, sizeof(call->cookie), "%.*s",
                       (int)head->headers[i].value.len,
                       head->headers[i].value.at);
        call->cookies++;
    }
}

/* Never means never, now and later; what is not idempotent arrives once. */
static void check_sent(const struct sim_call *call)
{
    struct sim *sim = call->sim;

    if (sim->copies)
        return;
    sim->unsent[call->id] = call->sent == MESH__SENT_NEVER;
    if (call->sent == MESH__SENT_NEVER)
        assert_int_equal(sim->taken[call->id], 0);
    if (call->client->request->idempotent == 0)
        assert_in_range(sim->taken[call->id], 0, 1);
}

static void note_outcome(struct sim_call *call)
{
    const struct mesh_client_outcome *outcome = &call->client->outcome;

    call->done = true;
    call->code = outcome->code;
    call->status = outcome->status;
    call->local = outcome->local;
    call->attempts = outcome->attempts;
    call->sent = outcome->sent;
    note_cookies(call);
    call->took_ns = mesh__world_now_ns(call->sim->world) - call->began_ns;
    mesh__flags_print(&outcome->flags, call->flags);
    print_lines(&outcome->response, call->lines);
    (void)snprintf(call->text, sizeof(call->text), "%.*s", (int)call->got_len,
                   call->got);
    (void)snprintf(call->line, sizeof(call->line), "%s", outcome->line);
    (void)snprintf(call->endpoint, sizeof(call->endpoint), "%s",
                   outcome->endpoint);
    (void)snprintf(call->principal, sizeof(call->principal), "%s",
                   outcome->principal);
    check_answer(call);
    check_sent(call);
}

/* What is given and taken brings news of its own. */
static void on_call(struct mesh_client *client)
{
    struct sim_call *call = client->owner;

    call->news = true;
    if (call->inside)
        return;
    call->inside = true;
    while (call->news && !call->done) {
        call->news = false;
        give(call);
        take(call);
        if (client->ended)
            note_outcome(call);
    }
    call->inside = false;
}

static bool give_up(struct sim_call *call)
{
    assert_true(call->sim->tolerant);
    mesh__error_clear();
    mesh__request_unref(call->request);
    mesh__free(call->got);
    call->request = NULL;
    call->got = NULL;
    return false;
}

bool sim_begin(struct sim *sim, const struct sim_ask *ask,
               struct sim_call *call)
{
    bool made;

    assert_true(sim->calls < SIM_CALLS);
    memset(call, 0, sizeof(*call));
    call->sim = sim;
    call->id = sim->calls++;
    sim->taken[call->id] = 0;
    sim->unsent[call->id] = false;
    call->body = ask->body;
    call->body_len = ask->body_len;
    call->began_ns = mesh__world_now_ns(sim->world);
    call->got = mesh__malloc(SIM_BODY);
    if (!call->got || fill_request(call, ask) < 0)
        return give_up(call);
    enter(sim);
    made = mesh__client_new(&sim->env, call->request, on_call, call,
                            &call->client) == 0;
    if (made) {
        mesh__client_start(call->client);
        on_call(call->client);
    }
    leave(sim);
    return made || give_up(call);
}

struct waiting {
    struct sim_call *calls;
    size_t count;
};

static bool are_done(void *user)
{
    const struct waiting *waiting = user;

    for (size_t i = 0; i < waiting->count; i++)
        if (waiting->calls[i].client && !waiting->calls[i].done)
            return false;
    return true;
}

bool sim_await(struct sim *sim, struct sim_call *calls, size_t count,
               uint64_t ns)
{
    struct waiting waiting = { calls, count };
    int rc = mesh__world_run(sim->world, sim->loops, sim->loop_count,
                             mesh__world_now_ns(sim->world) + ns, are_done,
                             &waiting);

    assert_true(rc >= 0);
    return rc == 1;
}

void sim_pass(struct sim *sim, uint64_t ns)
{
    uint64_t until_ns = mesh__world_now_ns(sim->world) + ns;

    assert_true(mesh__world_run(sim->world, sim->loops, sim->loop_count,
                                until_ns, NULL, NULL) >= 0);
    if (mesh__world_now_ns(sim->world) < until_ns)
        mesh__world_advance(sim->world,
                            until_ns - mesh__world_now_ns(sim->world));
}

void sim_end(struct sim *sim, struct sim_call *call)
{
    if (!call->client)
        return;
    enter(sim);
    mesh__client_free(call->client);
    leave(sim);
    assert_int_equal(sim->records[call->id], 1);
    mesh__request_unref(call->request);
    mesh__free(call->got);
    mesh__error_clear();
    call->client = NULL;
}

void sim_ask(struct sim *sim, const struct sim_ask *ask, struct sim_call *call)
{
    if (!sim_begin(sim, ask, call))
        return;
    if (!sim_await(sim, call, 1, 600 * MESH__S))
        fail_msg("call %zu is stuck", call->id);
    sim_end(sim, call);
}

/* --- bytes by hand --- */

static void on_raw(struct mesh_stream *stream)
{
    struct sim_raw *raw = stream->owner;
    int rc = MESH_ERR_WOULD_BLOCK;

    if (stream->state == MESH__STREAM_FAILED)
        rc = MESH_ERR_RESET;
    while (stream->state == MESH__STREAM_READY && !raw->deaf &&
           (rc = mesh__stream_fill(stream)) == 0) {
        size_t room = SIM_HEARD - 1 - raw->len;
        size_t len = stream->plain.len < room ? stream->plain.len : room;

        memcpy(raw->heard + raw->len, mesh__buffer_data(&stream->plain), len);
        raw->len += len;
        raw->heard[raw->len] = '\0';
        mesh__buffer_clear(&stream->plain);
    }
    if (rc != MESH_ERR_WOULD_BLOCK && raw->ended == '.')
        raw->ended = rc == MESH_ERR_CLOSED ? 'F' : 'R';
    if (stream->state == MESH__STREAM_READY)
        (void)mesh__stream_want(stream, !raw->deaf && raw->ended == '.');
    mesh__error_clear();
}

void sim_raw_open(struct sim *sim, struct mesh_tls_config *config)
{
    const struct mesh_dial dial = { .timeout_ns = 60 * MESH__S };

    sim_raw_close(sim);
    sim->raw = (struct sim_raw){ .ended = '.' };
    enter(sim);
    assert_int_equal(mesh__stream_open(&sim->link, &sim->servers[0].address,
                                       &dial, config, (struct mesh_slice){ 0 },
                                       on_raw, &sim->raw, &sim->raw.stream),
                     0);
    leave(sim);
    sim_pass(sim, 10 * MESH__MS);
}

void sim_raw_say(struct sim *sim, const char *text)
{
    struct mesh_slice slice = mesh__slice_of(text);

    enter(sim);
    (void)mesh__stream_send(sim->raw.stream, &slice, 1);
    mesh__error_clear();
    leave(sim);
    sim_pass(sim, 10 * MESH__MS);
}

void sim_raw_close(struct sim *sim)
{
    if (!sim->raw.stream)
        return;
    enter(sim);
    mesh__stream_close(sim->raw.stream, NULL, false);
    leave(sim);
    sim->raw.stream = NULL;
    sim_pass(sim, 10 * MESH__MS);
}
