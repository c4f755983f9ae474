# tests/unit/tls: the hello, the memo and profile, and both engines in one body
check_PROGRAMS += \
	tests/unit/tls/test_hello \
	tests/unit/tls/test_memo \
	tests/unit/tls/test_session
tests_unit_tls_test_hello_SOURCES = tests/unit/tls/test_hello.c
tests_unit_tls_test_hello_LDADD = $(TEST_LIBS)
tests_unit_tls_test_memo_SOURCES = tests/unit/tls/test_memo.c
tests_unit_tls_test_memo_LDADD = $(TEST_LIBS)
tests_unit_tls_test_session_SOURCES = tests/unit/tls/test_session.c
tests_unit_tls_test_session_LDADD = $(TEST_LIBS)
