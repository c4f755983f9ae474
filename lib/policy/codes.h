/*
 * codes.h - the codes of findings that need more than one resource, and what
 * became of each code of `istioctl analyze`.
 *
 * Istio's own where the meaning is the same: then the same resources are told
 * of, no more and no fewer. Its analyzers call some of these errors, but istiod
 * takes such a policy and so does this library: `error` is kept for what is not
 * loaded. What Istio has no code for has one of ours.
 *
 * istioctl leaves out an analyzer when a kind that it looks at cannot be had;
 * for files, these are Service, Pod, Namespace, Node and Secret. Here they are
 * read from the files as well, and such an analyzer is left out only while the
 * files hold none of what it looks for: "services" (Service, ServiceEntry),
 * "workloads" (Pod, WorkloadEntry) or "namespaces" (Namespace) below. They are
 * written elsewhere then. No finding is about kube-system and its like.
 *
 *   IST0001  -    an accident inside istioctl
 *   IST0002  told VirtualService fault.delay.percent, Sidecar egressProxy, a
 *                 Telemetry with a Lightstep provider; not removed CRDs: they
 *                 are not policies
 *   IST0101  told gateway, host+subset; with services host, host:port and the
 *                 same of mirrors; with workloads selector (Gateway, Sidecar,
 *                 Telemetry); with namespaces those of an AuthorizationPolicy;
 *                 not credentialName: secrets are no policies
 *   IST0102  -    nothing is injected here: who links the library is in
 *   IST0103  -    the same
 *   IST0106  told by schema/, as an error: not loaded
 *   IST0107  told of Service, Namespace, Pod and Deployment
 *   IST0108  told of the same
 *   IST0109  told
 *   IST0110  told with workloads
 *   IST0111  told with workloads or namespaces
 *   IST0112  told with services
 *   IST0116  -    Deployments are no workloads here
 *   IST0118  told
 *   IST0123  -    nothing is injected here
 *   IST0125  told of Pods, but for resource amounts and proxy configs, which
 *                 are a proxy's
 *   IST0126  -    MeshNetworks: of several clusters
 *   IST0127  told with workloads
 *   IST0128  told
 *   IST0129  told
 *   IST0130  told
 *   IST0131  told
 *   IST0132  told
 *   IST0133  -    warnings of the webhook: LM0008, or a code of its own
 *   IST0134  told
 *   IST0135  told as IST0107
 *   IST0136  -    no analyzer of this Istio says it
 *   IST0137  -    as IST0116
 *   IST0138  told
 *   IST0139  -    webhooks of the control plane
 *   IST0140  -    about routes of a gateway, which is a program of its own
 *   IST0141  -    needs a running cluster
 *   IST0142  -    the same
 *   IST0143  -    needs running Pods
 *   IST0144  -    users of containers: no policy
 *   IST0145  told with workloads
 *   IST0146  -    nothing is injected here
 *   IST0147  -    the same
 *   IST0148  -    the same
 *   IST0149  told with workloads
 *   IST0150  told
 *   IST0151  -    EnvoyFilter: there is no Envoy to patch
 *   IST0152  -    the same, to IST0155
 *   IST0156  -    Kubernetes Gateway API
 *   IST0157  told
 *   IST0158  -    nothing is injected here
 *   IST0159  told with workloads
 *   IST0160  told
 *   IST0161  -    secrets are no policies
 *   IST0162  -    about the Service of a gateway
 *   IST0163  -    webhooks of the control plane
 *   IST0164  -    the same
 *   IST0165  told
 *   IST0166  told with workloads
 *   IST0167  told with workloads or namespaces
 *   IST0168  -    an upgrade of Istio
 *   IST0169  -    the same
 *   IST0170  -    of several clusters
 *   IST0171  -    status is written by a control plane
 *   IST0172  -    Kubernetes Gateway API
 *   IST0173  told with services and workloads; not of a subset that selects
 *                 an endpoint of a ServiceEntry, or selects by place
 *   IST0174  told with services; not of a wildcard that covers one
 *   IST0175  told
 *   IST0176  -    Kubernetes Gateway API
 *   IST0177  told
 */
#ifndef MESH_POLICY_CODES_H
#define MESH_POLICY_CODES_H

