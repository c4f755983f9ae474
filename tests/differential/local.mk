# tests/differential: cases recorded from real istiod and real Envoys, played
# with a libmesh program in each workload's place (scripts/suites).
noinst_PROGRAMS += tests/differential/workload
tests_differential_workload_SOURCES = tests/differential/workload.c \
	tests/differential/talk.c tests/differential/talk.h \
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
	tests/differential/scatter \
	tests/differential/sidecar/policies.go
CLEANFILES += tests/differential/sidecars

EXTRA_DIST += tests/differential/README.md tests/differential/play \
	tests/differential/cases \
	tests/differential/coverage \
	tests/differential/player/__init__.py \
	tests/differential/player/apps.py \
	tests/differential/player/compare.py \
	tests/differential/player/processes.py \
	tests/differential/player/send.py \
	tests/differential/player/streams.py \
	tests/differential/player/topology.py
