# tests/unit/authz: one program for each file of lib/authz
AUTHZ_SPEAK = tests/unit/authz/speak.c tests/unit/authz/speak.h

check_PROGRAMS += tests/unit/authz/test_authz
tests_unit_authz_test_authz_SOURCES = tests/unit/authz/test_authz.c \
	$(AUTHZ_SPEAK)
tests_unit_authz_test_authz_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/authz/test_rule
tests_unit_authz_test_rule_SOURCES = tests/unit/authz/test_rule.c \
	$(AUTHZ_SPEAK)
tests_unit_authz_test_rule_LDADD = $(TEST_LIBS)
