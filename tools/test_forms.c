/*
 * test_forms.c - results as other programs want them: TAP 14 and JUnit's XML.
 */
#include "test.h"

#include <string.h>

/* --- the Test Anything Protocol --- */

/* A description: "#" would begin a directive, a line break end it. */
static void tap_name(const char *text)
{
    for (; *text; text++) {
        if (*text == '#' || *text == '\\')
            putchar('\\');
        putchar((unsigned char)*text < ' ' ? ' ' : *text);
    }
}

/* `key: "text"` of a block of YAML: JSON's texts are YAML's. */
static void tap_member(const char *margin, const char *key, const char *text)
{
    printf("%s%s: ", margin, key);
    lmesh_json_string(stdout, text);
    fputc('\n', stdout);
}

static void tap_place(const char *margin, const struct test_file *file,
                      int line, int column)
{
    printf("%sat: {file: ", margin);
    lmesh_json_string(stdout, file->path);
    printf(", line: %d, column: %d}\n", line, column);
}

static void tap_misses(const struct test_file *file,
                       const struct test_case *test)
{
    fputs("  failures:\n", stdout);
    for (size_t i = 0; i < test->miss_count; i++) {
        const struct test_miss *miss = &test->misses[i];

        tap_member("  - ", "expectation", miss->path);
        tap_member("    ", "wanted", miss->wanted);
        tap_member("    ", "found", miss->found);
        tap_place("    ", file, miss->line, miss->column);
        if (*miss->where)
            tap_member("    ", "decided_at", miss->where);
    }
    if (test->step_count)
        fputs("  rules:\n", stdout);
    for (size_t i = 0; i < test->step_count; i++)
        tap_member("  - ", test->steps[i].matched ? "matched" : "unmatched",
                   test->steps[i].text);
}

static void tap_case(const struct test_file *file, const struct test_case *test,
                     size_t number, int verbose)
{
    printf("%sok %zu - ", test->status == TEST_PASSED ? "" : "not ", number);
    tap_name(test->name);
    fputs("\n  ---\n", stdout);
    tap_place("  ", file, test->line, test->column);
    printf("  duration_ms: %.3f\n", (double)test->us / 1000);
    if (test->note)
        tap_member("  ", "shares", test->note);
    if (test->message)
        tap_member("  ", "message", test->message);
    if (test->status == TEST_FAILED)
        tap_misses(file, test);
    if (verbose && test->answer)
        tap_member("  ", "explanation", test->answer);
    fputs("  ...\n", stdout);
}

void test_tell_tap(const struct test_file *files, size_t count, int verbose)
{
    struct test_sums sums = { 0 };
    size_t number = 0;

    for (size_t i = 0; i < count; i++)
        test_sum(&files[i], &sums);
    printf("TAP version 14\n1..%zu\n", sums.passed + sums.failed + sums.errors);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < files[i].case_count; j++)
            if (!files[i].cases[j].skipped)
                tap_case(&files[i], &files[i].cases[j], ++number, verbose);
}

/* --- XML --- */

/* U+FFFE and U+FFFF are no characters of XML. */
static int is_no_character(const unsigned char *at, size_t length)
{
    return length == 3 && at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe;
}

/* Text that is good in an attribute too; what XML cannot say is U+FFFD. */
static void xml_text(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t left = strlen(text);

    while (left) {
        size_t length = lmesh_utf8_length(at, left);

        if (*at == '&' || *at == '<' || *at == '>' || *at == '"')
            fputs(*at == '&'   ? "&amp;"
                  : *at == '<' ? "&lt;"
                  : *at == '>' ? "&gt;"
                               : "&quot;",
                  stdout);
        else if (*at == '\n' || *at == '\t' || *at == '\r')
            printf("&#%d;", *at);
        else if (!length || *at < 0x20 || is_no_character(at, length))
            fputs("\xef\xbf\xbd", stdout);
        else
            fwrite(at, 1, length, stdout);
        length = length ? length : 1;
        at += length;
        left -= length;
    }
}

static void xml_attribute(const char *name, const char *text)
{
    printf(" %s=\"", name);
    xml_text(text);
    putchar('"');
}

static void xml_misses(const struct test_file *file,
                       const struct test_case *test)
{
    for (size_t i = 0; i < test->miss_count; i++) {
        const struct test_miss *miss = &test->misses[i];

        xml_text(file->path);
        printf(":%d:%d: ", miss->line, miss->column);
        xml_text(miss->path);
        fputs(": wanted ", stdout);
        xml_text(miss->wanted);
        fputs(", found ", stdout);
        xml_text(miss->found);
        if (*miss->where) {
            fputs("\n  decided at ", stdout);
            xml_text(miss->where);
        }
        putchar('\n');
    }
    for (size_t i = 0; i < test->step_count; i++) {
        fputs(test->steps[i].matched ? "  + " : "  - ", stdout);
        xml_text(test->steps[i].text);
        putchar('\n');
    }
}

/* <failure> or <error>, of which a passed case has neither. */
static void xml_result(const struct test_file *file,
                       const struct test_case *test)
{
    int is_error = test->status == TEST_ERROR;
    const char *name = is_error ? "error" : "failure";
    const struct test_miss *miss = test->misses;

    printf("      <%s message=\"", name);
    if (is_error) {
        xml_text(test->message);
    } else {
        xml_text(miss->path);
        fputs(": wanted ", stdout);
        xml_text(miss->wanted);
        fputs(", found ", stdout);
        xml_text(miss->found);
    }
    printf("\" type=\"%s\">", is_error ? "policy" : "expectation");
    if (is_error) {
        xml_text(file->path);
        printf(":%d:%d: ", test->line, test->column);
        xml_text(test->message);
    } else {
        xml_misses(file, test);
    }
    printf("</%s>\n", name);
}

static void xml_case(const struct test_file *file, const struct test_case *test,
                     int verbose)
{
    const char *out = verbose && test->answer ? test->answer : test->note;

    fputs("    <testcase", stdout);
    xml_attribute("name", test->name);
    xml_attribute("classname", file->path);
    printf(" time=\"%.6f\">\n", (double)test->us / 1e6);
    if (test->status != TEST_PASSED)
        xml_result(file, test);
    if (out) {
        fputs("      <system-out>", stdout);
        xml_text(out);
        fputs("</system-out>\n", stdout);
    }
    fputs("    </testcase>\n", stdout);
}

static void xml_sums(const struct test_sums *sums)
{
    printf(" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.6f\">\n",
           sums->passed + sums->failed + sums->errors, sums->failed,
           sums->errors, (double)sums->us / 1e6);
}

void test_tell_junit(const struct test_file *files, size_t count, int verbose)
{
    struct test_sums all = { 0 };

    for (size_t i = 0; i < count; i++)
        test_sum(&files[i], &all);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<testsuites name=\"lmesh test\"",
          stdout);
    xml_sums(&all);
    for (size_t i = 0; i < count; i++) {
        struct test_sums sums = { 0 };

        test_sum(&files[i], &sums);
        fputs("  <testsuite", stdout);
        xml_attribute("name", files[i].path);
        xml_sums(&sums);
        for (size_t j = 0; j < files[i].case_count; j++)
            if (!files[i].cases[j].skipped)
                xml_case(&files[i], &files[i].cases[j], verbose);
        fputs("  </testsuite>\n", stdout);
    }
    fputs("</testsuites>\n", stdout);
}
