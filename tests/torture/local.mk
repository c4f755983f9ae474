# tests/torture: what is left when memory is not
check_PROGRAMS += tests/torture/test_decide
tests_torture_test_decide_SOURCES = tests/torture/test_decide.c \
	$(AUTHZ_SPEAK) $(TRAFFIC_WORDS) $(TRAFFIC_WORLD)
tests_torture_test_decide_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/torture/test_policy
tests_torture_test_policy_SOURCES = tests/torture/test_policy.c
tests_torture_test_policy_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/torture/test_schema
tests_torture_test_schema_SOURCES = tests/torture/test_schema.c
tests_torture_test_schema_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/torture/test_handshake
tests_torture_test_handshake_SOURCES = tests/torture/test_handshake.c
tests_torture_test_handshake_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/torture/test_exchange
tests_torture_test_exchange_SOURCES = tests/torture/test_exchange.c $(SIM_WORLD)
tests_torture_test_exchange_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/torture/test_workload
tests_torture_test_workload_SOURCES = tests/torture/test_workload.c \
	$(GROUND)
tests_torture_test_workload_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/torture/test_walk
tests_torture_test_walk_SOURCES = tests/torture/test_walk.c \
	$(TRAFFIC_TOWN) $(TRAFFIC_WORDS) $(TRAFFIC_WORLD)
tests_torture_test_walk_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pthread_mutex_lock
tests_torture_test_walk_LDADD = $(TEST_LIBS)
