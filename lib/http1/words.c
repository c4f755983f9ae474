/*
 * words.c - the fixed words of HTTP/1.1: methods, reasons, refusals, and the
 * names that are the codec's own.
 *
 * Tables and look-ups. Knows no bytes of any message.
 */
#include "http1/inside.h"

#define ENVOY_ERROR "http1.codec_error"

/* clang-format off */
const struct mesh_h1_refusal_row mesh__h1_refusals[MESH__H1_REFUSALS] = {
    [MESH__H1_OK] = {
        "ok", 0, "",
        "nothing is wrong", false
    },
    [MESH__H1_BAD_START_LINE] = {
        "bad_start_line", 400, ENVOY_ERROR,
        "the first line is not one of HTTP/1.1", true
    },
    [MESH__H1_BAD_METHOD] = {
        "bad_method", 400, ENVOY_ERROR,
        "the method is not a known one", true
    },
    [MESH__H1_BAD_TARGET] = {
        "bad_target", 400, ENVOY_ERROR,
        "the request target is not well-formed", true
    },
    [MESH__H1_BAD_VERSION] = {
        "bad_version", 400, ENVOY_ERROR,
        "the version is not HTTP/1.1", true
    },
    [MESH__H1_OLD_VERSION] = {
        "old_version", 426, "low_version",
        "the request is older than HTTP/1.1", true
    },
    [MESH__H1_BAD_HEADER_NAME] = {
        "bad_header_name", 400, ENVOY_ERROR,
        "a header name is no token, or may not stand in trailers", true
    },
    [MESH__H1_BAD_HEADER_VALUE] = {
        "bad_header_value", 400, "http1.invalid_characters",
        "a header value holds a forbidden byte", true
    },
    [MESH__H1_BAD_LINE_END] = {
        "bad_line_end", 400, ENVOY_ERROR,
        "a line does not end in CR LF, or holds a CR", true
    },
    [MESH__H1_FOLDED] = {
        "folded", 400, ENVOY_ERROR,
        "a header goes on in a second line", true
    },
    [MESH__H1_HEAD_TOO_LARGE] = {
        "head_too_large", 431, "http1.headers_too_large",
        "the header lines exceed their ceiling", true
    },
    [MESH__H1_TOO_MANY_HEADERS] = {
        "too_many_headers", 431, "http1.too_many_headers",
        "there are more headers than allowed", true
    },
    [MESH__H1_NO_HOST] = {
        "no_host", 400, "missing_host_header",
        "the request has no Host", false
    },
    [MESH__H1_TWO_HOSTS] = {
        "two_hosts", 400, "http.invalid_authority",
        "the request has two Hosts", true
    },
    [MESH__H1_BAD_HOST] = {
        "bad_host", 400, "http.invalid_authority",
        "the Host is not well-formed", true
    },
    [MESH__H1_LENGTH_AND_CHUNKED] = {
        "length_and_chunked", 400,
        "http1.content_length_and_chunked_not_allowed",
        "both a length and a transfer coding", true
    },
    [MESH__H1_BAD_LENGTH] = {
        "bad_length", 400, ENVOY_ERROR,
        "Content-Length is not one number, once", true
    },
    [MESH__H1_BAD_TRANSFER_CODING] = {
        "bad_transfer_coding", 501, "http1.invalid_transfer_encoding",
        "Transfer-Encoding is not chunked, once, or not allowed here", true
    },
    [MESH__H1_BAD_CHUNK] = {
        "bad_chunk", 400, ENVOY_ERROR,
        "a chunk is not well-formed", true
    },
    [MESH__H1_BAD_CONNECTION] = {
        "bad_connection", 400, "http1.connection_header_rejected",
        "Connection nominates too much, or what it may not", true
    },
    [MESH__H1_BAD_BODY] = {
        "bad_body", 400, "http1.body_disallowed",
        "a body where none may be", true
    },
    [MESH__H1_BAD_STATUS] = {
        "bad_status", 502, ENVOY_ERROR,
        "the status is not one of three digits, or an unasked 101", true
    },
    [MESH__H1_UNEXPECTED] = {
        "unexpected", 400, ENVOY_ERROR,
        "bytes came where no message was due", true
    },
    [MESH__H1_BAD_SCHEME] = {
        "bad_scheme", 400, "http1.invalid_scheme",
        "the URL's scheme is neither http nor https", true
    },
    [MESH__H1_TRUNCATED] = {
        "truncated", 400, ENVOY_ERROR,
        "the stream ended inside a message", true
    },
};
/* clang-format on */

