# tests/unit/tls: one program for each file of lib/tls, one for both engines
check_PROGRAMS += tests/unit/tls/test_session
tests_unit_tls_test_session_SOURCES = tests/unit/tls/test_session.c
tests_unit_tls_test_session_LDADD = $(TEST_LIBS)
