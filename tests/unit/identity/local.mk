# tests/unit/identity: who we are, whom we believe, who is believed
check_PROGRAMS += \
	tests/unit/identity/test_bundle \
	tests/unit/identity/test_credential \
	tests/unit/identity/test_outside \
	tests/unit/identity/test_peer
tests_unit_identity_test_bundle_SOURCES = tests/unit/identity/test_bundle.c
tests_unit_identity_test_bundle_LDADD = $(TEST_LIBS)
tests_unit_identity_test_credential_SOURCES = \
	tests/unit/identity/test_credential.c
tests_unit_identity_test_credential_LDADD = $(TEST_LIBS)
tests_unit_identity_test_peer_SOURCES = tests/unit/identity/test_peer.c
tests_unit_identity_test_peer_LDADD = $(TEST_LIBS)
tests_unit_identity_test_outside_SOURCES = tests/unit/identity/test_outside.c
tests_unit_identity_test_outside_LDADD = $(TEST_LIBS)
