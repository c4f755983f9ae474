/*
 * test_keys.c - what a test file may say: tables, and nothing else.
 *
 * The same rows check what was written and compare it with the answer of the
 * engine. Names are Istio's where it has one.
 */
#include "test.h"

#include <stddef.h>

#define END                                                                    \
    {                                                                          \
        .name = NULL                                                           \
    }

/* --- who and what is asked --- */

static const struct test_key from_keys[] = {
    { .name = "namespace", .kind = TEST_TEXT, .flags = TEST_NEEDED },
    { .name = "serviceAccount", .kind = TEST_TEXT },
    { .name = "labels", .kind = TEST_FIELDS },
    { .name = "trustDomain", .kind = TEST_TEXT },
    { .name = "address", .kind = TEST_TEXT },
    { .name = "locality", .kind = TEST_TEXT },
    END,
};

static const struct test_key request_keys[] = {
    { .name = "method", .kind = TEST_TEXT },
    { .name = "url", .kind = TEST_TEXT, .flags = TEST_NEEDED },
    { .name = "headers", .kind = TEST_FIELDS, .flags = TEST_MANY },
    { .name = "body", .kind = TEST_TEXT },
    END,
};

static const struct test_key connect_keys[] = {
    { .name = "host", .kind = TEST_TEXT, .flags = TEST_NEEDED },
    { .name = "port", .kind = TEST_WHOLE, .flags = TEST_NEEDED },
    { .name = "destinationIp", .kind = TEST_TEXT },
    { .name = "sourceIp", .kind = TEST_TEXT },
    { .name = "sni", .kind = TEST_TEXT, .flags = TEST_OR_NULL },
    END,
};

static const struct test_key inbound_keys[] = {
    { .name = "principal", .kind = TEST_TEXT, .flags = TEST_OR_NULL },
    { .name = "port", .kind = TEST_WHOLE },
    { .name = "sourceIp", .kind = TEST_TEXT },
    { .name = "remoteIp", .kind = TEST_TEXT },
    { .name = "destinationIp", .kind = TEST_TEXT },
    { .name = "sni", .kind = TEST_TEXT, .flags = TEST_OR_NULL },
    { .name = "method", .kind = TEST_TEXT },
    { .name = "host", .kind = TEST_TEXT, .flags = TEST_OR_NULL },
    { .name = "path", .kind = TEST_TEXT },
    { .name = "headers", .kind = TEST_FIELDS, .flags = TEST_MANY },
    END,
};

static const struct test_key distribution_keys[] = {
    { .name = "draws", .kind = TEST_WHOLE, .flags = TEST_NEEDED },
    { .name = "within", .kind = TEST_PERCENT, .flags = TEST_NEEDED },
    { .name = "destinations", .kind = TEST_SHARES },
    { .name = "subsets", .kind = TEST_SHARES },
    { .name = "endpoints", .kind = TEST_SHARES },
    { .name = "verdicts", .kind = TEST_SHARES },
    { .name = "mirrored", .kind = TEST_PERCENT },
    { .name = "delayed", .kind = TEST_PERCENT },
    END,
};

static const struct test_key case_keys[] = {
    { .name = "name", .kind = TEST_TEXT, .flags = TEST_NEEDED },
    { .name = "from", .kind = TEST_OBJECT, .inside = from_keys },
    { .name = "to", .kind = TEST_OBJECT, .inside = from_keys },
    { .name = "seed", .kind = TEST_WHOLE },
    { .name = "request", .kind = TEST_OBJECT, .inside = request_keys },
    { .name = "connect", .kind = TEST_OBJECT, .inside = connect_keys },
    { .name = "inbound", .kind = TEST_OBJECT, .inside = inbound_keys },
    { .name = "expect", .kind = TEST_ANY },
    { .name = "distribution",
      .kind = TEST_OBJECT,
      .inside = distribution_keys },
    END,
};

static const struct test_key file_keys[] = {
    { .name = "policy", .kind = TEST_TEXT },
    { .name = "from", .kind = TEST_OBJECT, .inside = from_keys },
    { .name = "to", .kind = TEST_OBJECT, .inside = from_keys },
    { .name = "cases",
      .kind = TEST_ITEMS,
      .flags = TEST_NEEDED | TEST_NOT_EMPTY,
      .inside = case_keys },
    END,
};

const struct test_key test_file_key = { .kind = TEST_OBJECT,
                                        .inside = file_keys };

/* --- what is expected --- */

static const struct test_key rules_keys[] = {
    { .name = "what", .kind = TEST_TEXT, .member = "what" },
    { .name = "name", .kind = TEST_MATCH, .member = "name" },
    { .name = "matched", .kind = TEST_TRUTH, .member = "matched" },
    { .name = "reason", .kind = TEST_MATCH, .member = "reason" },
    { .name = "file",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "file" },
    { .name = "line",
      .kind = TEST_WHOLE,
      .flags = TEST_OR_NULL,
      .member = "line" },
    END,
};

