# tests/unit/link: the shelf; streams are played in tests/sim and unit/server
check_PROGRAMS += tests/unit/link/test_pool
tests_unit_link_test_pool_SOURCES = tests/unit/link/test_pool.c
tests_unit_link_test_pool_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/link/test_bounds
tests_unit_link_test_bounds_SOURCES = tests/unit/link/test_bounds.c
tests_unit_link_test_bounds_LDADD = $(TEST_LIBS)
