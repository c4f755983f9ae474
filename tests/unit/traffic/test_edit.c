/*
 * test_edit.c - edits of a head, in Envoy's order (seen: Envoy 1.40, recorded
 * in tests/differential/cases/headers-order).
 */
#include "traffic/edit.h"

#include "torture.h"
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/text.h"

enum { EDITS = 8 };

static struct words words;

static int set_up(void **state)
{
    (void)state;
    words_init(&words);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    words_fini(&words);
    return 0;
}

/* "- x-a" removes, "= x-a v" sets, "+ x-a v" adds; "(x-b)" is %REQ(x-b)%,
 * "[x-b]" %RESP(x-b)%, and other words stand for themselves. */
static void read_edit(struct mesh_slice text, struct mesh_edit *edit,
                      struct mesh_piece *piece)
{
    const char *blank = memchr(text.at + 2, ' ', text.len - 2);
    size_t len = blank ? (size_t)(blank - text.at) - 2 : text.len - 2;

    edit->kind = text.at[0] == '-'   ? MESH__EDIT_REMOVE
                 : text.at[0] == '=' ? MESH__EDIT_SET
                                     : MESH__EDIT_ADD;
    edit->name = mesh__slice(text.at + 2, len);
    if (!blank)
        return;
    edit->pieces = piece;
    edit->piece_count = 1;
    piece->text = mesh__slice(blank + 1, text.len - len - 3);
    if (blank[1] == '(' || blank[1] == '[') {
        piece->kind =
            blank[1] == '(' ? MESH__PIECE_REQUEST : MESH__PIECE_RESPONSE;
        piece->text = mesh__slice(piece->text.at + 1, piece->text.len - 2);
    }
}

struct edits {
    struct mesh_edit items[EDITS];
    struct mesh_piece pieces[EDITS];
    struct mesh_edits list;
};

static void read_edits(const char *script, struct edits *out)
{
    *out = (struct edits){ .list = { .items = out->items } };
    while (*script) {
        size_t len = strcspn(script, ";");

        assert_true(out->list.count < EDITS);
        read_edit(mesh__slice(script, len), &out->items[out->list.count],
                  &out->pieces[out->list.count]);
        out->list.count++;
        script += len + strspn(script + len, "; ");
    }
}

static void print_head(const struct mesh_head *head, char *out, size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    for (size_t i = 0; i < head->count; i++)
        mesh__text_format(
            &text, "%s%.*s: %.*s", i ? "|" : "", (int)head->headers[i].name.len,
            head->headers[i].name.at, (int)head->headers[i].value.len,
            head->headers[i].value.at);
}

static const struct {
    const char *claim;
    const char *request;
    const char *edits;
    const char *want;
} rows[] = {
    { "nothing asked, nothing done", "GET web /|x-a: 1", "", "x-a: 1" },
    { "a set goes to the end", "GET web /|x-a: 1|x-b: 2", "= x-a 3",
      "x-b: 2|x-a: 3" },
    { "and takes all lines away", "GET web /|x-a: 1|x-b: 2|x-a: 4", "= x-a 3",
      "x-b: 2|x-a: 3" },
    { "an add is one more line", "GET web /|x-a: 1|x-b: 2", "+ x-a 3",
      "x-a: 1|x-b: 2|x-a: 3" },
    { "a removal takes all lines", "GET web /|x-a: 1|x-b: 2|x-a: 4", "- x-a",
      "x-b: 2" },
    { "removals come before", "GET web /|x-a: 1", "- x-a; = x-a 2", "x-a: 2" },
    { "the later set wins", "GET web /", "= x-a 1; = x-b 2; = x-a 3",
      "x-b: 2|x-a: 3" },
    { "an empty value does nothing", "GET web /|x-a: 1", "= x-a ; + x-b ",
      "x-a: 1" },
    { "a value of the request", "GET web /p?q|x-b: 1",
      "= x-a (x-b); = x-c (:path); = x-d (:authority); = x-e (:method)",
      "x-b: 1|x-a: 1|x-c: /p?q|x-d: web|x-e: GET" },
    { "the scheme is what x-forwarded-proto says, in small letters",
      "GET web /|x-forwarded-proto: HTTPS", "= x-a (:scheme)",
      "x-forwarded-proto: HTTPS|x-a: https" },
    { "what is absent is empty, and does nothing", "GET web /|x-a: 1",
      "= x-a (x-none)", "x-a: 1" },
    { "values are read after the removals", "GET web /|x-b: 1",
      "- x-b; = x-a (x-b)", "" },
    { "and before the sets", "GET web /|x-b: 1", "= x-b 2; = x-a (x-b)",
      "x-b: 2|x-a: 1" },
    { "there is no response yet", "GET web /", "= x-a [x-b]", "" },
};

