/*
 * test_telemetry.c - Telemetry: what Istio rejects, and where we say so.
 */
#include "say.h"

#define T(text)                                                                \
    "apiVersion: telemetry.istio.io/v1\n"                                      \
    "kind: Telemetry\n"                                                        \
    "metadata: {name: a}\n"                                                    \
    "spec:\n" text

static const struct say_row tracing[] = {
    { "everything left away", T("  {}\n"), "" },
    { "a provider has a name", T("  tracing: [{providers: [{name: \"\"}]}]\n"),
      "5:33 error spec.tracing[0].providers[0].name: may not be empty "
      "[IST0106]\n" },
    { "a provider needs one", T("  tracing: [{providers: [{}]}]\n"),
      "5:26 error spec.tracing[0].providers[0]: \"name\" is required "
      "[IST0106]\n" },
    { "sampling is a share",
      T("  tracing: [{randomSamplingPercentage: 12.5}]\n"), "" },
    { "sampling beyond 100",
      T("  tracing: [{randomSamplingPercentage: 100.1}]\n"),
      "5:40 error spec.tracing[0].randomSamplingPercentage: wanted 0 to 100, "
      "found 100.1 [IST0106]\n" },
    { "sampling below 0", T("  tracing: [{randomSamplingPercentage: -1}]\n"),
      "5:40 error spec.tracing[0].randomSamplingPercentage: wanted 0 to 100, "
      "found -1 [IST0106]\n" },
    { "sampling is a number",
      T("  tracing: [{randomSamplingPercentage: \"5\"}]\n"),
      "5:40 error spec.tracing[0].randomSamplingPercentage: wanted a number, "
      "found the string \"5\" [IST0106]\n" },
    { "some may be null",
      T("  tracing: [{randomSamplingPercentage: null, disableSpanReporting: "
        "null}]\n"),
      "" },
    { "others may not", T("  tracing: [{customTags: null, match: null}]\n"),
      "5:14 error spec.tracing[0].customTags: may not be null [IST0106] (leave "
      "the field away)\n"
      "5:32 error spec.tracing[0].match: may not be null [IST0106] (leave the "
      "field away)\n" },
    { "tags of each type",
      T("  tracing: [{customTags: {a: {literal: {value: x}}, b: {environment: "
        "{name: X}}, c: {header: {name: x}}, d: {formatter: {value: x}}}}]\n"),
      "" },
    { "a tag of no type", T("  tracing: [{customTags: {a: {}}}]\n"), "" },
    { "a tag of two types",
      T("  tracing: [{customTags: {a: {literal: {value: x}, header: {name: "
        "x}}}}]\n"),
      "5:31 error spec.tracing[0].customTags[a].literal: \"header\" and "
      "\"literal\" exclude each other [IST0106]\n"
      "5:52 error spec.tracing[0].customTags[a].header: \"header\" and "
      "\"literal\" exclude each other [IST0106]\n" },
    { "a tag needs its value",
      T("  tracing: [{customTags: {a: {literal: {}}, b: {header: {name: "
        "\"\"}}}}]\n"),
      "5:40 error spec.tracing[0].customTags[a].literal: \"value\" is required "
      "[IST0106]\n"
      "5:64 error spec.tracing[0].customTags[b].header.name: may not be empty "
      "[IST0106]\n" },
    { "a tag has a name",
      T("  tracing: [{customTags: {\"\": {literal: {value: x}}}}]\n"),
      "5:27 error spec.tracing[0].customTags: the name of a tag may not be "
      "empty [IST0106]\n" },
    { "modes are known", T("  tracing: [{match: {mode: BOTH}}]\n"),
      "5:28 error spec.tracing[0].match.mode: wanted one of CLIENT_AND_SERVER, "
      "CLIENT, SERVER, found \"BOTH\" [IST0106]\n" },
};

