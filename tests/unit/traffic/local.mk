# tests/unit/traffic: one program for each file of lib/traffic
TRAFFIC_WORLD = tests/unit/traffic/world.c tests/unit/traffic/world.h
TRAFFIC_TOWN = tests/unit/traffic/town.c tests/unit/traffic/town.h
TRAFFIC_CHI2 = tests/unit/traffic/chi2.c tests/unit/traffic/chi2.h
TRAFFIC_WORDS = tests/unit/traffic/words.c tests/unit/traffic/words.h

check_PROGRAMS += tests/unit/traffic/test_again
tests_unit_traffic_test_again_SOURCES = tests/unit/traffic/test_again.c \
	$(TRAFFIC_WORLD)
tests_unit_traffic_test_again_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_bitten
tests_unit_traffic_test_bitten_SOURCES = tests/unit/traffic/test_bitten.c \
	$(TRAFFIC_WORLD)
tests_unit_traffic_test_bitten_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_budget
tests_unit_traffic_test_budget_SOURCES = tests/unit/traffic/test_budget.c \
	$(TRAFFIC_WORLD)
tests_unit_traffic_test_budget_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_cors
tests_unit_traffic_test_cors_SOURCES = tests/unit/traffic/test_cors.c \
	$(TRAFFIC_WORDS)
tests_unit_traffic_test_cors_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_edit
tests_unit_traffic_test_edit_SOURCES = tests/unit/traffic/test_edit.c \
	$(TRAFFIC_WORDS)
tests_unit_traffic_test_edit_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_rewrite
tests_unit_traffic_test_rewrite_SOURCES = tests/unit/traffic/test_rewrite.c \
	$(TRAFFIC_WORDS)
tests_unit_traffic_test_rewrite_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_entry
tests_unit_traffic_test_entry_SOURCES = tests/unit/traffic/test_entry.c \
	$(TRAFFIC_WORDS)
tests_unit_traffic_test_entry_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_hashed
tests_unit_traffic_test_hashed_SOURCES = tests/unit/traffic/test_hashed.c \
	$(TRAFFIC_CHI2) $(TRAFFIC_TOWN) $(TRAFFIC_WORLD)
tests_unit_traffic_test_hashed_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_key
tests_unit_traffic_test_key_SOURCES = tests/unit/traffic/test_key.c \
	$(TRAFFIC_WORDS) $(TRAFFIC_WORLD)
tests_unit_traffic_test_key_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_live
tests_unit_traffic_test_live_SOURCES = tests/unit/traffic/test_live.c \
	$(TRAFFIC_WORLD)
tests_unit_traffic_test_live_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_original
tests_unit_traffic_test_original_SOURCES = tests/unit/traffic/test_original.c \
	$(TRAFFIC_WORLD)
tests_unit_traffic_test_original_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_outlier
tests_unit_traffic_test_outlier_SOURCES = tests/unit/traffic/test_outlier.c \
	$(TRAFFIC_WORLD)
tests_unit_traffic_test_outlier_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_pick
tests_unit_traffic_test_pick_SOURCES = tests/unit/traffic/test_pick.c \
	$(TRAFFIC_WORLD)
tests_unit_traffic_test_pick_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_places
tests_unit_traffic_test_places_SOURCES = tests/unit/traffic/test_places.c \
	$(TRAFFIC_CHI2) $(TRAFFIC_TOWN) $(TRAFFIC_WORLD)
tests_unit_traffic_test_places_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_priority
tests_unit_traffic_test_priority_SOURCES = tests/unit/traffic/test_priority.c \
	$(TRAFFIC_WORLD)
tests_unit_traffic_test_priority_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_retry
tests_unit_traffic_test_retry_SOURCES = tests/unit/traffic/test_retry.c \
	$(TRAFFIC_WORDS) $(TRAFFIC_WORLD)
tests_unit_traffic_test_retry_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_route
tests_unit_traffic_test_route_SOURCES = tests/unit/traffic/test_route.c \
	$(TRAFFIC_WORDS) $(TRAFFIC_WORLD)
tests_unit_traffic_test_route_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_schedule
tests_unit_traffic_test_schedule_SOURCES = tests/unit/traffic/test_schedule.c
tests_unit_traffic_test_schedule_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_spread
tests_unit_traffic_test_spread_SOURCES = tests/unit/traffic/test_spread.c \
	$(TRAFFIC_CHI2) $(TRAFFIC_TOWN) $(TRAFFIC_WORLD)
tests_unit_traffic_test_spread_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_stream
tests_unit_traffic_test_stream_SOURCES = tests/unit/traffic/test_stream.c
tests_unit_traffic_test_stream_LDADD = tests/golden/libyard.la $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_explain
tests_unit_traffic_test_explain_SOURCES = tests/unit/traffic/test_explain.c
tests_unit_traffic_test_explain_LDADD = tests/golden/libyard.la $(TEST_LIBS)

check_PROGRAMS += tests/unit/traffic/test_order
tests_unit_traffic_test_order_SOURCES = tests/unit/traffic/test_order.c \
	$(TRAFFIC_WORDS)
tests_unit_traffic_test_order_LDADD = tests/golden/libyard.la $(TEST_LIBS)
