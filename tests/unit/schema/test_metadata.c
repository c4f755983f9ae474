/*
 * test_metadata.c - metadata, annotations and status: what Istio rejects, and
 * where we say so.
 */
#include "say.h"

static const struct say_row types[] = {
    { "all of it",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a, generateName: b, namespace: c, selfLink: d, uid: e, "
      "resourceVersion: \"1\", generation: 1, creationTimestamp: "
      "\"2024-01-31T12:00:00Z\", deletionTimestamp: null, "
      "deletionGracePeriodSeconds: 5, labels: {a: b}, annotations: {c: d}, "
      "ownerReferences: [{apiVersion: v1, kind: A, name: b, uid: c, "
      "controller: true, blockOwnerDeletion: false}], finalizers: [a], "
      "managedFields: [{manager: a, operation: Update, apiVersion: v1, time: "
      "\"2024-01-31T12:00:00Z\", fieldsType: FieldsV1, fieldsV1: {a: {}}, "
      "subresource: status}]}\n"
      "spec: {}\n",
      "" },
    { "Istio needs none",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "spec: {}\n",
      "" },
    { "it is a mapping",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: []\n"
      "spec: {}\n",
      "3:11 error metadata: wanted a mapping, found a list [IST0106]\n" },
    { "numbers and bools become text",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: 5, labels: {a: 1, b: yes}}\n"
      "spec: {}\n",
      "" },
    { "lists do not",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: [a], labels: {a: [b]}, finalizers: [[a]]}\n"
      "spec: {}\n",
      "3:18 error metadata.name: wanted a string, found a list [IST0106]\n"
      "3:35 error metadata.labels[a]: wanted a string, found a list [IST0106]\n"
      "3:54 error metadata.finalizers[0]: wanted a string, found a list "
      "[IST0106]\n" },
    { "maps are maps",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {labels: a, annotations: []}\n"
      "spec: {}\n",
      "3:20 error metadata.labels: wanted a mapping, found the string \"a\" "
      "[IST0106]\n"
      "3:36 error metadata.annotations: wanted a mapping, found a list "
      "[IST0106]\n" },
    { "whole numbers are whole",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {generation: 1.5, deletionGracePeriodSeconds: \"5\"}\n"
      "spec: {}\n",
      "3:24 error metadata.generation: wanted a whole number, found the number "
      "1.5 [IST0106]\n"
      "3:57 error metadata.deletionGracePeriodSeconds: wanted a whole number, "
      "found the string \"5\" [IST0106]\n" },
    { "lists are lists",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {finalizers: a, ownerReferences: {}, managedFields: a}\n"
      "spec: {}\n",
      "3:24 error metadata.finalizers: wanted a list, found the string \"a\" "
      "[IST0106]\n"
      "3:44 error metadata.ownerReferences: wanted a list, found a mapping "
      "[IST0106]\n"
      "3:63 error metadata.managedFields: wanted a list, found the string "
      "\"a\" [IST0106]\n" },
    { "owners have types",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {ownerReferences: [{controller: \"yes\", name: {}}, 5]}\n"
      "spec: {}\n",
      "3:43 error metadata.ownerReferences[0].controller: wanted true or "
      "false, found the string \"yes\" [IST0106]\n"
      "3:56 error metadata.ownerReferences[0].name: wanted a string, found a "
      "mapping [IST0106]\n"
      "3:61 error metadata.ownerReferences[1]: wanted a mapping, found the "
      "number 5 [IST0106]\n" },
    { "the case of a key does not matter",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {Name: [a], LABELS: 5}\n"
      "spec: {}\n",
      "3:18 error metadata.Name: wanted a string, found a list [IST0106]\n"
      "3:31 error metadata.LABELS: wanted a mapping, found the number 5 "
      "[IST0106]\n" },
    { "times are RFC 3339",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {creationTimestamp: \"2024-01-31\"}\n"
      "spec: {}\n",
      "3:31 error metadata.creationTimestamp: wanted a time such as "
      "\"2024-01-31T12:00:00Z\", found the string \"2024-01-31\" [IST0106]\n" },
    { "days are in the calendar",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {creationTimestamp: \"2024-02-30T12:00:00Z\"}\n"
      "spec: {}\n",
      "3:31 error metadata.creationTimestamp: wanted a time such as "
      "\"2024-01-31T12:00:00Z\", found the string \"2024-02-30T12:00:00Z\" "
      "[IST0106]\n" },
    { "hours are in a day",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {creationTimestamp: \"2024-02-28T24:00:00Z\"}\n"
      "spec: {}\n",
      "3:31 error metadata.creationTimestamp: wanted a time such as "
      "\"2024-01-31T12:00:00Z\", found the string \"2024-02-28T24:00:00Z\" "
      "[IST0106]\n" },
    { "zones are near",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {creationTimestamp: \"2024-02-28T12:00:00+25:00\"}\n"
      "spec: {}\n",
      "3:31 error metadata.creationTimestamp: wanted a time such as "
      "\"2024-01-31T12:00:00Z\", found the string "
      "\"2024-02-28T12:00:00+25:00\" [IST0106]\n" },
    { "fractions and short hours",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {creationTimestamp: \"2024-02-28T2:00:00.5-01:00\"}\n"
      "spec: {}\n",
      "" },
    { "infinity has no place in JSON",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {namespace: .inf}\n"
      "spec: {}\n",
      "3:23 error a number without a value: JSON has no infinity [LM0001]\n" },
    { "what Kubernetes would not take is not told by Istio",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: A_b, namespace: A_b, labels: {\"a b\": \"*\"}, foo: "
      "1}\n"
      "spec: {}\n",
      "" },
};

static const struct say_row annotations[] = {
    { "a dry run",
      "apiVersion: security.istio.io/v1\n"
      "kind: AuthorizationPolicy\n"
      "metadata: {name: a, annotations: {istio.io/dry-run: \"true\"}}\n"
      "spec: {}\n",
      "" },
    { "a dry run in other words",
      "apiVersion: security.istio.io/v1\n"
      "kind: AuthorizationPolicy\n"
      "metadata: {name: a, annotations: {istio.io/dry-run: T}}\n"
      "spec: {}\n",
      "" },
    { "a bool is as good",
      "apiVersion: security.istio.io/v1\n"
      "kind: AuthorizationPolicy\n"
      "metadata: {name: a, annotations: {istio.io/dry-run: yes}}\n"
      "spec: {}\n",
      "" },
    { "a word that is none",
      "apiVersion: security.istio.io/v1\n"
      "kind: AuthorizationPolicy\n"
      "metadata: {name: a, annotations: {istio.io/dry-run: \"yes\"}}\n"
      "spec: {}\n",
      "3:53 error metadata.annotations[istio.io/dry-run]: wanted true or "
      "false, found \"yes\" [IST0106]\n" },
    { "no word",
      "apiVersion: security.istio.io/v1\n"
      "kind: AuthorizationPolicy\n"
      "metadata: {name: a, annotations: {istio.io/dry-run: null}}\n"
      "spec: {}\n",
      "3:53 error metadata.annotations[istio.io/dry-run]: wanted true or "
      "false, found \"null\" [IST0106]\n" },
    { "not for CUSTOM",
      "apiVersion: security.istio.io/v1\n"
      "kind: AuthorizationPolicy\n"
      "metadata: {name: a, annotations: {istio.io/dry-run: \"true\"}}\n"
      "spec: {action: AUDIT, rules: [{}]}\n",
      "3:53 error metadata.annotations[istio.io/dry-run]: for policies with "
      "the action ALLOW or DENY only [IST0106]\n"
      "4:16 error metadata.annotations[istio.io/dry-run]: for policies with "
      "the action ALLOW or DENY only [IST0106]\n" },
    { "not for other kinds",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a, annotations: {istio.io/dry-run: \"true\"}}\n"
      "spec: {}\n",
      "3:53 error metadata.annotations[istio.io/dry-run]: for policies with "
      "the action ALLOW or DENY only [IST0106]\n" },
    { "one that is always refused",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a, annotations: "
      "{internal.istio.io/webhook-always-reject: x}}\n"
      "spec: {}\n",
      "3:35 error "
      "metadata.annotations[internal.istio.io/webhook-always-reject]: this "
      "annotation is the control plane's own [IST0106]\n" },
    { "those of the control plane",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a, annotations: {internal.istio.io/parents: x, "
      "internal.istio.io/parent-namespace: y}}\n"
      "spec: {}\n",
      "3:35 error metadata.annotations[internal.istio.io/parents]: this "
      "annotation is the control plane's own [IST0106]\n"
      "3:65 error metadata.annotations[internal.istio.io/parent-namespace]: "
      "this annotation is the control plane's own [IST0106]\n" },
};

static const struct say_row status[] = {
    { "one by the control plane",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a}\n"
      "spec: {}\n"
      "status: {conditions: [{type: a, status: \"True\", reason: b, message: "
      "c, observedGeneration: 1, lastProbeTime: \"2024-01-31T12:00:00Z\"}], "
      "observedGeneration: \"2\", validationMessages: [{level: INFO, "
      "documentationUrl: d, type: {code: e, name: f}}], other: 1}\n",
      "" },
    { "it is a mapping",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a}\n"
      "spec: {}\n"
      "status: []\n",
      "5:9 error status: wanted a mapping, found a list [IST0106]\n" },
    { "null is no value",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a}\n"
      "spec: {}\n"
      "status: null\n",
      "5:1 error status: may not be null [IST0106]\n" },
    { "its fields have types",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a}\n"
      "spec: {}\n"
      "status: {conditions: [{type: 1}], observedGeneration: 1.5, "
      "validationMessages: [{level: BAD}]}\n",
      "5:30 error status.conditions[0].type: wanted a string, found the number "
      "1 [IST0106] (quote it: \"1\")\n"
      "5:55 error status.observedGeneration: wanted a number or a name, found "
      "the number 1.5 [IST0106] (quote it: \"1.5\")\n"
      "5:89 error status.validationMessages[0].level: wanted one of UNKNOWN, "
      "ERROR, WARNING, INFO, found \"BAD\" [IST0106]\n" },
    { "its times are times",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a}\n"
      "spec: {}\n"
      "status: {conditions: [{lastProbeTime: \"2024-01-31T12:00:60Z\"}, "
      "{lastProbeTime: \"2024-01-31t12:00:00z\"}]}\n",
      "5:39 error status.conditions[0].lastProbeTime: wanted a time such as "
      "\"2024-01-31T12:00:00Z\", found \"2024-01-31T12:00:60Z\" [IST0106]\n" },
    { "its parts have no other fields",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a}\n"
      "spec: {}\n"
      "status: {conditions: [{foo: 1}]}\n",
      "5:24 error status.conditions[0]: unknown field \"foo\" [LM0002]\n" },
    { "a spec is no null",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a}\n"
      "spec: null\n",
      "4:1 error spec: may not be null [IST0106]\n" },
    { "other fields at the top",
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a}\n"
      "spec: {}\n"
      "Spec: {}\n"
      "items: []\n",
      "5:1 error unknown field \"Spec\" [LM0002] (did you mean \"spec\"?)\n"
      "6:1 error unknown field \"items\" [LM0002]\n" },
};

static void judges_types(void **state)
{
    (void)state;
    SAY_ERRORS(types);
}

static void judges_annotations(void **state)
{
    (void)state;
    SAY_ERRORS(annotations);
}

static void judges_status(void **state)
{
    (void)state;
    SAY_ERRORS(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_types),
        cmocka_unit_test(judges_annotations),
        cmocka_unit_test(judges_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