static const struct test_key warmup_keys[] = {
    { .name = "duration", .kind = TEST_DURATION, .member = "duration_ms" },
    { .name = "minimumPercent",
      .kind = TEST_PERCENT,
      .member = "minimum_percent" },
    { .name = "aggression", .kind = TEST_PERCENT, .member = "aggression" },
    END,
};

static const struct test_key destination_keys[] = {
    { .name = "host",
      .kind = TEST_MATCH,
      .member = "host",
      .step = "destination" },
    { .name = "subset",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "subset",
      .step = "destination" },
    { .name = "port",
      .kind = TEST_WHOLE,
      .member = "port",
      .step = "destination" },
    { .name = "weight",
      .kind = TEST_WHOLE,
      .member = "weight",
      .step = "destination" },
    { .name = "name",
      .kind = TEST_MATCH,
      .member = "name",
      .step = "destination" },
    { .name = "balancer",
      .kind = TEST_WORD,
      .member = "balancer",
      .words = "least_request round_robin random ring_hash maglev",
      .step = "rule" },
    { .name = "minimumRingSize",
      .kind = TEST_WHOLE,
      .flags = TEST_OR_NULL,
      .member = "ring_size",
      .step = "rule" },
    { .name = "warmup",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL,
      .member = "warmup",
      .inside = warmup_keys,
      .step = "rule" },
    END,
};

static const struct test_key endpoint_keys[] = {
    { .name = "address", .kind = TEST_TEXT, .member = "address" },
    { .name = "port", .kind = TEST_WHOLE, .member = "port" },
    { .name = "workload", .kind = TEST_MATCH, .member = "workload" },
    { .name = "principal", .kind = TEST_MATCH, .member = "principal" },
    { .name = "mtls", .kind = TEST_TRUTH, .member = "mtls" },
    { .name = "locality",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "locality" },
    { .name = "weight", .kind = TEST_WHOLE, .member = "weight" },
    { .name = "priority", .kind = TEST_WHOLE, .member = "priority" },
    { .name = "picked", .kind = TEST_TRUTH, .member = "picked" },
    { .name = "labels", .kind = TEST_FIELDS, .member = "labels" },
    END,
};

static const struct test_key retries_keys[] = {
    { .name = "attempts", .kind = TEST_WHOLE, .member = "attempts" },
    { .name = "perTryTimeout",
      .kind = TEST_DURATION,
      .flags = TEST_OR_NULL,
      .member = "per_try_timeout_ms" },
    { .name = "retryOn", .kind = TEST_TEXTS, .member = "retry_on" },
    { .name = "backoff", .kind = TEST_DURATION, .member = "back_off_ms" },
    { .name = "backoffMax",
      .kind = TEST_DURATION,
      .member = "back_off_max_ms" },
    { .name = "otherHosts", .kind = TEST_TRUTH, .member = "other_hosts" },
    { .name = "otherLocalities",
      .kind = TEST_TRUTH,
      .member = "other_localities" },
    END,
};

static const struct test_key tls_keys[] = {
    { .name = "mode",
      .kind = TEST_WORD,
      .member = "mode",
      .words = "auto disable istio_mutual simple mutual" },
    { .name = "sni", .kind = TEST_MATCH, .member = "sni" },
    { .name = "principals",
      .kind = TEST_TEXTS,
      .flags = TEST_OR_NULL,
      .member = "principals" },
    { .name = "subjectAltNames",
      .kind = TEST_TEXTS,
      .flags = TEST_OR_NULL,
      .member = "names" },
    { .name = "caCertificates",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "roots" },
    { .name = "clientCertificate",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "chain" },
    { .name = "privateKey",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "key" },
    { .name = "verified", .kind = TEST_TRUTH, .member = "verified" },
    END,
};

static const struct test_key keepalive_keys[] = {
    { .name = "time",
      .kind = TEST_DURATION,
      .flags = TEST_OR_NULL,
      .member = "time_ms" },
    { .name = "interval",
      .kind = TEST_DURATION,
      .flags = TEST_OR_NULL,
      .member = "interval_ms" },
    { .name = "probes",
      .kind = TEST_WHOLE,
      .flags = TEST_OR_NULL,
      .member = "probes" },
    END,
};

static const struct test_key ping_keys[] = {
    { .name = "interval", .kind = TEST_DURATION, .member = "interval_ms" },
    { .name = "timeout", .kind = TEST_DURATION, .member = "timeout_ms" },
    END,
};

