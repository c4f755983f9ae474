# tests/unit/export: one program for each file of lib/export
check_PROGRAMS += tests/unit/export/test_spans
tests_unit_export_test_spans_SOURCES = tests/unit/export/test_spans.c
tests_unit_export_test_spans_LDADD = $(TEST_LIBS)
