/*
 * names_memory.c - names of a world in memory: a script instead of servers.
 *
 * Answers after the time that was said, on the loop's own clock. Tests only,
 * as port_memory.c.
 */
#include "net/names.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"

#include <mesh/base.h>

#include <stdio.h>
#include <string.h>

enum { NAMES = 64 };

struct line {
    char name[MESH__NAME_MAX + 1];
    int code;
    struct mesh_address addresses[MESH__NAME_ADDRESSES];
    size_t count;
    uint32_t ttl_s;
    uint64_t delay_ns;
    size_t asked;
};

struct mesh_name_script {
    struct line lines[NAMES];
    size_t count;
};

struct memory_names {
    struct mesh_names base;
    struct mesh_loop *loop;
    struct mesh_name_script *script;
};

/* One question under way. */
struct question {
    struct mesh_timer timer;
    struct memory_names *names;
    struct mesh_lookup *lookup;
};

/* --- the script --- */

int mesh__name_script_new(struct mesh_name_script **out)
{
    *out = mesh__calloc(1, sizeof(**out));
    return *out ? 0 : mesh__fail(MESH_ERR_NOMEM, "a script");
}

void mesh__name_script_free(struct mesh_name_script *script)
{
    mesh__free(script);
}

static struct line *find_line(const struct mesh_name_script *script,
                              const char *name)
{
    for (size_t i = 0; i < script->count; i++)
        if (strcmp(script->lines[i].name, name) == 0)
            return (struct line *)&script->lines[i];
    return NULL;
}

int mesh__name_script_say(struct mesh_name_script *script,
                          const struct mesh_scripted_name *said)
{
    struct line *line = find_line(script, said->name);
    size_t asked = line ? line->asked : 0;

    if (!line && script->count == NAMES)
        return mesh__fail(MESH_ERR_TOO_LARGE, "%d names", NAMES);
    if (!line)
        line = &script->lines[script->count++];
    *line = (struct line){ .code = said->code,
                           .ttl_s = said->ttl_s,
                           .delay_ns = said->delay_ns,
                           .asked = asked };
    (void)snprintf(line->name, sizeof(line->name), "%s", said->name);
    for (; line->count < said->count && line->count < MESH__NAME_ADDRESSES;
         line->count++)
        line->addresses[line->count] = said->addresses[line->count];
    return 0;
}

size_t mesh__name_script_asked(const struct mesh_name_script *script,
                               const char *name)
{
    const struct line *line = find_line(script, name);

    return line ? line->asked : 0;
}

/* --- questions --- */

static void on_due(struct mesh_timer *timer)
{
    struct question *question = MESH__OF(timer, struct question, timer);
    struct mesh_lookup *lookup = question->lookup;
    const struct line *line = find_line(question->names->script, lookup->name);

    lookup->code = line ? line->code : MESH_ERR_RESOLVE;
    for (size_t i = 0; line && i < line->count; i++)
        mesh__lookup_add(lookup, &line->addresses[i]);
    lookup->ttl_s = line ? line->ttl_s : 0;
    if (lookup->code < 0)
        (void)snprintf(lookup->line, sizeof(lookup->line), "%s: %s",
                       lookup->name, "the script says so");
    lookup->names = NULL;
    lookup->state = NULL;
    mesh__free(question);
    lookup->on_answer(lookup);
}

static void memory_ask(struct mesh_names *names, struct mesh_lookup *lookup)
{
    struct memory_names *self = (struct memory_names *)(void *)names;
    struct question *question = mesh__calloc(1, sizeof(*question));
    struct line *line = find_line(self->script, lookup->name);
    uint64_t delay_ns = line ? line->delay_ns : 0;

    if (line)
        line->asked++;
    if (!question)
        return; /* as a datagram that is lost */
    question->names = self;
    question->lookup = lookup;
    lookup->state = question;
    mesh__timer_init(&question->timer, on_due);
    if (mesh__loop_set_timer(
            self->loop, &question->timer,
            delay_ns == MESH__NEVER
                ? MESH__NEVER
                : mesh__time_add(mesh__loop_now(self->loop), delay_ns)) < 0)
        mesh__error_clear();
}

static void memory_cancel(struct mesh_names *names, struct mesh_lookup *lookup)
{
    struct memory_names *self = (struct memory_names *)(void *)names;
    struct question *question = lookup->state;

    lookup->state = NULL;
    if (!question)
        return;
    mesh__loop_cancel_timer(self->loop, &question->timer);
    mesh__free(question);
}

static void memory_free(struct mesh_names *names)
{
    mesh__free(names);
}

static const struct mesh_names_ops memory_ops = {
    .free = memory_free,
    .ask = memory_ask,
    .cancel = memory_cancel,
};

int mesh__names_memory_new(struct mesh_loop *loop,
                           struct mesh_name_script *script,
                           struct mesh_names **out)
{
    struct memory_names *self = mesh__calloc(1, sizeof(*self));

    *out = NULL;
    if (!self)
        return mesh__fail(MESH_ERR_NOMEM, "a resolver");
    self->base.ops = &memory_ops;
    self->loop = loop;
    self->script = script;
    *out = &self->base;
    return 0;
}