/* A field or provider that is on its way out. */
#define MESH__CODE_DEPRECATED_USE "IST0002"
/* What a resource refers to is not there. */
#define MESH__CODE_NOT_FOUND "IST0101"
/* One host in several VirtualServices: only one of them is used. */
#define MESH__CODE_SAME_HOST "IST0109"
/* Two Sidecars that select one workload. */
#define MESH__CODE_SIDECARS_MEET "IST0110"
/* Two Sidecars of a namespace without selector. */
#define MESH__CODE_SIDECARS_TWICE "IST0111"
/* A destination without port, where the service has several. */
#define MESH__CODE_PORT_NEEDED "IST0112"
/* A port whose name tells no protocol. */
#define MESH__CODE_PORT_NAME "IST0118"
/* An AuthorizationPolicy that covers no workload. */
#define MESH__CODE_NO_WORKLOAD "IST0127"
/* TLS to a server whose certificate no named authority vouches for. */
#define MESH__CODE_UNCHECKED_SERVER "IST0128"
/* The same of one port. */
#define MESH__CODE_UNCHECKED_PORT "IST0129"
/* A route that no request reaches. */
#define MESH__CODE_UNREACHABLE "IST0130"
/* A match entry that an earlier one covers. */
#define MESH__CODE_COVERED "IST0131"
/* A VirtualService whose hosts its Gateway does not offer. */
#define MESH__CODE_NOT_OFFERED "IST0132"
/* A TCP port of a ServiceEntry without addresses. */
#define MESH__CODE_NO_ADDRESSES "IST0134"
/* One certificate in several Gateways. */
#define MESH__CODE_SAME_CERTIFICATE "IST0138"
/* Gateways of one selector, port and host. */
#define MESH__CODE_GATEWAYS_MEET "IST0145"
/* Routes by claims of a token that nobody checks. */
#define MESH__CODE_UNCHECKED_CLAIM "IST0149"
/* The same of an ExternalName service, which TCP would not do for. */
#define MESH__CODE_EXTERNAL_PORT_NAME "IST0150"
/* A Telemetry whose logging names no provider, and there is no default. */
#define MESH__CODE_NO_PROVIDER "IST0157"
/* Two Telemetries that select one workload. */
#define MESH__CODE_TELEMETRIES_MEET "IST0159"
/* Two Telemetries of a namespace without selector. */
#define MESH__CODE_TELEMETRIES_TWICE "IST0160"
/* A Gateway that Istio made for itself. */
#define MESH__CODE_INTERNAL_GATEWAY "IST0165"
/* A selector that means a Kubernetes Gateway. */
#define MESH__CODE_GATEWAY_SELECTED "IST0166"
/* A Sidecar where there are no sidecars. */
#define MESH__CODE_NO_SIDECARS "IST0167"
/* A subset whose labels select no workload. */
#define MESH__CODE_EMPTY_SUBSET "IST0173"
/* A DestinationRule for a host that is no service. */
#define MESH__CODE_UNKNOWN_HOST "IST0174"
/* istiod fetches keys from wherever a RequestAuthentication says. */
#define MESH__CODE_FETCHES_ANYWHERE "IST0175"
/* One host and port with different protocols. */
#define MESH__CODE_PROTOCOLS_DIFFER "IST0177"

/* Too few endpoints for maxEjectionPercent ever to allow an ejection. */
#define MESH__CODE_NEVER_EJECTS "LM0101"
/* More than one MeshConfig: the later one's fields replace the earlier's. */
#define MESH__CODE_SEVERAL_CONFIGS "LM0102"
/* An endpoint whose address is a name or a socket: nothing is sent there. */
#define MESH__CODE_UNUSABLE_ADDRESS "LM0103"
/* A PeerAuthentication that Istio ignores: a selector in the root namespace. */
#define MESH__CODE_IGNORED "LM0104"
/* More in a list than this version has room for. */
#define MESH__CODE_TOO_MANY "LM0105"
/* An action of a route that cannot be done as it is written. */
#define MESH__CODE_CANNOT "LM0110"
/* A match entry that an earlier one covers, unseen by Istio's analyzers. */
#define MESH__CODE_MATCH_TAKEN "LM0121"
/* A route all of whose entries are covered, unseen by Istio's analyzers. */
#define MESH__CODE_ROUTE_TAKEN "LM0122"
/* A match that no request can meet. */
#define MESH__CODE_IMPOSSIBLE_MATCH "LM0123"
/* A subset that selects none of its own service's endpoints. */
#define MESH__CODE_SUBSET_ELSEWHERE "LM0124"
/* A selector that covers no workload, of a kind that Istio does not look at. */
#define MESH__CODE_COVERS_NOBODY "LM0125"
/* A VirtualService whose routes for a host another one's stand in for. */
#define MESH__CODE_HOST_TAKEN "LM0126"
/* A DestinationRule that a nearer one hides from clients. */
#define MESH__CODE_RULE_HIDDEN "LM0127"
/* Parts of a DestinationRule that an older one of its host has already. */
#define MESH__CODE_RULE_MERGED "LM0128"
/* An authorization rule that no request can match. */
#define MESH__CODE_IMPOSSIBLE_RULE "LM0129"
/* A host that is kept out in one spelling and gets in by another. */
#define MESH__CODE_OTHER_SPELLING "LM0130"

#endif
