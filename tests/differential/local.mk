# tests/differential: cases recorded from real istiod and real Envoys, played
# with a libmesh program in each workload's place (scripts/suites).
noinst_PROGRAMS += tests/differential/workload
tests_differential_workload_SOURCES = tests/differential/workload.c \
	tests/differential/words.c tests/differential/words.h
tests_differential_workload_LDADD = $(MESH_LIBS) $(PTHREAD_LIBS)

EXTRA_DIST += tests/differential/README.md tests/differential/play \
	tests/differential/coverage \
	tests/differential/player/__init__.py \
	tests/differential/player/apps.py \
	tests/differential/player/compare.py \
	tests/differential/player/processes.py \
	tests/differential/player/send.py \
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
EXTRA_DIST += tests/differential/cases/authz-headers-joined.yaml \
	tests/differential/cases/authz-headers-joined.seen.jsonl
EXTRA_DIST += tests/differential/cases/client-headers-outside.yaml \
	tests/differential/cases/client-headers-outside.seen.jsonl
EXTRA_DIST += tests/differential/cases/headers-joined.yaml \
	tests/differential/cases/headers-joined.seen.jsonl
EXTRA_DIST += tests/differential/cases/headers-joined-answers.yaml \
	tests/differential/cases/headers-joined-answers.seen.jsonl
EXTRA_DIST += tests/differential/cases/tcp-gateways.yaml \
	tests/differential/cases/tcp-gateways.seen.jsonl
EXTRA_DIST += tests/differential/cases/tls-more.yaml \
	tests/differential/cases/tls-more.seen.jsonl
EXTRA_DIST += tests/differential/cases/retry-no-sidecar.yaml \
	tests/differential/cases/retry-no-sidecar.seen.jsonl
EXTRA_DIST += tests/differential/cases/two-virtualservices.yaml \
	tests/differential/cases/two-virtualservices.seen.jsonl
EXTRA_DIST += tests/differential/cases/two-virtualservices-age.yaml \
	tests/differential/cases/two-virtualservices-age.seen.jsonl
