/*
 * test_report.c - results for people, and for programs that read JSON.
 *
 * A person who is called at night reads: which case, what was wanted and what
 * was found, the line of either, and why each rule did or did not match.
 */
#include "test.h"

#include <string.h>

void test_sum(const struct test_file *file, struct test_sums *sums)
{
    for (size_t i = 0; i < file->case_count; i++) {
        const struct test_case *test = &file->cases[i];

        if (test->skipped)
            continue;
        sums->passed += test->status == TEST_PASSED;
        sums->failed += test->status == TEST_FAILED;
        sums->errors += test->status == TEST_ERROR;
        sums->us += test->us;
    }
}

/* --- for people --- */

static void print_status(const char *word, const char *colour)
{
    if (lmesh_has_colours())
        printf("\033[1;%sm%-5s\033[0m", colour, word);
    else
        printf("%-5s", word);
}

/* Several lines, each moved to the right. */
static void print_lines(const char *text, const char *margin)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        printf("%s%.*s\n", margin, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void print_miss(const struct test_file *file,
                       const struct test_miss *miss)
{
    printf("      %s:%d:%d: %s: wanted %s, found %s\n", file->path, miss->line,
           miss->column, miss->path, miss->wanted, miss->found);
    if (*miss->where)
        printf("        decided at %s\n", miss->where);
}

static void print_case(const struct test_file *file,
                       const struct test_case *test, int verbose)
{
    static const struct {
        const char *word;
        const char *colour;
    } words[] = {
        [TEST_PASSED] = { "ok", "32" },
        [TEST_FAILED] = { "FAIL", "31" },
        [TEST_ERROR] = { "ERROR", "35" },
    };

    print_status(words[test->status].word, words[test->status].colour);
    printf(" %s%s%s%s\n", test->name, test->note ? " (" : "",
           test->note ? test->note : "", test->note ? ")" : "");
    if (test->status == TEST_ERROR)
        printf("      %s:%d:%d: %s\n", file->path, test->line, test->column,
               test->message);
    for (size_t i = 0; i < test->miss_count; i++)
        print_miss(file, &test->misses[i]);
    if (test->step_count && !verbose)
        printf("      why\n");
    for (size_t i = 0; i < test->step_count && !verbose; i++)
        printf("        %s %s\n", test->steps[i].matched ? "+" : "-",
               test->steps[i].text);
    if (test->answer)
        print_lines(test->answer, "      ");
}

void test_tell_text(const struct test_file *files, size_t count, int verbose)
{
    struct test_sums sums = { 0 };
    size_t all;

    for (size_t i = 0; i < count; i++) {
        if (count > 1)
            printf("%s\n", files[i].path);
        for (size_t j = 0; j < files[i].case_count; j++)
            if (!files[i].cases[j].skipped)
                print_case(&files[i], &files[i].cases[j], verbose);
        test_sum(&files[i], &sums);
    }
    all = sums.passed + sums.failed + sums.errors;
    printf("%zu case%s: %zu passed, %zu failed, %zu errors\n", all,
           all == 1 ? "" : "s", sums.passed, sums.failed, sums.errors);
}

/* --- for programs --- */

static void json_misses(const struct test_case *test)
{
    fputs(", \"failures\": [", stdout);
    for (size_t i = 0; i < test->miss_count; i++) {
        const struct test_miss *miss = &test->misses[i];

        printf("%s{\"line\": %d, \"column\": %d", i ? ", " : "", miss->line,
               miss->column);
        lmesh_json_member(stdout, "path", miss->path, 0);
        lmesh_json_member(stdout, "wanted", miss->wanted, 0);
        lmesh_json_member(stdout, "found", miss->found, 0);
        lmesh_json_member(stdout, "decided_at", miss->where, 0);
        fputc('}', stdout);
    }
    fputs("], \"rules\": [", stdout);
    for (size_t i = 0; i < test->step_count; i++) {
        printf("%s{\"matched\": %s", i ? ", " : "",
               test->steps[i].matched ? "true" : "false");
        lmesh_json_member(stdout, "text", test->steps[i].text, 0);
        fputc('}', stdout);
    }
    fputc(']', stdout);
}

static void json_case(const struct test_file *file,
                      const struct test_case *test, int verbose)
{
    static const char *const words[] = { [TEST_PASSED] = "passed",
                                         [TEST_FAILED] = "failed",
                                         [TEST_ERROR] = "error" };

    fputc('{', stdout);
    lmesh_json_member(stdout, "file", file->path, 1);
    printf(", \"line\": %d, \"column\": %d", test->line, test->column);
    lmesh_json_member(stdout, "name", test->name, 0);
    lmesh_json_member(stdout, "status", words[test->status], 0);
    printf(", \"ms\": %.3f", (double)test->us / 1000);
    if (test->note)
        lmesh_json_member(stdout, "shares", test->note, 0);
    if (test->message)
        lmesh_json_member(stdout, "message", test->message, 0);
    if (test->status == TEST_FAILED)
        json_misses(test);
    if (verbose && test->answer)
        lmesh_json_member(stdout, "explanation", test->answer, 0);
    fputc('}', stdout);
}

void test_tell_json(const struct test_file *files, size_t count, int verbose)
{
    struct test_sums sums = { 0 };
    const char *before = "\n  ";

    fputs("{\"cases\": [", stdout);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < files[i].case_count; j++) {
            if (files[i].cases[j].skipped)
                continue;
            fputs(before, stdout);
            json_case(&files[i], &files[i].cases[j], verbose);
            before = ",\n  ";
        }
        test_sum(&files[i], &sums);
    }
    printf("],\n \"passed\": %zu, \"failed\": %zu, \"errors\": %zu}\n",
           sums.passed, sums.failed, sums.errors);
}
