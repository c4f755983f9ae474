# tests/unit/identity: one program for each file of lib/identity
check_PROGRAMS += tests/unit/identity/test_peer
tests_unit_identity_test_peer_SOURCES = tests/unit/identity/test_peer.c
tests_unit_identity_test_peer_LDADD = $(TEST_LIBS)