static const struct test_key pool_keys[] = {
    { .name = "maxConnections",
      .kind = TEST_WHOLE,
      .member = "max_connections" },
    { .name = "http1MaxPendingRequests",
      .kind = TEST_WHOLE,
      .member = "max_pending_requests" },
    { .name = "http2MaxRequests",
      .kind = TEST_WHOLE,
      .member = "max_requests" },
    { .name = "maxRetries", .kind = TEST_WHOLE, .member = "max_retries" },
    { .name = "retryBudget",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "retry_budget" },
    { .name = "maxRequestsPerConnection",
      .kind = TEST_WHOLE,
      .flags = TEST_OR_NULL,
      .member = "max_requests_per_connection" },
    { .name = "connectTimeout",
      .kind = TEST_DURATION,
      .member = "connect_timeout_ms" },
    { .name = "idleTimeout",
      .kind = TEST_DURATION,
      .flags = TEST_OR_NULL,
      .member = "idle_timeout_ms" },
    { .name = "maxConnectionDuration",
      .kind = TEST_DURATION,
      .flags = TEST_OR_NULL,
      .member = "max_connection_duration_ms" },
    { .name = "tcpKeepalive",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL,
      .member = "tcp_keepalive",
      .inside = keepalive_keys },
    { .name = "protocol", .kind = TEST_MATCH, .member = "protocol" },
    { .name = "maxConcurrentStreams",
      .kind = TEST_WHOLE,
      .flags = TEST_OR_NULL,
      .member = "max_concurrent_streams" },
    { .name = "http2KeepAlive",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL,
      .member = "http2_keepalive",
      .inside = ping_keys },
    END,
};

static const struct test_key edits_keys[] = {
    { .name = "set", .kind = TEST_FIELDS },
    { .name = "add", .kind = TEST_FIELDS },
    { .name = "remove", .kind = TEST_TEXTS },
    END,
};

static const struct test_key headers_keys[] = {
    { .name = "request",
      .kind = TEST_EDITS,
      .flags = TEST_OR_NULL,
      .member = "request",
      .inside = edits_keys },
    { .name = "response",
      .kind = TEST_EDITS,
      .flags = TEST_OR_NULL,
      .member = "response",
      .inside = edits_keys },
    END,
};

static const struct test_key rewrite_keys[] = {
    { .name = "path", .kind = TEST_MATCH, .member = "path" },
    { .name = "authority",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "authority" },
    END,
};

static const struct test_key delay_keys[] = {
    { .name = "fixedDelay", .kind = TEST_DURATION, .member = "delay_ms" },
    { .name = "percentage", .kind = TEST_PERCENT, .member = "delay_percent" },
    { .name = "drawn", .kind = TEST_TRUTH, .member = "delayed" },
    END,
};

static const struct test_key abort_keys[] = {
    { .name = "httpStatus",
      .kind = TEST_WHOLE,
      .flags = TEST_OR_NULL,
      .member = "abort_status" },
    { .name = "grpcStatus",
      .kind = TEST_WORD,
      .flags = TEST_OR_NULL | TEST_INDEX,
      .member = "abort_grpc_status",
      .words = "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED "
               "NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED "
               "FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED "
               "INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED" },
    { .name = "percentage", .kind = TEST_PERCENT, .member = "abort_percent" },
    { .name = "drawn", .kind = TEST_TRUTH, .member = "aborted" },
    END,
};

static const struct test_key fault_keys[] = {
    { .name = "delay", .kind = TEST_OBJECT, .inside = delay_keys },
    { .name = "abort", .kind = TEST_OBJECT, .inside = abort_keys },
    END,
};

/* The parts of a name, "outbound|PORT|SUBSET|HOST". */
static const struct test_key named_keys[] = {
    { .name = "host", .kind = TEST_MATCH, .member = "host" },
    { .name = "subset",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "subset" },
    { .name = "port", .kind = TEST_WHOLE, .member = "port" },
    END,
};

static const struct test_key mirrors_keys[] = {
    { .name = "destination",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL | TEST_SHORT | TEST_NAMED,
      .member = "destination",
      .inside = named_keys },
    { .name = "percentage", .kind = TEST_PERCENT, .member = "percent" },
    { .name = "drawn", .kind = TEST_TRUTH, .member = "drawn" },
    END,
};

static const struct test_key redirect_keys[] = {
    { .name = "status", .kind = TEST_WHOLE, .member = "status" },
    { .name = "location", .kind = TEST_MATCH, .member = "location" },
    END,
};

static const struct test_key response_keys[] = {
    { .name = "status", .kind = TEST_WHOLE, .member = "status" },
    { .name = "body", .kind = TEST_MATCH, .member = "body" },
    END,
};

static const struct test_key cors_keys[] = {
    { .name = "originAllowed", .kind = TEST_TRUTH, .member = "origin_allowed" },
    { .name = "preflightAnswered",
      .kind = TEST_TRUTH,
      .member = "preflight_answered" },
    { .name = "allowMethods", .kind = TEST_TEXTS, .member = "allow_methods" },
    { .name = "allowHeaders", .kind = TEST_TEXTS, .member = "allow_headers" },
    { .name = "exposeHeaders", .kind = TEST_TEXTS, .member = "expose_headers" },
    { .name = "allowCredentials",
      .kind = TEST_TRUTH,
      .member = "allow_credentials" },
    END,
};

