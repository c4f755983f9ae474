/*
 * flags.c - Envoy's response flags: which were set, and how they read.
 *
 * Knows their short names and their order; declines to know what sets them.
 */
#include "telemetry/facts.h"

#include "base/text.h"

static const char *const names[MESH__FLAG_COUNT] = {
    [MESH__FLAG_UH] = "UH",   [MESH__FLAG_UF] = "UF",
    [MESH__FLAG_UO] = "UO",   [MESH__FLAG_NR] = "NR",
    [MESH__FLAG_NC] = "NC",   [MESH__FLAG_URX] = "URX",
    [MESH__FLAG_UT] = "UT",   [MESH__FLAG_UC] = "UC",
    [MESH__FLAG_UR] = "UR",   [MESH__FLAG_LR] = "LR",
    [MESH__FLAG_UPE] = "UPE", [MESH__FLAG_DC] = "DC",
    [MESH__FLAG_DPE] = "DPE", [MESH__FLAG_SI] = "SI",
    [MESH__FLAG_DI] = "DI",   [MESH__FLAG_FI] = "FI",
    [MESH__FLAG_DF] = "DF",   [MESH__FLAG_DT] = "DT"
};

bool mesh__flags_has(const struct mesh_flags *flags, enum mesh_flag flag)
{
    for (size_t i = 0; i < flags->count; i++)
        if (flags->list[i] == flag)
            return true;
    return false;
}

void mesh__flags_set(struct mesh_flags *flags, enum mesh_flag flag)
{
    if (flag <= MESH__FLAG_NONE || flag >= MESH__FLAG_COUNT ||
        flags->count == MESH__FLAGS_MAX || mesh__flags_has(flags, flag))
        return;
    flags->list[flags->count++] = (uint8_t)flag;
}

void mesh__flags_print(const struct mesh_flags *flags,
                       char out[MESH__FLAGS_TEXT])
{
    struct mesh_text text;

    mesh__text_init(&text, out, MESH__FLAGS_TEXT);
    if (flags->count == 0)
        mesh__text_puts(&text, "-");
    for (size_t i = 0; i < flags->count; i++)
        mesh__text_format(&text, "%s%s", i ? "," : "", names[flags->list[i]]);
}
