# tests/differential: cases recorded from real istiod and real Envoys, played
# with a libmesh program in each workload's place (scripts/suites).
noinst_PROGRAMS += tests/differential/workload
tests_differential_workload_SOURCES = tests/differential/workload.c \
	tests/differential/talk.c tests/differential/talk.h \
	tests/differential/words.c tests/differential/words.h
tests_differential_workload_LDADD = $(MESH_LIBS) $(PTHREAD_LIBS)

EXTRA_DIST += tests/differential/README.md tests/differential/play \
	tests/differential/player/__init__.py \
	tests/differential/player/apps.py \
	tests/differential/player/compare.py \
	tests/differential/player/processes.py \
	tests/differential/player/send.py \
	tests/differential/player/streams.py \
	tests/differential/player/topology.py
EXTRA_DIST += tests/differential/cases/seed-authz.yaml \
	tests/differential/cases/seed-authz.seen.jsonl
EXTRA_DIST += tests/differential/cases/seed-canary-header.yaml \
	tests/differential/cases/seed-canary-header.seen.jsonl
EXTRA_DIST += tests/differential/cases/seed-outlier-two-endpoints.yaml \
	tests/differential/cases/seed-outlier-two-endpoints.seen.jsonl
EXTRA_DIST += tests/differential/cases/seed-outlier.yaml \
	tests/differential/cases/seed-outlier.seen.jsonl
EXTRA_DIST += tests/differential/cases/seed-permissive.yaml \
	tests/differential/cases/seed-permissive.seen.jsonl
EXTRA_DIST += tests/differential/cases/seed-pool-overflow.yaml \
	tests/differential/cases/seed-pool-overflow.seen.jsonl
EXTRA_DIST += tests/differential/cases/seed-retries.yaml \
	tests/differential/cases/seed-retries.seen.jsonl
EXTRA_DIST += tests/differential/cases/seed-strict.yaml \
	tests/differential/cases/seed-strict.seen.jsonl
EXTRA_DIST += tests/differential/cases/seed-timeout.yaml \
	tests/differential/cases/seed-timeout.seen.jsonl
EXTRA_DIST += tests/differential/cases/seed-weights.yaml \
	tests/differential/cases/seed-weights.seen.jsonl
EXTRA_DIST += tests/differential/cases/authz-order.yaml \
	tests/differential/cases/authz-order.seen.jsonl
EXTRA_DIST += tests/differential/cases/normalize-none.yaml \
	tests/differential/cases/normalize-none.seen.jsonl
EXTRA_DIST += tests/differential/cases/peer-authentication.yaml \
	tests/differential/cases/peer-authentication.seen.jsonl
EXTRA_DIST += tests/differential/cases/client-envoy-headers.yaml \
	tests/differential/cases/client-envoy-headers.seen.jsonl
EXTRA_DIST += tests/differential/cases/no-cluster-no-endpoint.yaml \
	tests/differential/cases/no-cluster-no-endpoint.seen.jsonl
EXTRA_DIST += tests/differential/cases/consistent-hash-header.yaml \
	tests/differential/cases/consistent-hash-header.seen.jsonl
EXTRA_DIST += tests/differential/cases/consistent-hash-maglev.yaml \
	tests/differential/cases/consistent-hash-maglev.seen.jsonl
EXTRA_DIST += tests/differential/cases/consistent-hash-more.yaml \
	tests/differential/cases/consistent-hash-more.seen.jsonl
EXTRA_DIST += tests/differential/cases/consistent-hash-other.yaml \
	tests/differential/cases/consistent-hash-other.seen.jsonl
EXTRA_DIST += tests/differential/cases/locality-distribute.yaml \
	tests/differential/cases/locality-distribute.seen.jsonl
EXTRA_DIST += tests/differential/cases/locality-failover.yaml \
	tests/differential/cases/locality-failover.seen.jsonl
EXTRA_DIST += tests/differential/cases/outlier.yaml \
	tests/differential/cases/outlier.seen.jsonl
EXTRA_DIST += tests/differential/cases/outlier-merge-window.yaml \
	tests/differential/cases/outlier-merge-window.seen.jsonl
EXTRA_DIST += tests/differential/cases/outlier-more.yaml \
	tests/differential/cases/outlier-more.seen.jsonl
EXTRA_DIST += tests/differential/cases/pool-overflow.yaml \
	tests/differential/cases/pool-overflow.seen.jsonl
