# scripts: what is checked beside the test programs
dist_check_SCRIPTS =
script_checks += \
	scripts/selftest \
	scripts/check-floors \
	scripts/check-words \
	scripts/check-docs \
	scripts/check-man \
	scripts/check-abi \
	scripts/check-needed \
	scripts/check-tool
dist_check_SCRIPTS += $(script_checks)
EXTRA_DIST += \
	.ci/run \
	scripts/bootstrap \
	scripts/demo \
	scripts/mutate \
	scripts/setup \
	scripts/test \
	scripts/update-map \
	scripts/lib/checks.py \
	scripts/lib/demo.py \
	scripts/lib/handshake13.sh \
	scripts/lib/otlp.py \
	scripts/lib/run_suites.py \
	scripts/lib/suite.sh \
	scripts/lib/tally.py \
	scripts/suites/10-build-gcc \
	scripts/suites/15-build-clang \
	scripts/suites/20-tsan \
	scripts/suites/25-plain-torture \
	scripts/suites/30-valgrind \
	scripts/suites/40-fuzz \
	scripts/suites/45-mutants \
	scripts/suites/50-install \
	scripts/suites/55-distcheck \
	scripts/suites/60-interop \
	scripts/suites/65-system \
	scripts/suites/70-demo \
	scripts/suites/75-differential \
	scripts/suites/76-record \
	scripts/suites/78-admission \
	scripts/suites/79-analyze \
	scripts/suites/80-jaeger \
	scripts/suites/85-bench \
	scripts/suites/90-debian13

# They look at what was built.
scripts/check-abi.log scripts/check-needed.log scripts/check-tool.log: \
	libmesh.la tools/lmesh
