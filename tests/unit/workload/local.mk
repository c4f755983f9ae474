# tests/unit/workload: one program for each file of lib/workload
check_PROGRAMS += tests/unit/workload/test_settings
tests_unit_workload_test_settings_SOURCES = \
	tests/unit/workload/test_settings.c $(GROUND)
tests_unit_workload_test_settings_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/workload/test_reload
tests_unit_workload_test_reload_SOURCES = \
	tests/unit/workload/test_reload.c $(GROUND)
tests_unit_workload_test_reload_LDADD = $(TEST_LIBS)
