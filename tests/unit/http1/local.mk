# tests/unit/http1: one program for each file of lib/http1
check_PROGRAMS += \
	tests/unit/http1/test_encode \
	tests/unit/http1/test_feed \
	tests/unit/http1/test_line \
	tests/unit/http1/test_message \
	tests/unit/http1/test_target \
	tests/unit/http1/test_words

http1_play = tests/unit/http1/play.c tests/unit/http1/play.h

tests_unit_http1_test_encode_SOURCES = tests/unit/http1/test_encode.c
tests_unit_http1_test_encode_LDADD = $(TEST_LIBS)
tests_unit_http1_test_feed_SOURCES = tests/unit/http1/test_feed.c \
	$(http1_play)
tests_unit_http1_test_feed_LDADD = $(TEST_LIBS)
tests_unit_http1_test_line_SOURCES = tests/unit/http1/test_line.c \
	$(http1_play)
tests_unit_http1_test_line_LDADD = $(TEST_LIBS)
tests_unit_http1_test_message_SOURCES = tests/unit/http1/test_message.c \
	$(http1_play)
tests_unit_http1_test_message_LDADD = $(TEST_LIBS)
tests_unit_http1_test_target_SOURCES = tests/unit/http1/test_target.c \
	$(http1_play)
tests_unit_http1_test_target_LDADD = $(TEST_LIBS)
tests_unit_http1_test_words_SOURCES = tests/unit/http1/test_words.c
tests_unit_http1_test_words_LDADD = $(TEST_LIBS)
