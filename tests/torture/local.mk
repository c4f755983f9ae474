# tests/torture: what is left when memory is not
check_PROGRAMS += tests/torture/test_decide
tests_torture_test_decide_SOURCES = tests/torture/test_decide.c \
	$(AUTHZ_SPEAK) $(TRAFFIC_WORDS) $(TRAFFIC_WORLD)
tests_torture_test_decide_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/torture/test_policy
tests_torture_test_policy_SOURCES = tests/torture/test_policy.c
tests_torture_test_policy_LDADD = $(TEST_LIBS)
