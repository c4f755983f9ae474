/*
 * line.c - the syntax of single lines (RFC 9112 sections 3, 4 and 5).
 *
 * One line at a time, without its CRLF. What lines mean together is
 * message.c's.
 */
#include "http1/inside.h"

/* A CR has only one way to come into a line: it does not end it. */
static int blame(struct mesh_slice text, enum mesh_h1_refusal refusal)
{
    if (text.len && memchr(text.at, '\r', text.len))
        return MESH__H1_BAD_LINE_END;
    return (int)refusal;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Some HTTP version: major and minor are one digit each. */
static bool read_version(struct mesh_slice text, int *major, int *minor)
{
    if (text.len != 8 || memcmp(text.at, "HTTP/", 5) != 0 ||
        !is_digit(text.at[5]) || text.at[6] != '.' || !is_digit(text.at[7]))
        return false;
    *major = text.at[5] - '0';
    *minor = text.at[7] - '0';
    return true;
}

bool mesh__h1_split_request_line(struct mesh_slice line,
                                 struct mesh_h1_request_line *out)
{
    const char *first = line.len ? memchr(line.at, ' ', line.len) : NULL;
    const char *last = line.at + line.len;

    if (!first)
        return false;
    while (*--last != ' ')
        ;
    out->method = mesh__slice(line.at, (size_t)(first - line.at));
    if (first == last)
        return false;
    out->target = mesh__slice(first + 1, (size_t)(last - first) - 1);
    out->version =
        mesh__slice(last + 1, (size_t)(line.at + line.len - last) - 1);
    return true;
}

/* RFC 9112 section 3.2: no blanks within; what else is wrong, target.c says. */
static int check_target(struct mesh_slice target)
{
    if (target.len == 0 || memchr(target.at, ' ', target.len))
        return MESH__H1_BAD_START_LINE;
    for (size_t i = 0; i < target.len; i++)
        if (target.at[i] < 0x21 || target.at[i] > 0x7e)
            return blame(target, MESH__H1_BAD_TARGET);
    return MESH__H1_OK;
}

static int check_version(struct mesh_slice version)
{
    int major;
    int minor;

    if (!read_version(version, &major, &minor) || major > 1)
        return blame(version, MESH__H1_BAD_VERSION);
    return major == 1 && minor > 0 ? MESH__H1_OK : MESH__H1_OLD_VERSION;
}

int mesh__h1_check_request_line(struct mesh_slice line)
{
    struct mesh_h1_request_line parts;
    int verdict;

    if (!mesh__h1_split_request_line(line, &parts)) {
        if (mesh__slice_starts(line, MESH__SLICE("GET /")))
            return blame(line, MESH__H1_OLD_VERSION); /* as HTTP/0.9 wrote */
        return blame(line, MESH__H1_BAD_START_LINE);
    }
    if (!mesh__h1_method_known(parts.method))
        return blame(parts.method, MESH__H1_BAD_METHOD);
    verdict = check_target(parts.target);
    return verdict ? verdict : check_version(parts.version);
}

/* "HTTP/1.1 200 OK"; the blank before an empty reason may be missing. */
int mesh__h1_check_status_line(struct mesh_slice line)
{
    enum { VERSION = 8, STATUS_END = 12 };
    int major;
    int minor;

    if (line.len < STATUS_END || line.at[VERSION] != ' ')
        return blame(line, MESH__H1_BAD_START_LINE);
    if (!read_version(mesh__slice(line.at, VERSION), &major, &minor) ||
        major != 1)
        return MESH__H1_BAD_VERSION;
    if (line.at[9] < '1' || line.at[9] > '9' || !is_digit(line.at[10]) ||
        !is_digit(line.at[11]))
        return blame(line, MESH__H1_BAD_STATUS);
    if (line.len == STATUS_END)
        return MESH__H1_OK;
    line = mesh__slice(line.at + STATUS_END, line.len - STATUS_END);
    if (line.at[0] != ' ' || !mesh__is_field_value(mesh__slice_trim(line)))
        return blame(line, MESH__H1_BAD_START_LINE);
    return MESH__H1_OK;
}

void mesh__h1_split_header_line(struct mesh_slice line, struct mesh_slice *name,
                                struct mesh_slice *value)
{
    const char *colon = memchr(line.at, ':', line.len);
    size_t len = (size_t)(colon - line.at);

    *name = mesh__slice(line.at, len);
    *value = mesh__slice_trim(mesh__slice(colon + 1, line.len - len - 1));
}

int mesh__h1_check_header_line(char *line, size_t len)
{
    struct mesh_slice name;
    struct mesh_slice value;

    if (line[0] == ' ' || line[0] == '\t')
        return MESH__H1_FOLDED;
    if (!memchr(line, ':', len))
        return blame(mesh__slice(line, len), MESH__H1_BAD_HEADER_NAME);
    mesh__h1_split_header_line(mesh__slice(line, len), &name, &value);
    if (!mesh__is_token(name))
        return blame(name, MESH__H1_BAD_HEADER_NAME);
    if (!mesh__is_field_value(value))
        return blame(value, MESH__H1_BAD_HEADER_VALUE);
    for (size_t i = 0; i < name.len; i++)
        line[i] = mesh__lower(line[i]);
    return MESH__H1_OK;
}
