/*
 * judge_telemetry.c - Telemetries beside the providers of the mesh.
 *
 * (Istio: analyzers/telemetry/providers.go, lightstep.go.)
 */
#include "policy/judge.h"

/* --- a provider for logs --- */

static bool has_default(const struct mesh__judge *judge)
{
    const struct mesh_collection *all = judge->world.all;

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_mesh_config *config = all->resources[i].spec;

        if (mesh__is_settings(&all->resources[i]) &&
            config->judged.access_logging.count)
            return true;
    }
    return false;
}

static void judge_logging(struct mesh__judge *judge,
                          const struct mesh_resource *resource)
{
    const struct mesh_telemetry *spec = resource->spec;

    for (size_t i = 0; i < spec->logging_count; i++) {
        const struct mesh_telemetry_logging *logging = &spec->logging[i];
        struct mesh__about about = { resource, logging->mark, "" };

        if (logging->disabled || logging->providers.count)
            continue;
        about.path = mesh__judge_path(judge, "spec.accessLogging[%zu]", i);
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NO_PROVIDER, about,
                        "no provider is named, and the mesh has no default: "
                        "nothing is logged by this");
    }
}

/* --- Lightstep --- */

static bool is_lightstep(const struct mesh__judge *judge,
                         struct mesh_slice name)
{
    const struct mesh_collection *all = judge->world.all;

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_mesh_config *config = all->resources[i].spec;

        for (size_t j = 0; mesh__is_settings(&all->resources[i]) &&
                           j < config->judged.provider_count;
             j++)
            if (config->judged.providers[j].lightstep &&
                mesh__slice_equal(config->judged.providers[j].name, name))
                return true;
    }
    return false;
}

static void judge_tracing(struct mesh__judge *judge,
                          const struct mesh_resource *resource)
{
    const struct mesh_telemetry *spec = resource->spec;

    for (size_t i = 0; i < spec->tracing_count; i++)
        for (size_t j = 0; j < spec->tracing[i].providers.count; j++) {
            struct mesh_slice name = spec->tracing[i].providers.items[j];
            struct mesh__about about = { resource, spec->tracing[i].mark, "" };

            if (!is_lightstep(judge, name))
                continue;
            about.path = mesh__judge_path(
                judge, "spec.tracing[%zu].providers[%zu]", i, j);
            mesh__judge_say(judge, MESH__WARNING, MESH__CODE_DEPRECATED_USE,
                            about,
                            "Lightstep provider \"%.*s\": spans go to an "
                            "OpenTelemetry one nowadays",
                            MESH__SHOW(name));
        }
}

void mesh__judge_telemetry(struct mesh__judge *judge)
{
    if (!has_default(judge))
        mesh__judge_each(judge, MESH__KIND_TELEMETRY, judge_logging);
    mesh__judge_each(judge, MESH__KIND_TELEMETRY, judge_tracing);
}
