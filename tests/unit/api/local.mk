# tests/unit/api: one program for each file of lib/api
check_PROGRAMS += tests/unit/api/test_config
tests_unit_api_test_config_SOURCES = tests/unit/api/test_config.c
tests_unit_api_test_config_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/api/test_request
tests_unit_api_test_request_SOURCES = tests/unit/api/test_request.c
tests_unit_api_test_request_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/api/test_offline
tests_unit_api_test_offline_SOURCES = tests/unit/api/test_offline.c $(GROUND)
tests_unit_api_test_offline_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/api/test_routing
tests_unit_api_test_routing_SOURCES = tests/unit/api/test_routing.c
tests_unit_api_test_routing_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/api/test_attributes
tests_unit_api_test_attributes_SOURCES = tests/unit/api/test_attributes.c \
	$(GROUND)
tests_unit_api_test_attributes_LDADD = $(TEST_LIBS)
