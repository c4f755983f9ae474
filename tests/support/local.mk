# tests/support: what tests stand on
check_LTLIBRARIES += tests/support/libsupport.la
tests_support_libsupport_la_SOURCES = \
	tests/support/torture.c tests/support/torture.h

check_PROGRAMS += tests/support/test_torture
tests_support_test_torture_SOURCES = tests/support/test_torture.c
tests_support_test_torture_LDADD = $(TEST_LIBS)
