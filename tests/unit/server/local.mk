# tests/unit/server: one program for each idea of lib/server
SERVER_STAGE = tests/unit/server/stage.c tests/unit/server/stage.h

check_PROGRAMS += tests/unit/server/test_decide
tests_unit_server_test_decide_SOURCES = tests/unit/server/test_decide.c \
	tests/unit/authz/speak.c tests/unit/authz/speak.h $(SERVER_STAGE)
tests_unit_server_test_decide_LDADD = $(TEST_LIBS)
