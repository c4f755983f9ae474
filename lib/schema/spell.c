/*
 * spell.c - the nearest of a few names.
 *
 * Distance in letters put in, left out, changed or swapped with a neighbour.
 * Knows nothing of what the names are for.
 */
#include "base/text.h"
#include "schema/table.h"

enum { WORD_MAX = 64 }; /* longer words are not compared */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t mesh__edit_distance(struct mesh_slice a, struct mesh_slice b,
                           size_t ceiling)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0]; /* two rows up, for swaps */
    size_t *last = rows[1];
    size_t *now = rows[2];

    if (a.len > WORD_MAX || b.len > WORD_MAX)
        return ceiling;
    for (size_t j = 0; j <= b.len; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *spare = before;

        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same = mesh__lower(a.at[i - 1]) == mesh__lower(b.at[j - 1]);

            now[j] = least(least(last[j], now[j - 1]) + 1,
                           last[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] &&
                a.at[i - 2] == b.at[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = spare;
    }
    return least(last[b.len], ceiling);
}

/* snake_case and kebab-case are slips of the pen as well. */
static bool same_letters(struct mesh_slice a, const char *b)
{
    size_t at = 0;

    for (; *b; b++, at++) {
        while (at < a.len && (a.at[at] == '_' || a.at[at] == '-'))
            at++;
        if (at == a.len || mesh__lower(a.at[at]) != mesh__lower(*b))
            return false;
    }
    return at == a.len;
}

void mesh__spell(struct mesh_slice text, const char *const *names, size_t count,
                 char *out, size_t size)
{
    size_t best = text.len / 3 + 1; /* a slip in every three letters at most */
    const char *found = NULL;
    struct mesh_text line;

    best = best > 4 ? 4 : best;
    for (size_t i = 0; i < count; i++) {
        size_t distance =
            same_letters(text, names[i])
                ? 0
                : mesh__edit_distance(text, mesh__slice_of(names[i]), best);

        if (distance < best) {
            best = distance;
            found = names[i];
        }
    }
    mesh__text_init(&line, out, size);
    if (found)
        mesh__text_format(&line, "did you mean \"%s\"?", found);
}