static void edits_come_in_their_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_head head;
        struct edits edits;
        const struct mesh_edit_facts facts = { .request = &head };
        char found[256];

        assert_int_equal(
            mesh__head_overlay(&head, words_request(&words, rows[i].request),
                               &words.arena),
            0);
        read_edits(rows[i].edits, &edits);
        assert_int_equal(
            mesh__edits_apply(&edits.list, &facts, &words.arena, &head), 0);
        print_head(&head, found, sizeof(found));
        if (strcmp(found, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].claim, found);
    }
}

/* A value of several pieces, and what is known of the exchange. */
static void values_are_put_together(void **state)
{
    struct mesh_piece pieces[] = {
        { .kind = MESH__PIECE_TEXT, .text = MESH__SLICE(" <") },
        { .kind = MESH__PIECE_REQUEST,
          .text = MESH__SLICE("x-none"),
          .other = MESH__SLICE("x-a") },
        { .kind = MESH__PIECE_TEXT, .text = MESH__SLICE("> ") },
        { .kind = MESH__PIECE_RESPONSE, .text = MESH__SLICE("x-r") },
        { .kind = MESH__PIECE_TEXT, .text = MESH__SLICE(" ") },
        { .kind = MESH__PIECE_PROTOCOL },
        { .kind = MESH__PIECE_TEXT, .text = MESH__SLICE(" ") },
        { .kind = MESH__PIECE_REMOTE_IP },
        { .kind = MESH__PIECE_DIRECT_IP },
        { .kind = MESH__PIECE_TEXT, .text = MESH__SLICE(" ") },
        { .kind = MESH__PIECE_ROUTE_NAME },
        { .kind = MESH__PIECE_CLUSTER },
        { .kind = MESH__PIECE_TEXT, .text = MESH__SLICE("  ") },
    };
    struct mesh_edit edit = { .kind = MESH__EDIT_SET,
                              .name = MESH__SLICE("x-v"),
                              .pieces = pieces,
                              .piece_count =
                                  sizeof(pieces) / sizeof(pieces[0]) };
    const struct mesh_edits edits = { &edit, 1 };
    const struct mesh_edit_facts facts = {
        .request = words_request(&words, "GET web /|x-a: 1"),
        .response = words_response(&words, "200|x-r: 2"),
        .remote = { .family = 4, .ip = { 10, 0, 0, 1 } },
        .route_name = "named",
        .cluster = "outbound|80||web",
    };
    struct mesh_slice value;
    struct mesh_head head;

    (void)state;
    assert_int_equal(mesh__head_overlay(&head, facts.response, &words.arena),
                     0);
    assert_int_equal(mesh__edits_apply(&edits, &facts, &words.arena, &head), 0);
    assert_true(mesh__head_get_named(&head, MESH__SLICE("x-v"), &value));
    assert_true(
        mesh__slice_is(value, "<1> 2 HTTP/1.1 10.0.0.1 namedoutbound|80||web"));
}

static void the_original_stays(void **state)
{
    const struct mesh_head *request =
        words_request(&words, "GET web /|x-a: 1|x-b: 2");
    struct mesh_head head;
    struct edits edits;
    const struct mesh_edit_facts facts = { .request = &head };
    char found[64];

    (void)state;
    read_edits("- x-a; = x-b 3; + x-c 4", &edits);
    assert_int_equal(mesh__head_overlay(&head, request, &words.arena), 0);
    assert_int_equal(
        mesh__edits_apply(&edits.list, &facts, &words.arena, &head), 0);
    print_head(request, found, sizeof(found));
    assert_string_equal(found, "x-a: 1|x-b: 2");
}

static void survives_losing_any_allocation(void **state)
{
    const struct mesh_head *request = words_request(&words, "GET web /|x-a: 1");
    struct edits edits;

    (void)state;
    read_edits("= x-b (x-a); + x-c 4", &edits);
    for (size_t n = 0;; n++) {
        struct mesh_arena arena;
        struct mesh_head head;
        const struct mesh_edit_facts facts = { .request = &head };
        int rc;

        mesh__arena_init(&arena, 1 << 16);
        fake_alloc_fail_at(n);
        rc = mesh__head_overlay(&head, request, &arena);
        if (rc == 0)
            rc = mesh__edits_apply(&edits.list, &facts, &arena, &head);
        if (!fake_alloc_tripped()) {
            assert_int_equal(rc, 0);
            assert_int_equal(head.count, 3);
            mesh__arena_fini(&arena);
            break;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
        mesh__arena_fini(&arena);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
    mesh__error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(edits_come_in_their_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(values_are_put_together, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_original_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_losing_any_allocation, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
