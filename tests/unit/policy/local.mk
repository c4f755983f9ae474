# tests/unit/policy
check_PROGRAMS += \
	tests/unit/policy/test_act \
	tests/unit/policy/test_balancing \
	tests/unit/policy/test_compile \
	tests/unit/policy/test_delegate \
	tests/unit/policy/test_destination \
	tests/unit/policy/test_inbound \
	tests/unit/policy/test_judge \
	tests/unit/policy/test_names \
	tests/unit/policy/test_rbac \
	tests/unit/policy/test_routes \
	tests/unit/policy/test_rules \
	tests/unit/policy/test_scope \
	tests/unit/policy/test_snapshot \
	tests/unit/policy/test_streams \
	tests/unit/policy/test_why

YARD_LIBS = tests/golden/libyard.la $(TEST_LIBS)

tests_unit_policy_test_act_SOURCES = tests/unit/policy/test_act.c
tests_unit_policy_test_act_LDADD = $(YARD_LIBS)
tests_unit_policy_test_balancing_SOURCES = tests/unit/policy/test_balancing.c
tests_unit_policy_test_balancing_LDADD = $(YARD_LIBS)
tests_unit_policy_test_compile_SOURCES = tests/unit/policy/test_compile.c
tests_unit_policy_test_compile_LDADD = $(YARD_LIBS)
tests_unit_policy_test_delegate_SOURCES = tests/unit/policy/test_delegate.c
tests_unit_policy_test_delegate_LDADD = $(YARD_LIBS)
tests_unit_policy_test_destination_SOURCES = \
	tests/unit/policy/test_destination.c
tests_unit_policy_test_destination_LDADD = $(YARD_LIBS)
tests_unit_policy_test_names_SOURCES = tests/unit/policy/test_names.c
tests_unit_policy_test_names_LDADD = $(YARD_LIBS)
tests_unit_policy_test_inbound_SOURCES = tests/unit/policy/test_inbound.c
tests_unit_policy_test_inbound_LDADD = $(YARD_LIBS)
tests_unit_policy_test_judge_SOURCES = tests/unit/policy/test_judge.c
tests_unit_policy_test_judge_LDADD = $(YARD_LIBS)
tests_unit_policy_test_rbac_SOURCES = tests/unit/policy/test_rbac.c
tests_unit_policy_test_rbac_LDADD = $(YARD_LIBS)
tests_unit_policy_test_routes_SOURCES = tests/unit/policy/test_routes.c
tests_unit_policy_test_routes_LDADD = $(YARD_LIBS)
tests_unit_policy_test_rules_SOURCES = tests/unit/policy/test_rules.c
tests_unit_policy_test_rules_LDADD = $(YARD_LIBS)
tests_unit_policy_test_scope_SOURCES = tests/unit/policy/test_scope.c
tests_unit_policy_test_scope_LDADD = $(YARD_LIBS)
tests_unit_policy_test_snapshot_SOURCES = tests/unit/policy/test_snapshot.c
tests_unit_policy_test_snapshot_LDADD = $(TEST_LIBS)
tests_unit_policy_test_streams_SOURCES = tests/unit/policy/test_streams.c
tests_unit_policy_test_streams_LDADD = $(YARD_LIBS)
tests_unit_policy_test_why_SOURCES = tests/unit/policy/test_why.c
tests_unit_policy_test_why_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/policy/test_reuse
tests_unit_policy_test_reuse_SOURCES = tests/unit/policy/test_reuse.c
tests_unit_policy_test_reuse_LDADD = $(YARD_LIBS)

check_PROGRAMS += tests/unit/policy/test_upstream
tests_unit_policy_test_upstream_SOURCES = tests/unit/policy/test_upstream.c
tests_unit_policy_test_upstream_LDADD = $(TEST_LIBS)
