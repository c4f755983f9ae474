# tests/unit/source: one program for each file of lib/source
GROUND = tests/unit/source/ground.c tests/unit/source/ground.h

check_PROGRAMS += tests/unit/source/test_files
tests_unit_source_test_files_SOURCES = tests/unit/source/test_files.c $(GROUND)
tests_unit_source_test_files_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/source/test_watch
tests_unit_source_test_watch_SOURCES = tests/unit/source/test_watch.c $(GROUND)
tests_unit_source_test_watch_LDADD = $(TEST_LIBS)