static const struct say_row metrics[] = {
    { "an override",
      T("  metrics: [{overrides: [{match: {metric: REQUEST_COUNT}, disabled: "
        "true}]}]\n"),
      "" },
    { "metrics are known",
      T("  metrics: [{overrides: [{match: {metric: REQUESTCOUNT}}]}]\n"),
      "5:43 error spec.metrics[0].overrides[0].match.metric: wanted one of "
      "ALL_METRICS, REQUEST_COUNT, REQUEST_DURATION, REQUEST_SIZE, "
      "RESPONSE_SIZE, TCP_OPENED_CONNECTIONS, TCP_CLOSED_CONNECTIONS, "
      "TCP_SENT_BYTES, TCP_RECEIVED_BYTES, GRPC_REQUEST_MESSAGES, "
      "GRPC_RESPONSE_MESSAGES, found \"REQUESTCOUNT\" [IST0106] (did you mean "
      "\"REQUEST_COUNT\"?)\n" },
    { "a custom metric",
      T("  metrics: [{overrides: [{match: {customMetric: x}}]}]\n"), "" },
    { "a custom metric has a name",
      T("  metrics: [{overrides: [{match: {customMetric: \"\"}}]}]\n"),
      "5:49 error spec.metrics[0].overrides[0].match.customMetric: may not be "
      "empty [IST0106]\n" },
    { "one or the other",
      T("  metrics: [{overrides: [{match: {customMetric: x, metric: "
        "REQUEST_COUNT}}]}]\n"),
      "5:35 error spec.metrics[0].overrides[0].match.customMetric: "
      "\"customMetric\" and \"metric\" exclude each other [IST0106]\n"
      "5:52 error spec.metrics[0].overrides[0].match.metric: \"customMetric\" "
      "and \"metric\" exclude each other [IST0106]\n" },
    { "UPSERT has a value",
      T("  metrics: [{overrides: [{tagOverrides: {a: {operation: UPSERT, "
        "value: x}}}]}]\n"),
      "" },
    { "UPSERT without",
      T("  metrics: [{overrides: [{tagOverrides: {a: {operation: "
        "UPSERT}}}]}]\n"),
      "5:45 error spec.metrics[0].overrides[0].tagOverrides[a]: UPSERT needs a "
      "value [IST0106]\n"
      "5:46 error spec.metrics[0].overrides[0].tagOverrides[a].operation: "
      "UPSERT needs a value [IST0106]\n" },
    { "UPSERT is meant where nothing is said",
      T("  metrics: [{overrides: [{tagOverrides: {a: {}}}]}]\n"),
      "5:45 error spec.metrics[0].overrides[0].tagOverrides[a]: UPSERT needs a "
      "value [IST0106]\n" },
    { "REMOVE has none",
      T("  metrics: [{overrides: [{tagOverrides: {a: {operation: "
        "REMOVE}}}]}]\n"),
      "" },
    { "REMOVE with one, though empty",
      T("  metrics: [{overrides: [{tagOverrides: {a: {operation: REMOVE, "
        "value: \"\"}}}]}]\n"),
      "5:46 error spec.metrics[0].overrides[0].tagOverrides[a].operation: "
      "REMOVE takes no value [IST0106]\n"
      "5:65 error spec.metrics[0].overrides[0].tagOverrides[a].value: REMOVE "
      "takes no value [IST0106]\n" },
    { "an interval", T("  metrics: [{reportingInterval: 5s}]\n"), "" },
    { "an interval of nothing", T("  metrics: [{reportingInterval: 0s}]\n"),
      "5:33 error spec.metrics[0].reportingInterval: wanted a duration of 1ms "
      "or more, found \"0s\" [IST0106]\n" },
    { "an interval without a unit", T("  metrics: [{reportingInterval: 5}]\n"),
      "5:33 error spec.metrics[0].reportingInterval: wanted a duration such as "
      "\"5s\", found the number 5 [IST0106] (say the unit: \"5s\")\n" },
};

static const struct say_row logs_and_scope[] = {
    { "logs of a provider",
      T("  accessLogging: [{providers: [{name: x}], disabled: true, match: "
        "{mode: SERVER}}]\n"),
      "" },
    { "a filter is text", T("  accessLogging: [{filter: {expression: [x]}}]\n"),
      "5:41 error spec.accessLogging[0].filter.expression: wanted a string, "
      "found a list [IST0106]\n" },
    { "a filter says something", T("  accessLogging: [{filter: {}}]\n"),
      "5:28 error spec.accessLogging[0].filter: wanted an expression "
      "[IST0106]\n" },
    { "a list is a list", T("  accessLogging: {}\n"),
      "5:18 error spec.accessLogging: wanted a list, found a mapping "
      "[IST0106]\n" },
    { "a target", T("  targetRefs: [{kind: Service, name: x}]\n"), "" },
    { "one scope only",
      T("  selector: {}\n"
        "  targetRefs: []\n"),
      "5:3 error spec.selector: \"targetRefs\" and \"selector\" exclude each "
      "other [IST0106]\n"
      "6:3 error spec.targetRefs: \"targetRefs\" and \"selector\" exclude each "
      "other [IST0106]\n" },
    { "a target of another kind", T("  targetRef: {kind: Gateway, name: x}\n"),
      "5:14 error spec.targetRef: wanted a Service, ServiceEntry, Gateway or "
      "GatewayClass of its own group, found \"Gateway\" of \"\" [IST0106]\n"
      "5:15 error spec.targetRef.kind: wanted a Service, ServiceEntry, Gateway "
      "or GatewayClass of its own group, found \"Gateway\" of \"\" "
      "[IST0106]\n" },
    { "a target elsewhere",
      T("  targetRef: {kind: Service, name: x, namespace: y}\n"),
      "5:50 error spec.targetRef.namespace: wanted a string, found the bool y "
      "[IST0106] (quote it: \"y\")\n" },
    { "a target without a name",
      T("  targetRef: {kind: Service, name: \"\"}\n"),
      "5:36 error spec.targetRef.name: may not be empty [IST0106]\n" },
};

static void judges_tracing(void **state)
{
    (void)state;
    SAY_ERRORS(tracing);
}

static void judges_metrics(void **state)
{
    (void)state;
    SAY_ERRORS(metrics);
}

static void judges_logs_and_scope(void **state)
{
    (void)state;
    SAY_ERRORS(logs_and_scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_tracing),
        cmocka_unit_test(judges_metrics),
        cmocka_unit_test(judges_logs_and_scope),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
