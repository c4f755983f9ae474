# tests/unit/crypto: keys, certificates, what is issued
check_PROGRAMS += \
	tests/unit/crypto/test_issue \
	tests/unit/crypto/test_key \
	tests/unit/crypto/test_x509
tests_unit_crypto_test_issue_SOURCES = tests/unit/crypto/test_issue.c
tests_unit_crypto_test_issue_LDADD = $(TEST_LIBS)
tests_unit_crypto_test_key_SOURCES = tests/unit/crypto/test_key.c
tests_unit_crypto_test_key_LDADD = $(TEST_LIBS)
tests_unit_crypto_test_x509_SOURCES = tests/unit/crypto/test_x509.c
tests_unit_crypto_test_x509_LDADD = $(TEST_LIBS)
