# tests/differential: cases recorded from real istiod and real Envoys, played
# with a libmesh program in each workload's place (scripts/suites).
noinst_PROGRAMS += tests/differential/workload
tests_differential_workload_SOURCES = tests/differential/workload.c \
	tests/differential/words.c tests/differential/words.h
tests_differential_workload_LDADD = $(MESH_LIBS) $(PTHREAD_LIBS)

# And those that asked them.
EXTRA_DIST += \
	tests/differential/record \
	tests/differential/recorder/__init__.py \
	tests/differential/recorder/outcome.py \
	tests/differential/recorder/send.py \
	tests/differential/recorder/sidecars.py \
	tests/differential/sidecar/bootstrap.go \
	tests/differential/sidecar/clusters.go \
	tests/differential/sidecar/go.mod \
	tests/differential/sidecar/go.sum \
	tests/differential/sidecar/istiod.go \
	tests/differential/sidecar/listeners.go \
	tests/differential/sidecar/main.go \
	tests/differential/sidecar/policies.go
CLEANFILES += tests/differential/sidecars

EXTRA_DIST += tests/differential/README.md tests/differential/play \
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
EXTRA_DIST += tests/differential/cases/base/topology.yaml \
	tests/differential/cases/parts/subsets.yaml
EXTRA_DIST += tests/differential/cases/dr-tls.yaml \
	tests/differential/cases/dr-tls.seen.jsonl
EXTRA_DIST += tests/differential/cases/unknown-host-allow-any.yaml \
	tests/differential/cases/unknown-host-allow-any.seen.jsonl
EXTRA_DIST += tests/differential/cases/unknown-host-registry-only.yaml \
	tests/differential/cases/unknown-host-registry-only.seen.jsonl
