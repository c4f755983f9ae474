# tests/differential: cases recorded from real istiod and real Envoys, played
# with a libmesh program in each workload's place (scripts/suites).
noinst_PROGRAMS += tests/differential/workload
tests_differential_workload_SOURCES = tests/differential/workload.c \
	tests/differential/words.c tests/differential/words.h
tests_differential_workload_LDADD = $(MESH_LIBS) $(PTHREAD_LIBS)

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
EXTRA_DIST += tests/differential/cases/base/topology.yaml \
	tests/differential/cases/parts/subsets.yaml
EXTRA_DIST += tests/differential/cases/dr-tls.yaml \
	tests/differential/cases/dr-tls.seen.jsonl
EXTRA_DIST += tests/differential/cases/unknown-host-allow-any.yaml \
	tests/differential/cases/unknown-host-allow-any.seen.jsonl
EXTRA_DIST += tests/differential/cases/unknown-host-registry-only.yaml \
	tests/differential/cases/unknown-host-registry-only.seen.jsonl
