/*
 * rules.c - what the code of a finding means, in one sentence, and where the
 * rule is from. Findings themselves say what was wanted and what was found.
 */
#include "api/inside.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *code;
    const char *text;
} rules[] = {
    { "IST0002", "What is used is on its way out of Istio." },
    { "IST0101", "What a resource refers to is not there." },
    { "IST0106", "Istio's schema or webhook rejects it as well." },
    { "IST0107", "An annotation of Istio's means nothing on this kind." },
    { "IST0108", "Istio does not know this annotation in its name." },
    { "IST0109", "Several VirtualServices have one host: one is used." },
    { "IST0110", "Two Sidecars select one workload." },
    { "IST0111", "Two Sidecars of a namespace have no selector." },
    { "IST0112", "A destination names no port, and there are several." },
    { "IST0118", "The name of a port tells no protocol." },
    { "IST0125", "An annotation says what it may not." },
    { "IST0127", "An AuthorizationPolicy covers no workload." },
    { "IST0128", "Nobody vouches for the certificate of a TLS server." },
    { "IST0129", "Nobody vouches for the certificate of a TLS port." },
    { "IST0130", "No request reaches a route." },
    { "IST0131", "An earlier match takes all that this one could." },
    { "IST0132", "A Gateway does not offer the host of a VirtualService." },
    { "IST0134", "A TCP port of a ServiceEntry has no addresses." },
    { "IST0135", "An annotation is on its way out." },
    { "IST0138", "Several Gateways have one certificate." },
    { "IST0145", "Gateways have one selector, port and host." },
    { "IST0149", "Routes look at a token that nobody checks." },
    { "IST0150", "The name of a port of an external name tells no protocol." },
    { "IST0157", "A Telemetry names no provider, and there is no default." },
    { "IST0159", "Two Telemetries select one workload." },
    { "IST0160", "Two Telemetries of a namespace have no selector." },
    { "IST0165", "A Gateway is one that Istio made for itself." },
    { "IST0166", "A selector means a Kubernetes Gateway." },
    { "IST0167", "A Sidecar stands where there are no sidecars." },
    { "IST0173", "The labels of a subset select no workload." },
    { "IST0174", "A DestinationRule is for a host that is no service." },
    { "IST0175", "Keys are fetched from wherever a resource says." },
    { "IST0177", "One host and port has different protocols." },

    { "LM0001", "The text is no YAML, or not the part of it that is taken." },
    { "LM0002", "The kind has no such field." },
    { "LM0003", "It has no effect here." },
    { "LM0004", "It is valid for Istio, but cannot be left out safely." },
    { "LM0005", "The kind or apiVersion is missing, misspelt or unknown." },
    { "LM0006", "A bound on size, number or depth is met." },
    { "LM0007", "A resource of the same name comes later: that one counts." },
    { "LM0008", "Istio accepts it with a warning." },
    { "LM0101", "There are too few endpoints for an ejection." },
    { "LM0102", "There are several MeshConfigs: later fields count." },
    { "LM0103", "An endpoint is no IP address: nothing is sent there." },
    { "LM0104", "Istio ignores the resource." },
    { "LM0105", "A list has more than this version has room for." },
    { "LM0110", "What a route is to do cannot be done as it is written." },
    { "LM0121", "An earlier match takes all that this one could." },
    { "LM0122", "Earlier routes take all that this one could." },
    { "LM0123", "No request can meet a match." },
    { "LM0124", "A subset selects none of its own service's endpoints." },
    { "LM0125", "A selector covers no workload." },
    { "LM0126", "The routes of another VirtualService stand for a host." },
    { "LM0127", "A nearer DestinationRule hides this one." },
    { "LM0128", "An older DestinationRule of the host has this already." },
    { "LM0129", "No request can match an authorization rule." },
    { "LM0130", "A host is kept out in one spelling only." },
};

const char *mesh__rule_text(const char *code)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(rules[i].code, code) == 0)
            return rules[i].text;
    return "";
}

const char *mesh__rule_source(const char *code, char out[MESH__SOURCE_BYTES])
{
    out[0] = '\0';
    if (strncmp(code, "IST", 3) == 0)
        (void)snprintf(out, MESH__SOURCE_BYTES,
                       "https://istio.io/latest/docs/reference/config/analysis/"
                       "ist%s/",
                       code + 3);
    return out;
}
