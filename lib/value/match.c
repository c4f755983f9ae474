/*
 * match.c - does a text fit.
 *
 * Decides yes, no or 'too dear to say'; declines to know what the text is.
 * A regex lives in PCRE2 without JIT, and one match runs in a block of our
 * own stack: no heap, no state that threads share. Backtracking is quick but
 * keeps a frame for each turn of a repeated group; a long text may use up the
 * frames, and then the slower matcher answers, whose room does not depend on
 * the text.
 */
#include "value/match.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "value/pcre.h"

#include <stdatomic.h>

enum {
    FRAMES_KIB = 20, /* PCRE2's first block of frames; there is no second */
    DESK_BYTES = FRAMES_KIB * 1024 + 1024,
    STATES = 64,                 /* of the slower matcher, at a time       */
    STATE_INTS = 6 * STATES + 20 /* two lists of three ints, and a head   */
};

struct mesh_regex {
    atomic_size_t refs;
    pcre2_code *code;
    pcre2_match_context *limits; /* read only once made */
};

/* Where one match does its work; what is taken is never given back. */
struct desk {
    size_t used;
    _Alignas(max_align_t) char bytes[DESK_BYTES];
};

static void *desk_take(size_t size, void *user)
{
    struct desk *desk = user;
    size_t align = _Alignof(max_align_t);
    void *memory = desk->bytes + desk->used;

    if (size > DESK_BYTES - desk->used)
        return NULL;
    size = (size + align - 1) & ~(align - 1);
    desk->used =
        size < DESK_BYTES - desk->used ? desk->used + size : DESK_BYTES;
    return memory;
}

static void desk_leave(void *memory, void *user)
{
    (void)memory;
    (void)user;
}

/* Groups without a name capture nothing: they would cost frames. */
static int fill(struct mesh_regex *regex, struct mesh_slice expression)
{
    const uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED |
                             PCRE2_NO_AUTO_CAPTURE | PCRE2_DUPNAMES;
    pcre2_general_context *general = mesh__pcre_general();
    int rc;

    if (!general)
        return MESH_ERR_NOMEM;
    rc = mesh__pcre_compile(expression, options, general, &regex->code);
    if (rc == 0) {
        regex->limits =
            mesh__pcre_limits(general, MESH__REGEX_STEPS, FRAMES_KIB);
        rc = regex->limits ? 0 : MESH_ERR_NOMEM;
    }
    pcre2_general_context_free(general);
    return rc;
}

int mesh__regex_new(struct mesh_slice expression, struct mesh_regex **out)
{
    struct mesh_regex *regex;
    int rc;

    *out = NULL;
    rc = mesh__pcre_check(expression);
    if (rc < 0)
        return rc;
    regex = mesh__calloc(1, sizeof(*regex));
    if (!regex)
        return mesh__fail(MESH_ERR_NOMEM, "a regular expression");
    atomic_init(&regex->refs, 1);
    rc = fill(regex, expression);
    if (rc < 0)
        mesh__regex_unref(regex);
    else
        *out = regex;
    return rc;
}

struct mesh_regex *mesh__regex_ref(struct mesh_regex *regex)
{
    if (regex)
        atomic_fetch_add_explicit(&regex->refs, 1, memory_order_relaxed);
    return regex;
}

void mesh__regex_unref(struct mesh_regex *regex)
{
    if (!regex ||
        atomic_fetch_sub_explicit(&regex->refs, 1, memory_order_acq_rel) != 1)
        return;
    pcre2_match_context_free(regex->limits);
    pcre2_code_free(regex->code);
    mesh__free(regex);
}

/*
 * All ways at once, byte by byte: at most STATES of them, so that the cost is
 * bounded by the length of the text times a constant.
 */
static int match_widely(const struct mesh_regex *regex, struct mesh_slice text,
                        pcre2_match_data *data)
{
    int states[STATE_INTS];

    return pcre2_dfa_match(regex->code, (PCRE2_SPTR)text.at, text.len, 0, 0,
                           data, regex->limits, states, STATE_INTS);
}

/*
 * The longest way comes first and says whether the whole text fits. A text
 * that is no UTF-8 fits nothing, as in RE2.
 */
static enum mesh_match_result result_of(int rc, struct mesh_slice text,
                                        pcre2_match_data *data)
{
    if (rc >= 0)
        return pcre2_get_ovector_pointer(data)[1] == text.len ? MESH__MATCH_YES
                                                              : MESH__MATCH_NO;
    if (rc == PCRE2_ERROR_NOMATCH ||
        (rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21))
        return MESH__MATCH_NO;
    return MESH__MATCH_LIMIT;
}

enum mesh_match_result mesh__regex_match(const struct mesh_regex *regex,
                                         struct mesh_slice text)
{
    struct desk desk;
    pcre2_general_context *general;
    pcre2_match_data *data;
    int rc;

    desk.used = 0;
    if (text.len == 0)
        text = MESH__SLICE("");
    general = pcre2_general_context_create(desk_take, desk_leave, &desk);
    data = general ? pcre2_match_data_create(1, general) : NULL;
    if (!data)
        return MESH__MATCH_LIMIT;
    rc = pcre2_match(regex->code, (PCRE2_SPTR)text.at, text.len, 0,
                     PCRE2_NO_JIT, data, regex->limits);
    if (rc == PCRE2_ERROR_HEAPLIMIT || rc == PCRE2_ERROR_NOMEMORY)
        rc = match_widely(regex, text, data);
    return result_of(rc, text, data);
}

static bool is_exact(const struct mesh_match *match, struct mesh_slice text)
{
    return match->ignore_case ? mesh__slice_equal_nocase(text, match->text)
                              : mesh__slice_equal(text, match->text);
}

static bool is_prefix(const struct mesh_match *match, struct mesh_slice text)
{
    if (text.len < match->text.len)
        return false;
    return is_exact(match, mesh__slice(text.at, match->text.len));
}

enum mesh_match_result mesh__match(const struct mesh_match *match,
                                   struct mesh_slice text)
{
    bool fits = false;

    switch (match->kind) {
    case MESH__MATCH_EXACT:
        fits = is_exact(match, text);
        break;
    case MESH__MATCH_PREFIX:
        fits = is_prefix(match, text);
        break;
    case MESH__MATCH_SUFFIX:
        fits = mesh__slice_ends(text, match->text);
        break;
    case MESH__MATCH_PRESENT:
        fits = true;
        break;
    case MESH__MATCH_NONEMPTY:
        fits = text.len > 0;
        break;
    case MESH__MATCH_REGEX:
        return mesh__regex_match(match->regex, text);
    }
    return fits ? MESH__MATCH_YES : MESH__MATCH_NO;
}

static const char *kind_name(enum mesh_match_kind kind)
{
    switch (kind) {
    case MESH__MATCH_EXACT:
        return "exact:";
    case MESH__MATCH_PREFIX:
        return "prefix:";
    case MESH__MATCH_SUFFIX:
        return "suffix:";
    case MESH__MATCH_PRESENT:
        return "present";
    case MESH__MATCH_NONEMPTY:
        return "not empty";
    case MESH__MATCH_REGEX:
        return "regex:";
    }
    return "";
}

void mesh__match_print(const struct mesh_match *match, char *out, size_t size)
{
    bool with_text = match->kind != MESH__MATCH_PRESENT &&
                     match->kind != MESH__MATCH_NONEMPTY;
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    mesh__text_puts(&text, kind_name(match->kind));
    if (with_text)
        mesh__text_add(&text, match->text);
    if (match->ignore_case)
        mesh__text_puts(&text, " (any case)");
}