EXTRA_DIST += tests/differential/cases/retry-other-endpoint.yaml \
	tests/differential/cases/retry-other-endpoint.seen.jsonl
EXTRA_DIST += tests/differential/cases/actions-rare.yaml \
	tests/differential/cases/actions-rare.seen.jsonl
EXTRA_DIST += tests/differential/cases/cors.yaml \
	tests/differential/cases/cors.seen.jsonl
EXTRA_DIST += tests/differential/cases/delegate.yaml \
	tests/differential/cases/delegate.seen.jsonl
EXTRA_DIST += tests/differential/cases/direct-response.yaml \
	tests/differential/cases/direct-response.seen.jsonl
EXTRA_DIST += tests/differential/cases/fault.yaml \
	tests/differential/cases/fault.seen.jsonl
EXTRA_DIST += tests/differential/cases/forwarded-headers.yaml \
	tests/differential/cases/forwarded-headers.seen.jsonl
EXTRA_DIST += tests/differential/cases/headers-order.yaml \
	tests/differential/cases/headers-order.seen.jsonl
EXTRA_DIST += tests/differential/cases/local-reply-headers.yaml \
	tests/differential/cases/local-reply-headers.seen.jsonl
EXTRA_DIST += tests/differential/cases/match-headers.yaml \
	tests/differential/cases/match-headers.seen.jsonl
EXTRA_DIST += tests/differential/cases/match-headers-repeated.yaml \
	tests/differential/cases/match-headers-repeated.seen.jsonl
EXTRA_DIST += tests/differential/cases/match-ignore-case.yaml \
	tests/differential/cases/match-ignore-case.seen.jsonl
EXTRA_DIST += tests/differential/cases/match-path.yaml \
	tests/differential/cases/match-path.seen.jsonl
EXTRA_DIST += tests/differential/cases/match-query.yaml \
	tests/differential/cases/match-query.seen.jsonl
EXTRA_DIST += tests/differential/cases/match-without-headers.yaml \
	tests/differential/cases/match-without-headers.seen.jsonl
EXTRA_DIST += tests/differential/cases/mirror.yaml \
	tests/differential/cases/mirror.seen.jsonl
EXTRA_DIST += tests/differential/cases/redirect.yaml \
	tests/differential/cases/redirect.seen.jsonl
EXTRA_DIST += tests/differential/cases/retry-tokens.yaml \
	tests/differential/cases/retry-tokens.seen.jsonl
EXTRA_DIST += tests/differential/cases/rewrite.yaml \
	tests/differential/cases/rewrite.seen.jsonl
EXTRA_DIST += tests/differential/cases/timeouts.yaml \
	tests/differential/cases/timeouts.seen.jsonl
EXTRA_DIST += tests/differential/cases/delegate-routes.yaml \
	tests/differential/cases/delegate-routes.seen.jsonl
EXTRA_DIST += tests/differential/cases/mesh-defaults.yaml \
	tests/differential/cases/mesh-defaults.seen.jsonl
EXTRA_DIST += tests/differential/cases/ports-and-names.yaml \
	tests/differential/cases/ports-and-names.seen.jsonl
EXTRA_DIST += tests/differential/cases/rules-scope.yaml \
	tests/differential/cases/rules-scope.seen.jsonl
EXTRA_DIST += tests/differential/cases/sidecar-scope.yaml \
	tests/differential/cases/sidecar-scope.seen.jsonl
EXTRA_DIST += tests/differential/cases/visibility-routes.yaml \
	tests/differential/cases/visibility-routes.seen.jsonl
EXTRA_DIST += tests/differential/cases/base/topology.yaml \
	tests/differential/cases/parts/subsets.yaml
EXTRA_DIST += tests/differential/cases/dr-tls.yaml \
	tests/differential/cases/dr-tls.seen.jsonl
EXTRA_DIST += tests/differential/cases/unknown-host-allow-any.yaml \
	tests/differential/cases/unknown-host-allow-any.seen.jsonl
EXTRA_DIST += tests/differential/cases/unknown-host-registry-only.yaml \
	tests/differential/cases/unknown-host-registry-only.seen.jsonl
EXTRA_DIST += tests/differential/cases/authz-conditions.yaml \
	tests/differential/cases/authz-conditions.seen.jsonl