/* As balsa_parser.cc, whose spelling MSEARCH is; and QUERY (Envoy 1.40). */
static const char *const methods[] = {
    "GET",       "POST",    "PUT",     "DELETE", "HEAD",        "PATCH",
    "OPTIONS",   "CONNECT", "TRACE",   "ACL",    "BIND",        "CHECKOUT",
    "COPY",      "LINK",    "LOCK",    "MERGE",  "MKACTIVITY",  "MKCALENDAR",
    "MKCOL",     "MOVE",    "MSEARCH", "NOTIFY", "PROPFIND",    "PROPPATCH",
    "PURGE",     "QUERY",   "REBIND",  "REPORT", "SEARCH",      "SOURCE",
    "SUBSCRIBE", "UNBIND",  "UNLINK",  "UNLOCK", "UNSUBSCRIBE",
};

bool mesh__h1_method_known(struct mesh_slice method)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (mesh__slice_is(method, methods[i]))
            return true;
    return false;
}

bool mesh__h1_is_framing(enum mesh_header_id id)
{
    switch (id) {
    case MESH__H_CONNECTION:
    case MESH__H_CONTENT_LENGTH:
    case MESH__H_KEEP_ALIVE:
    case MESH__H_PROXY_CONNECTION:
    case MESH__H_TRANSFER_ENCODING:
        return true;
    default:
        return false;
    }
}

bool mesh__h1_not_in_trailers(enum mesh_header_id id)
{
    switch (id) {
    case MESH__H_HOST:
    case MESH__H_TE:
    case MESH__H_TRAILER:
    case MESH__H_UPGRADE:
        return true;
    default:
        return mesh__h1_is_framing(id);
    }
}

/* RFC 9110 section 15 and the IANA registry, by hundreds. */
static const char *const informational[] = {
    "Continue",
    "Switching Protocols",
    "Processing",
    "Early Hints",
};
static const char *const successful[] = {
    "OK",
    "Created",
    "Accepted",
    "Non-Authoritative Information",
    "No Content",
    "Reset Content",
    "Partial Content",
    "Multi-Status",
    "Already Reported",
};
static const char *const redirection[] = {
    "Multiple Choices",  "Moved Permanently", "Found", "See Other",
    "Not Modified",      "Use Proxy",         "",      "Temporary Redirect",
    "Permanent Redirect"
};
static const char *const client_error[] = {
    "Bad Request",
    "Unauthorized",
    "Payment Required",
    "Forbidden",
    "Not Found",
    "Method Not Allowed",
    "Not Acceptable",
    "Proxy Authentication Required",
    "Request Timeout",
    "Conflict",
    "Gone",
    "Length Required",
    "Precondition Failed",
    "Payload Too Large",
    "URI Too Long",
    "Unsupported Media Type",
    "Range Not Satisfiable",
    "Expectation Failed",
    "",
    "",
    "",
    "Misdirected Request",
    "Unprocessable Entity",
    "Locked",
    "Failed Dependency",
    "Too Early",
    "Upgrade Required",
    "",
    "Precondition Required",
    "Too Many Requests",
    "",
    "Request Header Fields Too Large",
};
static const char *const server_error[] = {
    "Internal Server Error",
    "Not Implemented",
    "Bad Gateway",
    "Service Unavailable",
    "Gateway Timeout",
    "HTTP Version Not Supported",
    "Variant Also Negotiates",
    "Insufficient Storage",
    "Loop Detected",
    "",
    "Not Extended",
    "Network Authentication Required",
};

#define LIST(names)                                                            \
    {                                                                          \
        names, sizeof(names) / sizeof((names)[0])                              \
    }
static const struct {
    const char *const *names;
    size_t count;
} reasons[] = { LIST(informational), LIST(successful), LIST(redirection),
                LIST(client_error), LIST(server_error) };
#undef LIST

const char *mesh__h1_reason(unsigned status)
{
    size_t hundred = status / 100;

    if (status == 226)
        return "IM Used";
    if (status == 451)
        return "Unavailable For Legal Reasons";
    if (hundred < 1 || hundred > sizeof(reasons) / sizeof(reasons[0]))
        return "";
    if (status % 100 >= reasons[hundred - 1].count)
        return "";
    return reasons[hundred - 1].names[status % 100];
}
