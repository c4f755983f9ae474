# tests/unit/value

check_PROGRAMS += tests/unit/value/test_address
tests_unit_value_test_address_SOURCES = tests/unit/value/test_address.c
tests_unit_value_test_address_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_duration
tests_unit_value_test_duration_SOURCES = tests/unit/value/test_duration.c
tests_unit_value_test_duration_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_ring
tests_unit_value_test_ring_SOURCES = tests/unit/value/test_ring.c
tests_unit_value_test_ring_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_maglev
tests_unit_value_test_maglev_SOURCES = tests/unit/value/test_maglev.c
tests_unit_value_test_maglev_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_grammar
tests_unit_value_test_grammar_SOURCES = tests/unit/value/test_grammar.c
tests_unit_value_test_grammar_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_grpc
tests_unit_value_test_grpc_SOURCES = tests/unit/value/test_grpc.c
tests_unit_value_test_grpc_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_head
tests_unit_value_test_head_SOURCES = tests/unit/value/test_head.c
tests_unit_value_test_head_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_host
tests_unit_value_test_host_SOURCES = tests/unit/value/test_host.c
tests_unit_value_test_host_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_join
tests_unit_value_test_join_SOURCES = tests/unit/value/test_join.c
tests_unit_value_test_join_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_json
tests_unit_value_test_json_SOURCES = tests/unit/value/test_json.c
tests_unit_value_test_json_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_labels
tests_unit_value_test_labels_SOURCES = tests/unit/value/test_labels.c
tests_unit_value_test_labels_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_match
tests_unit_value_test_match_SOURCES = tests/unit/value/test_match.c
tests_unit_value_test_match_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_path
tests_unit_value_test_path_SOURCES = tests/unit/value/test_path.c
tests_unit_value_test_path_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_re2
tests_unit_value_test_re2_SOURCES = tests/unit/value/test_re2.c
tests_unit_value_test_re2_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_spiffe
tests_unit_value_test_spiffe_SOURCES = tests/unit/value/test_spiffe.c
tests_unit_value_test_spiffe_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_trace
tests_unit_value_test_trace_SOURCES = tests/unit/value/test_trace.c
tests_unit_value_test_trace_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_date
tests_unit_value_test_date_SOURCES = tests/unit/value/test_date.c
tests_unit_value_test_date_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/value/test_replace
tests_unit_value_test_replace_SOURCES = tests/unit/value/test_replace.c
tests_unit_value_test_replace_LDADD = $(TEST_LIBS)