EXTRA_DIST += tests/differential/cases/hop-by-hop.yaml \
	tests/differential/cases/hop-by-hop.seen.jsonl
EXTRA_DIST += tests/differential/cases/normalize-base.yaml \
	tests/differential/cases/normalize-base.seen.jsonl
EXTRA_DIST += tests/differential/cases/normalize-merge-slashes.yaml \
	tests/differential/cases/normalize-merge-slashes.seen.jsonl
EXTRA_DIST += tests/differential/cases/normalize-decode-and-merge-slashes.yaml \
	tests/differential/cases/normalize-decode-and-merge-slashes.seen.jsonl
EXTRA_DIST += tests/differential/cases/service-entry.yaml \
	tests/differential/cases/service-entry.seen.jsonl
EXTRA_DIST += tests/differential/cases/sidecar-egress.yaml \
	tests/differential/cases/sidecar-egress.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp.yaml \
	tests/differential/cases/tcp.seen.jsonl
EXTRA_DIST += tests/differential/cases/tracing.yaml \
	tests/differential/cases/tracing.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-static.yaml \
	tests/differential/cases/se-static.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-workloads.yaml \
	tests/differential/cases/se-workloads.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-export.yaml \
	tests/differential/cases/se-export.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-two-entries.yaml \
	tests/differential/cases/se-two-entries.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-wildcard.yaml \
	tests/differential/cases/se-wildcard.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-entries.yaml \
	tests/differential/cases/tcp-entries.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-mtls.yaml \
	tests/differential/cases/tcp-mtls.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-nowhere.yaml \
	tests/differential/cases/tcp-nowhere.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-routes.yaml \
	tests/differential/cases/tcp-routes.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-subnets.yaml \
	tests/differential/cases/tcp-subnets.seen.jsonl
EXTRA_DIST += tests/differential/cases/authz-streams.yaml \
	tests/differential/cases/authz-streams.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-unknown-allow-any.yaml \
	tests/differential/cases/tcp-unknown-allow-any.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-unknown-registry-only.yaml \
	tests/differential/cases/tcp-unknown-registry-only.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-addresses.yaml \
	tests/differential/cases/se-addresses.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-locality.yaml \
	tests/differential/cases/se-locality.seen.jsonl
EXTRA_DIST += tests/differential/cases/sidecar-ports.yaml \
	tests/differential/cases/sidecar-ports.seen.jsonl
EXTRA_DIST += tests/differential/cases/sidecar-policy.yaml \
	tests/differential/cases/sidecar-policy.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-sans.yaml \
	tests/differential/cases/se-sans.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-subsets.yaml \
	tests/differential/cases/se-subsets.seen.jsonl
EXTRA_DIST += tests/differential/cases/sidecar-hosts.yaml \
	tests/differential/cases/sidecar-hosts.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-elsewhere.yaml \
	tests/differential/cases/tcp-elsewhere.seen.jsonl
EXTRA_DIST += tests/differential/cases/tls-default.yaml \
	tests/differential/cases/tls-default.seen.jsonl
EXTRA_DIST += tests/differential/cases/tls-sni.yaml \
	tests/differential/cases/tls-sni.seen.jsonl
EXTRA_DIST += tests/differential/cases/tls-services.yaml \
	tests/differential/cases/tls-services.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-limits.yaml \
	tests/differential/cases/tcp-limits.seen.jsonl
EXTRA_DIST += tests/differential/cases/authz-streams-when.yaml \
	tests/differential/cases/authz-streams-when.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-none.yaml \
	tests/differential/cases/se-none.seen.jsonl
EXTRA_DIST += tests/differential/cases/sidecar-streams.yaml \
	tests/differential/cases/sidecar-streams.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-locality.yaml \
	tests/differential/cases/tcp-locality.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-tls.yaml \
	tests/differential/cases/se-tls.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-visibility.yaml \
	tests/differential/cases/se-visibility.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-two-names.yaml \
	tests/differential/cases/se-two-names.seen.jsonl
EXTRA_DIST += tests/differential/cases/svc-endpoints.yaml \
	tests/differential/cases/svc-endpoints.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-wild.yaml \
	tests/differential/cases/tcp-wild.seen.jsonl
EXTRA_DIST += tests/differential/cases/se-registry.yaml \
	tests/differential/cases/se-registry.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-server-side.yaml \
	tests/differential/cases/tcp-server-side.seen.jsonl
