# tests/unit/workload: one program for each file of lib/workload
check_PROGRAMS += tests/unit/workload/test_settings
tests_unit_workload_test_settings_SOURCES = \
	tests/unit/workload/test_settings.c $(GROUND)
tests_unit_workload_test_settings_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/workload/test_mirror
tests_unit_workload_test_mirror_SOURCES = tests/unit/workload/test_mirror.c \
	$(GROUND)
tests_unit_workload_test_mirror_LDADD = $(TEST_LIBS)

BY_HAND = tests/unit/workload/by_hand.c tests/unit/workload/by_hand.h $(GROUND)

check_PROGRAMS += tests/unit/workload/test_names
tests_unit_workload_test_names_SOURCES = \
	tests/unit/workload/test_names.c $(BY_HAND)
tests_unit_workload_test_names_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/workload/test_reload
tests_unit_workload_test_reload_SOURCES = \
	tests/unit/workload/test_reload.c $(BY_HAND)
tests_unit_workload_test_reload_LDADD = $(TEST_LIBS)
