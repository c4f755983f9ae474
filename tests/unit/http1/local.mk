# tests/unit/http1: one program for each file of lib/http1
check_PROGRAMS += \
	tests/unit/http1/test_line \
	tests/unit/http1/test_message \
	tests/unit/http1/test_target

http1_play = tests/unit/http1/play.c tests/unit/http1/play.h

tests_unit_http1_test_line_SOURCES = \
	tests/unit/http1/test_line.c $(http1_play)
tests_unit_http1_test_line_LDADD = $(TEST_LIBS)
tests_unit_http1_test_message_SOURCES = \
	tests/unit/http1/test_message.c $(http1_play)
tests_unit_http1_test_message_LDADD = $(TEST_LIBS)
tests_unit_http1_test_target_SOURCES = \
	tests/unit/http1/test_target.c $(http1_play)
tests_unit_http1_test_target_LDADD = $(TEST_LIBS)
