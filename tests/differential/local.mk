# tests/differential: cases recorded from real istiod and real Envoys, played
# with a libmesh program in each workload's place (scripts/suites).
noinst_PROGRAMS += tests/differential/workload
tests_differential_workload_SOURCES = tests/differential/workload.c \
	tests/differential/talk.c tests/differential/talk.h \
	tests/differential/words.c tests/differential/words.h
tests_differential_workload_LDADD = $(MESH_LIBS) $(PTHREAD_LIBS)

EXTRA_DIST += tests/differential/README.md tests/differential/play \
	tests/differential/coverage \
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
EXTRA_DIST += tests/differential/cases/retry-budget.yaml \
	tests/differential/cases/retry-budget.seen.jsonl
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
EXTRA_DIST += tests/differential/cases/tcp-keepalive.yaml \
	tests/differential/cases/tcp-keepalive.seen.jsonl
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
	tests/differential/cases/parts/bare.yaml \
	tests/differential/cases/parts/geo.yaml \
	tests/differential/cases/parts/tls-server.yaml \
	tests/differential/cases/parts/subsets.yaml
EXTRA_DIST += tests/differential/cases/dr-tls.yaml \
	tests/differential/cases/dr-tls.seen.jsonl
EXTRA_DIST += tests/differential/cases/unknown-host-allow-any.yaml \
	tests/differential/cases/unknown-host-allow-any.seen.jsonl
