# tests/sim: whole meshes in one thread, on the memory port
SIM_WORLD = tests/sim/world.c tests/sim/world.h
SIM_WORDS = tests/sim/words.c tests/sim/words.h $(SIM_WORLD)

check_PROGRAMS += tests/sim/test_exchange
tests_sim_test_exchange_SOURCES = tests/sim/test_exchange.c $(SIM_WORLD)
tests_sim_test_exchange_LDADD = $(TEST_LIBS)

# One test for each deciding call; scripts/mutate shows that it is needed.
check_PROGRAMS += tests/sim/test_decisions
tests_sim_test_decisions_SOURCES = tests/sim/test_decisions.c $(SIM_WORDS)
tests_sim_test_decisions_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/sim/test_serving
tests_sim_test_serving_SOURCES = tests/sim/test_serving.c $(SIM_WORDS)
tests_sim_test_serving_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/sim/test_streams
tests_sim_test_streams_SOURCES = tests/sim/test_streams.c $(SIM_WORDS)
tests_sim_test_streams_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/sim/test_actions
tests_sim_test_actions_SOURCES = tests/sim/test_actions.c $(SIM_WORLD)
tests_sim_test_actions_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/sim/test_names
tests_sim_test_names_SOURCES = tests/sim/test_names.c $(SIM_WORLD)
tests_sim_test_names_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/sim/test_time
tests_sim_test_time_SOURCES = tests/sim/test_time.c $(SIM_WORLD)
tests_sim_test_time_LDADD = $(TEST_LIBS)
