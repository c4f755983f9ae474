# tests/fuzz
EXTRA_DIST += \
	tests/fuzz/fuzz_h1_request.c \
	tests/fuzz/fuzz_h1_response.c \
	tests/fuzz/h1.h \
	tests/fuzz/h1_request.dict \
	tests/fuzz/h1_response.dict \
	tests/fuzz/corpus/h1_request \
	tests/fuzz/corpus/h1_response

# Each replays its corpus in make check; scripts/test fuzz goes on from there.
check_PROGRAMS += \
	tests/fuzz/fuzz_path tests/fuzz/fuzz_regex \
	tests/fuzz/fuzz_spiffe tests/fuzz/fuzz_trace
tests_fuzz_fuzz_path_SOURCES = tests/fuzz/fuzz_path.c
tests_fuzz_fuzz_path_LDADD = $(REPLAY_LIBS)
tests_fuzz_fuzz_regex_SOURCES = tests/fuzz/fuzz_regex.c
tests_fuzz_fuzz_regex_LDADD = $(REPLAY_LIBS)
tests_fuzz_fuzz_spiffe_SOURCES = tests/fuzz/fuzz_spiffe.c
tests_fuzz_fuzz_spiffe_LDADD = $(REPLAY_LIBS)
tests_fuzz_fuzz_trace_SOURCES = tests/fuzz/fuzz_trace.c
tests_fuzz_fuzz_trace_LDADD = $(REPLAY_LIBS)
EXTRA_DIST += \
	tests/fuzz/corpus/path tests/fuzz/corpus/regex \
	tests/fuzz/corpus/spiffe tests/fuzz/corpus/trace

check_PROGRAMS += tests/fuzz/fuzz_schema tests/fuzz/fuzz_yaml
tests_fuzz_fuzz_schema_SOURCES = tests/fuzz/fuzz_schema.c
tests_fuzz_fuzz_schema_LDADD = $(REPLAY_LIBS)
tests_fuzz_fuzz_yaml_SOURCES = tests/fuzz/fuzz_yaml.c
tests_fuzz_fuzz_yaml_LDADD = $(REPLAY_LIBS)
EXTRA_DIST += \
	tests/fuzz/corpus/schema tests/fuzz/corpus/yaml \
	tests/fuzz/schema.dict tests/fuzz/yaml.dict

check_PROGRAMS += tests/fuzz/fuzz_cert tests/fuzz/fuzz_hello
tests_fuzz_fuzz_cert_SOURCES = tests/fuzz/fuzz_cert.c
tests_fuzz_fuzz_cert_LDADD = $(REPLAY_LIBS)
tests_fuzz_fuzz_hello_SOURCES = tests/fuzz/fuzz_hello.c
tests_fuzz_fuzz_hello_LDADD = $(REPLAY_LIBS)
EXTRA_DIST += tests/fuzz/corpus/cert tests/fuzz/corpus/hello

check_PROGRAMS += tests/fuzz/fuzz_policy
tests_fuzz_fuzz_policy_SOURCES = tests/fuzz/fuzz_policy.c
tests_fuzz_fuzz_policy_LDADD = $(REPLAY_LIBS)
EXTRA_DIST += tests/fuzz/corpus/policy tests/fuzz/policy.dict
