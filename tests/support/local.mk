# tests/support: what tests stand on
check_LTLIBRARIES += tests/support/libsupport.la tests/support/libreplay.la
tests_support_libsupport_la_SOURCES = \
	tests/support/certs.c tests/support/certs.h \
	tests/support/fake_tls.c tests/support/fake_tls.h \
	tests/support/tls_pair.c tests/support/tls_pair.h \
	tests/support/seen_picks.h \
	tests/support/torture.c tests/support/torture.h
tests_support_libreplay_la_SOURCES = tests/support/replay.c

# A fuzz target in an ordinary build: `tests_fuzz_fuzz_x_LDADD = $(REPLAY_LIBS)`
# brings a main that feeds it tests/fuzz/corpus/x.
REPLAY_LIBS = tests/support/libreplay.la $(TEST_LIBS)

check_PROGRAMS += tests/support/test_torture
tests_support_test_torture_SOURCES = tests/support/test_torture.c
tests_support_test_torture_LDADD = $(TEST_LIBS)
