# tests/unit/base

check_PROGRAMS += tests/unit/base/test_alloc
tests_unit_base_test_alloc_SOURCES = tests/unit/base/test_alloc.c
tests_unit_base_test_alloc_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/base/test_arena
tests_unit_base_test_arena_SOURCES = tests/unit/base/test_arena.c
tests_unit_base_test_arena_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/base/test_buffer
tests_unit_base_test_buffer_SOURCES = tests/unit/base/test_buffer.c
tests_unit_base_test_buffer_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/base/test_error
tests_unit_base_test_error_SOURCES = tests/unit/base/test_error.c
tests_unit_base_test_error_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/base/test_list
tests_unit_base_test_list_SOURCES = tests/unit/base/test_list.c
tests_unit_base_test_list_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/base/test_log
tests_unit_base_test_log_SOURCES = tests/unit/base/test_log.c
tests_unit_base_test_log_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/base/test_map
tests_unit_base_test_map_SOURCES = tests/unit/base/test_map.c
tests_unit_base_test_map_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/base/test_slice
tests_unit_base_test_slice_SOURCES = tests/unit/base/test_slice.c
tests_unit_base_test_slice_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/base/test_text
tests_unit_base_test_text_SOURCES = tests/unit/base/test_text.c
tests_unit_base_test_text_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/base/test_digest
tests_unit_base_test_digest_SOURCES = tests/unit/base/test_digest.c
tests_unit_base_test_digest_LDADD = $(TEST_LIBS)
