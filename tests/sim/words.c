/*
 * words.c - what the tests of the tables of steps say.
 */
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"

struct sim *sim;
const struct sim_ask get = { .path = "/echo" };

int words_set_up(void **state)
{
    (void)state;
    sim = mesh__malloc(sizeof(*sim));
    return sim ? 0 : -1;
}

int words_tear_down(void **state)
{
    (void)state;
    mesh__free(sim);
    return 0;
}

void begin(const char *policy, size_t servers)
{
    const struct sim_wish wish = {
        .policy = policy, .servers = servers, .seed = 5, .keeps_idle = true
    };

    sim_init(sim, &wish);
}

struct sim_call ask(const struct sim_ask *what)
{
    struct sim_call call;

    sim_ask(sim, what, &call);
    return call;
}

void expect(const struct sim_call *call, unsigned status, const char *flags)
{
    if (call->status != status || strcmp(call->flags, flags) != 0)
        fail_msg("expected %u %s, got %u %s (%s)", status, flags, call->status,
                 call->flags, call->line);
}

void expect_about(uint64_t took_ns, uint64_t expect_ns)
{
    if (took_ns < expect_ns || took_ns > expect_ns + 100 * MESH__MS)
        fail_msg("it took %u ms, not %u", (unsigned)(took_ns / MESH__MS),
                 (unsigned)(expect_ns / MESH__MS));
}

void refuse_connections(bool hang)
{
    mesh__world_set_refused(sim->world, &sim->servers[0].address, true, hang);
}