EXTRA_DIST += tests/differential/cases/unknown-host-registry-only.yaml \
	tests/differential/cases/unknown-host-registry-only.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-balance-names.yaml \
	tests/differential/cases/dr-balance-names.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-balance-passthrough-levels.yaml \
	tests/differential/cases/dr-balance-passthrough-levels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-balance-passthrough.yaml \
	tests/differential/cases/dr-balance-passthrough.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-balance-round-robin.yaml \
	tests/differential/cases/dr-balance-round-robin.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-balance-weights.yaml \
	tests/differential/cases/dr-balance-weights.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-export-default.yaml \
	tests/differential/cases/dr-export-default.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-export-namespaces.yaml \
	tests/differential/cases/dr-export-namespaces.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-export-private.yaml \
	tests/differential/cases/dr-export-private.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-host-names.yaml \
	tests/differential/cases/dr-host-names.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-host-wildcard.yaml \
	tests/differential/cases/dr-host-wildcard.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-levels-connections.yaml \
	tests/differential/cases/dr-levels-connections.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-levels-cookie.yaml \
	tests/differential/cases/dr-levels-cookie.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-levels-mesh.yaml \
	tests/differential/cases/dr-levels-mesh.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-levels-outlier.yaml \
	tests/differential/cases/dr-levels-outlier.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-levels-pool.yaml \
	tests/differential/cases/dr-levels-pool.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-levels-tls-dropped.yaml \
	tests/differential/cases/dr-levels-tls-dropped.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-levels-tls.yaml \
	tests/differential/cases/dr-levels-tls.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-lookup-never-merges.yaml \
	tests/differential/cases/dr-lookup-never-merges.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-lookup-order.yaml \
	tests/differential/cases/dr-lookup-order.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-pool-age.yaml \
	tests/differential/cases/dr-pool-age.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-pool-idle.yaml \
	tests/differential/cases/dr-pool-idle.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-pool-pending.yaml \
	tests/differential/cases/dr-pool-pending.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-pool-requests.yaml \
	tests/differential/cases/dr-pool-requests.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-pool-zero.yaml \
	tests/differential/cases/dr-pool-zero.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-root-for-all.yaml \
	tests/differential/cases/dr-root-for-all.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-same-host-apart.yaml \
	tests/differential/cases/dr-same-host-apart.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-same-host-merged.yaml \
	tests/differential/cases/dr-same-host-merged.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-selector-merged.yaml \
	tests/differential/cases/dr-selector-merged.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-selector.yaml \
	tests/differential/cases/dr-selector.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-service-entry-host.yaml \
	tests/differential/cases/dr-service-entry-host.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-subset-labels.yaml \
	tests/differential/cases/dr-subset-labels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-subset-on-port.yaml \
	tests/differential/cases/dr-subset-on-port.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-warmup.yaml \
	tests/differential/cases/dr-warmup.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-ejected.yaml \
	tests/differential/cases/dr-hash-ejected.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-header-levels.yaml \
	tests/differential/cases/dr-hash-header-levels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-maglev-size.yaml \
	tests/differential/cases/dr-hash-maglev-size.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-query-levels.yaml \
	tests/differential/cases/dr-hash-query-levels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-ring-size-old.yaml \
	tests/differential/cases/dr-hash-ring-size-old.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-ring-size.yaml \
	tests/differential/cases/dr-hash-ring-size.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-source-levels.yaml \
	tests/differential/cases/dr-hash-source-levels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-weighted.yaml \
	tests/differential/cases/dr-hash-weighted.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-pool-connect-timeout.yaml \
	tests/differential/cases/dr-pool-connect-timeout.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-pool-retries.yaml \
	tests/differential/cases/dr-pool-retries.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-pool-upgrade.yaml \
	tests/differential/cases/dr-pool-upgrade.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-retry-budget.yaml \
	tests/differential/cases/dr-retry-budget.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-distribute-forms.yaml \
	tests/differential/cases/dr-locality-distribute-forms.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-distribute-levels.yaml \
	tests/differential/cases/dr-locality-distribute-levels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-enabled-levels.yaml \
	tests/differential/cases/dr-locality-enabled-levels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-failover-levels.yaml \
	tests/differential/cases/dr-locality-failover-levels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-failover-lost.yaml \
	tests/differential/cases/dr-locality-failover-lost.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-failover-priority-levels.yaml \
	tests/differential/cases/dr-locality-failover-priority-levels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-failover-priority-value.yaml \
	tests/differential/cases/dr-locality-failover-priority-value.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-failover-priority.yaml \
	tests/differential/cases/dr-locality-failover-priority.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-failover-region.yaml \
	tests/differential/cases/dr-locality-failover-region.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-off.yaml \
	tests/differential/cases/dr-locality-off.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-outlier-apart.yaml \
	tests/differential/cases/dr-outlier-apart.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-outlier-gateway.yaml \
	tests/differential/cases/dr-outlier-gateway.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-outlier-levels.yaml \
	tests/differential/cases/dr-outlier-levels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-outlier-refused.yaml \
	tests/differential/cases/dr-outlier-refused.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-outlier-return.yaml \
	tests/differential/cases/dr-outlier-return.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-outlier-share.yaml \
	tests/differential/cases/dr-outlier-share.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-tls-empty.yaml \
	tests/differential/cases/dr-tls-empty.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-tls-entry-names.yaml \
	tests/differential/cases/dr-tls-entry-names.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-tls-levels.yaml \
	tests/differential/cases/dr-tls-levels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-tls-mutual.yaml \
	tests/differential/cases/dr-tls-mutual.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-tls-names.yaml \
	tests/differential/cases/dr-tls-names.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-tls-simple.yaml \
	tests/differential/cases/dr-tls-simple.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-zone-aware-levels.yaml \
	tests/differential/cases/dr-zone-aware-levels.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-places.yaml \
	tests/differential/cases/dr-hash-places.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-weights.yaml \
	tests/differential/cases/dr-hash-weights.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-headless.yaml \
	tests/differential/cases/dr-headless.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-mesh-locality.yaml \
	tests/differential/cases/dr-mesh-locality.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-mesh-passthrough.yaml \
	tests/differential/cases/dr-mesh-passthrough.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-outlier-attempts.yaml \
	tests/differential/cases/dr-outlier-attempts.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-pool-idle-more.yaml \
	tests/differential/cases/dr-pool-idle-more.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-port-unknown.yaml \
	tests/differential/cases/dr-port-unknown.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-selector-places.yaml \
	tests/differential/cases/dr-selector-places.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-subset-pool.yaml \
	tests/differential/cases/dr-subset-pool.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-tls-auto-sni.yaml \
	tests/differential/cases/dr-tls-auto-sni.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-tls-blind.yaml \
	tests/differential/cases/dr-tls-blind.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-traffic-distribution.yaml \
	tests/differential/cases/dr-traffic-distribution.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-zone-aware-more.yaml \
	tests/differential/cases/dr-zone-aware-more.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-entry-inside.yaml \
	tests/differential/cases/dr-entry-inside.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-cookie-forms.yaml \
	tests/differential/cases/dr-hash-cookie-forms.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-hash-header-names.yaml \
	tests/differential/cases/dr-hash-header-names.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-host-everything.yaml \
	tests/differential/cases/dr-host-everything.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-distribute-ejected.yaml \
	tests/differential/cases/dr-locality-distribute-ejected.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-locality-panic.yaml \
	tests/differential/cases/dr-locality-panic.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-pool-two-endpoints.yaml \
	tests/differential/cases/dr-pool-two-endpoints.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-sidecar.yaml \
	tests/differential/cases/dr-sidecar.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-subset-places.yaml \
	tests/differential/cases/dr-subset-places.seen.jsonl
EXTRA_DIST += tests/differential/cases/dr-tls-against-peer.yaml \
	tests/differential/cases/dr-tls-against-peer.seen.jsonl
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
EXTRA_DIST += tests/differential/cases/tcp-bounds.yaml \
	tests/differential/cases/tcp-bounds.seen.jsonl
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
