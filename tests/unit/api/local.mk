# tests/unit/api: one program for each file of lib/api

check_PROGRAMS += tests/unit/api/test_routing
tests_unit_api_test_routing_SOURCES = tests/unit/api/test_routing.c
tests_unit_api_test_routing_LDADD = $(TEST_LIBS)