EXTRA_DIST += tests/differential/cases/visibility-and-source.yaml \
	tests/differential/cases/visibility-and-source.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-client-headers.yaml \
	tests/differential/cases/vs-client-headers.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-combined.yaml \
	tests/differential/cases/vs-combined.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-cors-answers.yaml \
	tests/differential/cases/vs-cors-answers.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-cors-origins.yaml \
	tests/differential/cases/vs-cors-origins.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-cors-preflights.yaml \
	tests/differential/cases/vs-cors-preflights.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-delegate-actions.yaml \
	tests/differential/cases/vs-delegate-actions.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-delegate-conflicts.yaml \
	tests/differential/cases/vs-delegate-conflicts.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-delegate-kinds.yaml \
	tests/differential/cases/vs-delegate-kinds.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-delegate-none-left.yaml \
	tests/differential/cases/vs-delegate-none-left.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-delegate-shared.yaml \
	tests/differential/cases/vs-delegate-shared.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-destinations.yaml \
	tests/differential/cases/vs-destinations.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-direct-statuses.yaml \
	tests/differential/cases/vs-direct-statuses.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-export-to.yaml \
	tests/differential/cases/vs-export-to.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-fault-aborts.yaml \
	tests/differential/cases/vs-fault-aborts.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-fault-delays.yaml \
	tests/differential/cases/vs-fault-delays.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-gateways.yaml \
	tests/differential/cases/vs-gateways.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-headers-destination.yaml \
	tests/differential/cases/vs-headers-destination.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-headers-host.yaml \
	tests/differential/cases/vs-headers-host.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-headers-joined.yaml \
	tests/differential/cases/vs-headers-joined.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-headers-request.yaml \
	tests/differential/cases/vs-headers-request.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-headers-response.yaml \
	tests/differential/cases/vs-headers-response.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-hosts-beside-services.yaml \
	tests/differential/cases/vs-hosts-beside-services.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-hosts-overlap.yaml \
	tests/differential/cases/vs-hosts-overlap.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-hosts-own-namespace-private.yaml \
	tests/differential/cases/vs-hosts-own-namespace-private.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-hosts-several.yaml \
	tests/differential/cases/vs-hosts-several.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-hosts-two-namespaces.yaml \
	tests/differential/cases/vs-hosts-two-namespaces.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-hosts-wildcard.yaml \
	tests/differential/cases/vs-hosts-wildcard.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-and.yaml \
	tests/differential/cases/vs-match-and.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-authority.yaml \
	tests/differential/cases/vs-match-authority.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-known-headers.yaml \
	tests/differential/cases/vs-match-known-headers.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-method.yaml \
	tests/differential/cases/vs-match-method.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-or.yaml \
	tests/differential/cases/vs-match-or.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-order.yaml \
	tests/differential/cases/vs-match-order.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-port.yaml \
	tests/differential/cases/vs-match-port.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-pseudo-headers.yaml \
	tests/differential/cases/vs-match-pseudo-headers.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-query-more.yaml \
	tests/differential/cases/vs-match-query-more.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-regex.yaml \
	tests/differential/cases/vs-match-regex.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-scheme.yaml \
	tests/differential/cases/vs-match-scheme.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-source.yaml \
	tests/differential/cases/vs-match-source.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-uri-corners.yaml \
	tests/differential/cases/vs-match-uri-corners.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-match-without-headers-more.yaml \
	tests/differential/cases/vs-match-without-headers-more.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-mirror-corners.yaml \
	tests/differential/cases/vs-mirror-corners.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-mirrors.yaml \
	tests/differential/cases/vs-mirrors.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-no-rules-fit.yaml \
	tests/differential/cases/vs-no-rules-fit.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-redirect-more.yaml \
	tests/differential/cases/vs-redirect-more.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-redirect-schemes.yaml \
	tests/differential/cases/vs-redirect-schemes.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-retry-attempts.yaml \
	tests/differential/cases/vs-retry-attempts.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-retry-backoff.yaml \
	tests/differential/cases/vs-retry-backoff.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-retry-connections.yaml \
	tests/differential/cases/vs-retry-connections.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-retry-destinations.yaml \
	tests/differential/cases/vs-retry-destinations.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-retry-grpc.yaml \
	tests/differential/cases/vs-retry-grpc.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-retry-localities.yaml \
	tests/differential/cases/vs-retry-localities.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-retry-statuses.yaml \
	tests/differential/cases/vs-retry-statuses.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-retry-try-timeout.yaml \
	tests/differential/cases/vs-retry-try-timeout.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-rewrite-authority.yaml \
	tests/differential/cases/vs-rewrite-authority.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-rewrite-prefix.yaml \
	tests/differential/cases/vs-rewrite-prefix.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-rewrite-regex.yaml \
	tests/differential/cases/vs-rewrite-regex.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-route-names.yaml \
	tests/differential/cases/vs-route-names.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-several-ports.yaml \
	tests/differential/cases/vs-several-ports.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-timeouts.yaml \
	tests/differential/cases/vs-timeouts.seen.jsonl
EXTRA_DIST += tests/differential/cases/vs-weights-several.yaml \
	tests/differential/cases/vs-weights-several.seen.jsonl
EXTRA_DIST += tests/differential/cases/weights.yaml \
	tests/differential/cases/weights.seen.jsonl
EXTRA_DIST += tests/differential/cases/base/topology.yaml \
	tests/differential/cases/parts/subsets.yaml
EXTRA_DIST += tests/differential/cases/dr-tls.yaml \
	tests/differential/cases/dr-tls.seen.jsonl
EXTRA_DIST += tests/differential/cases/unknown-host-allow-any.yaml \
	tests/differential/cases/unknown-host-allow-any.seen.jsonl
EXTRA_DIST += tests/differential/cases/unknown-host-registry-only.yaml \
	tests/differential/cases/unknown-host-registry-only.seen.jsonl
