# tests/unit/client: what a caller asks for; the steps are played in tests/sim
check_PROGRAMS += tests/unit/client/test_request
check_PROGRAMS += tests/unit/client/test_secure
tests_unit_client_test_request_SOURCES = tests/unit/client/test_request.c
tests_unit_client_test_request_LDADD = $(TEST_LIBS)
tests_unit_client_test_secure_SOURCES = tests/unit/client/test_secure.c
tests_unit_client_test_secure_LDADD = $(TEST_LIBS)