#define SENT "route passthrough"

static const struct test_key outbound_keys[] = {
    { .name = "verdict",
      .kind = TEST_WORD,
      .member = "verdict",
      .words = "route passthrough redirect direct_response fault_abort "
               "cors_preflight no_host no_route no_destination no_endpoint "
               "bad_path no_path bad_rewrite regex_limit",
      .step = "route" },
    { .name = "host",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "host",
      .step = "host" },
    { .name = "rule",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "rule",
      .step = "route" },
    { .name = "resource",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL | TEST_RESOURCE,
      .member = "resource",
      .step = "route" },
    { .name = "destination",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL | TEST_SHORT,
      .member = "destination",
      .inside = destination_keys,
      .step = "destination",
      .verdict = SENT },
    { .name = "endpoints",
      .kind = TEST_ITEMS,
      .flags = TEST_SHORT | TEST_ADDRESSED,
      .member = "endpoints",
      .inside = endpoint_keys,
      .step = "endpoint",
      .verdict = SENT },
    { .name = "timeout",
      .kind = TEST_DURATION,
      .flags = TEST_OR_NULL,
      .member = "timeout_ms",
      .step = "route" },
    { .name = "retries",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL,
      .member = "retries",
      .inside = retries_keys,
      .step = "route" },
    { .name = "tls",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL,
      .member = "tls",
      .inside = tls_keys,
      .step = "rule" },
    { .name = "connectionPool",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL,
      .member = "connection_pool",
      .inside = pool_keys,
      .step = "rule" },
    { .name = "outlierDetection",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "outlier_detection",
      .step = "rule" },
    { .name = "headers",
      .kind = TEST_OBJECT,
      .member = "headers",
      .inside = headers_keys,
      .step = "route" },
    { .name = "rewrite",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL,
      .member = "rewrite",
      .inside = rewrite_keys,
      .step = "route" },
    { .name = "fault",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL,
      .member = "fault",
      .inside = fault_keys,
      .step = "route" },
    { .name = "mirrors",
      .kind = TEST_ITEMS,
      .flags = TEST_SHORT,
      .member = "mirror",
      .inside = mirrors_keys,
      .step = "route" },
    { .name = "redirect",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL,
      .member = "redirect",
      .inside = redirect_keys,
      .step = "route",
      .verdict = "redirect" },
    { .name = "directResponse",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL,
      .member = "direct_response",
      .inside = response_keys,
      .step = "route",
      .verdict = "direct_response" },
    { .name = "corsPolicy",
      .kind = TEST_OBJECT,
      .flags = TEST_OR_NULL,
      .member = "cors",
      .inside = cors_keys,
      .step = "route" },
    { .name = "rules",
      .kind = TEST_ITEMS,
      .flags = TEST_SOME | TEST_NOT_EMPTY,
      .member = "rules",
      .inside = rules_keys,
      .step = "route" },
    END,
};

const struct test_key test_outbound_key = { .kind = TEST_OBJECT,
                                            .inside = outbound_keys };

static const struct test_key dry_run_keys[] = {
    { .name = "policy", .kind = TEST_MATCH, .member = "policy" },
    { .name = "verdict",
      .kind = TEST_WORD,
      .member = "verdict",
      .words = "allow deny" },
    END,
};

static const struct test_key verdict_keys[] = {
    { .name = "verdict",
      .kind = TEST_WORD,
      .member = "verdict",
      .words = "allow deny reject" },
    { .name = "action",
      .kind = TEST_WORD,
      .flags = TEST_OR_NULL,
      .member = "action",
      .words = "ALLOW DENY" },
    { .name = "policy",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "policy" },
    { .name = "rule",
      .kind = TEST_WHOLE,
      .flags = TEST_OR_NULL,
      .member = "rule" },
    { .name = "reason", .kind = TEST_MATCH, .member = "reason" },
    { .name = "details",
      .kind = TEST_MATCH,
      .flags = TEST_OR_NULL,
      .member = "details" },
    { .name = "normalizedPath",
      .kind = TEST_MATCH,
      .member = "normalized_path" },
    { .name = "dryRun",
      .kind = TEST_ITEMS,
      .member = "dry_run",
      .inside = dry_run_keys },
    { .name = "rules",
      .kind = TEST_ITEMS,
      .flags = TEST_SOME | TEST_NOT_EMPTY,
      .member = "rules",
      .inside = rules_keys },
    END,
};

const struct test_key test_inbound_key = { .kind = TEST_OBJECT,
                                           .inside = verdict_keys };
