# tests/unit/net: one program for each file of lib/net
check_PROGRAMS += tests/unit/net/test_loop
tests_unit_net_test_loop_SOURCES = tests/unit/net/test_loop.c
tests_unit_net_test_loop_LDADD = $(TEST_LIBS)
