# tests/unit/telemetry: one program for each file of lib/telemetry
check_PROGRAMS += \
	tests/unit/telemetry/test_access \
	tests/unit/telemetry/test_flags \
	tests/unit/telemetry/test_otlp \
	tests/unit/telemetry/test_propagate \
	tests/unit/telemetry/test_protobuf \
	tests/unit/telemetry/test_span

tests_unit_telemetry_test_access_SOURCES = \
	tests/unit/telemetry/test_access.c tests/unit/telemetry/facts.h
tests_unit_telemetry_test_access_LDADD = $(TEST_LIBS)
tests_unit_telemetry_test_flags_SOURCES = tests/unit/telemetry/test_flags.c
tests_unit_telemetry_test_flags_LDADD = $(TEST_LIBS)
tests_unit_telemetry_test_otlp_SOURCES = \
	tests/unit/telemetry/test_otlp.c tests/unit/telemetry/facts.h
tests_unit_telemetry_test_otlp_LDADD = $(TEST_LIBS)
tests_unit_telemetry_test_propagate_SOURCES = \
	tests/unit/telemetry/test_propagate.c
tests_unit_telemetry_test_propagate_LDADD = $(TEST_LIBS)
tests_unit_telemetry_test_protobuf_SOURCES = \
	tests/unit/telemetry/test_protobuf.c
tests_unit_telemetry_test_protobuf_LDADD = $(TEST_LIBS)
tests_unit_telemetry_test_span_SOURCES = \
	tests/unit/telemetry/test_span.c tests/unit/telemetry/facts.h
tests_unit_telemetry_test_span_LDADD = $(TEST_LIBS)
