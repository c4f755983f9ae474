# tests/unit/server: one program for each idea of lib/server
SERVER_STAGE = tests/unit/server/stage.c tests/unit/server/stage.h
SERVER_SPEAK = tests/unit/authz/speak.c tests/unit/authz/speak.h

check_PROGRAMS += tests/unit/server/test_decide
tests_unit_server_test_decide_SOURCES = tests/unit/server/test_decide.c \
	$(SERVER_STAGE) $(SERVER_SPEAK)
tests_unit_server_test_decide_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/server/test_decode
tests_unit_server_test_decode_SOURCES = tests/unit/server/test_decode.c \
	$(SERVER_STAGE)
tests_unit_server_test_decode_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/server/test_exchange
tests_unit_server_test_exchange_SOURCES = tests/unit/server/test_exchange.c \
	$(SERVER_STAGE)
tests_unit_server_test_exchange_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/server/test_faults
tests_unit_server_test_faults_SOURCES = tests/unit/server/test_faults.c \
	$(SERVER_STAGE)
tests_unit_server_test_faults_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/server/test_life
tests_unit_server_test_life_SOURCES = tests/unit/server/test_life.c \
	$(SERVER_STAGE)
tests_unit_server_test_life_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/server/test_shake
tests_unit_server_test_shake_SOURCES = tests/unit/server/test_shake.c \
	$(SERVER_STAGE)
tests_unit_server_test_shake_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/server/test_stream_server
tests_unit_server_test_stream_server_SOURCES = \
	tests/unit/server/test_stream_server.c $(SERVER_STAGE) $(SERVER_SPEAK)
tests_unit_server_test_stream_server_LDADD = $(TEST_LIBS)
