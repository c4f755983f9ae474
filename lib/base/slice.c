/*
 * slice.c - comparing and reading bytes that belong to somebody else.
 */
#include "base/slice.h"

bool mesh__slice_equal_nocase(struct mesh_slice a, struct mesh_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (mesh__lower(a.at[i]) != mesh__lower(b.at[i]))
            return false;
    return true;
}

bool mesh__slice_starts(struct mesh_slice a, struct mesh_slice prefix)
{
    return a.len >= prefix.len &&
           mesh__slice_equal(mesh__slice(a.at, prefix.len), prefix);
}

bool mesh__slice_ends(struct mesh_slice a, struct mesh_slice suffix)
{
    return a.len >= suffix.len &&
           (suffix.len == 0 ||
            memcmp(a.at + a.len - suffix.len, suffix.at, suffix.len) == 0);
}

struct mesh_slice mesh__slice_trim(struct mesh_slice a)
{
    while (a.len && (a.at[0] == ' ' || a.at[0] == '\t')) {
        a.at++;
        a.len--;
    }
    while (a.len && (a.at[a.len - 1] == ' ' || a.at[a.len - 1] == '\t'))
        a.len--;
    return a;
}

bool mesh__slice_number(struct mesh_slice a, unsigned long long max,
                        unsigned long long *out)
{
    unsigned long long value = 0;

    if (a.len == 0)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        unsigned digit = (unsigned)(a.at[i] - '0');

        if (a.at[i] < '0' || a.at[i] > '9')
            return false;
        if (digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}
