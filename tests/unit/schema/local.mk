# tests/unit/schema: files of lib/schema, and kinds by what they are about
check_PROGRAMS += \
	tests/unit/schema/test_destination_rule \
	tests/unit/schema/test_diagnostics \
	tests/unit/schema/test_load \
	tests/unit/schema/test_security \
	tests/unit/schema/test_services \
	tests/unit/schema/test_sidecar_form \
	tests/unit/schema/test_spell \
	tests/unit/schema/test_gateway \
	tests/unit/schema/test_mesh_config \
	tests/unit/schema/test_metadata \
	tests/unit/schema/test_proxies \
	tests/unit/schema/test_sidecar \
	tests/unit/schema/test_telemetry \
	tests/unit/schema/test_tokens \
	tests/unit/schema/test_authorization \
	tests/unit/schema/test_virtual_service

tests_unit_schema_test_destination_rule_SOURCES = \
	tests/unit/schema/test_destination_rule.c tests/unit/schema/say.h
tests_unit_schema_test_destination_rule_LDADD = $(TEST_LIBS)
tests_unit_schema_test_diagnostics_SOURCES = \
	tests/unit/schema/test_diagnostics.c
tests_unit_schema_test_diagnostics_LDADD = $(TEST_LIBS)
tests_unit_schema_test_load_SOURCES = \
	tests/unit/schema/test_load.c tests/unit/schema/say.h
tests_unit_schema_test_load_LDADD = $(TEST_LIBS)
tests_unit_schema_test_security_SOURCES = \
	tests/unit/schema/test_security.c tests/unit/schema/say.h
tests_unit_schema_test_security_LDADD = $(TEST_LIBS)
tests_unit_schema_test_services_SOURCES = \
	tests/unit/schema/test_services.c tests/unit/schema/say.h
tests_unit_schema_test_services_LDADD = $(TEST_LIBS)
tests_unit_schema_test_sidecar_form_SOURCES = \
	tests/unit/schema/test_sidecar_form.c tests/unit/schema/say.h
tests_unit_schema_test_sidecar_form_LDADD = $(TEST_LIBS)
tests_unit_schema_test_spell_SOURCES = tests/unit/schema/test_spell.c
tests_unit_schema_test_spell_LDADD = $(TEST_LIBS)
tests_unit_schema_test_virtual_service_SOURCES = \
	tests/unit/schema/test_virtual_service.c tests/unit/schema/say.h
tests_unit_schema_test_virtual_service_LDADD = $(TEST_LIBS)
tests_unit_schema_test_gateway_SOURCES = \
	tests/unit/schema/test_gateway.c tests/unit/schema/say.h
tests_unit_schema_test_gateway_LDADD = $(TEST_LIBS)
tests_unit_schema_test_mesh_config_SOURCES = \
	tests/unit/schema/test_mesh_config.c tests/unit/schema/say.h
tests_unit_schema_test_mesh_config_LDADD = $(TEST_LIBS)
tests_unit_schema_test_metadata_SOURCES = \
	tests/unit/schema/test_metadata.c tests/unit/schema/say.h
tests_unit_schema_test_metadata_LDADD = $(TEST_LIBS)
tests_unit_schema_test_proxies_SOURCES = \
	tests/unit/schema/test_proxies.c tests/unit/schema/say.h
tests_unit_schema_test_proxies_LDADD = $(TEST_LIBS)
tests_unit_schema_test_sidecar_SOURCES = \
	tests/unit/schema/test_sidecar.c tests/unit/schema/say.h
tests_unit_schema_test_sidecar_LDADD = $(TEST_LIBS)
tests_unit_schema_test_telemetry_SOURCES = \
	tests/unit/schema/test_telemetry.c tests/unit/schema/say.h
tests_unit_schema_test_telemetry_LDADD = $(TEST_LIBS)
tests_unit_schema_test_tokens_SOURCES = \
	tests/unit/schema/test_tokens.c tests/unit/schema/say.h
tests_unit_schema_test_tokens_LDADD = $(TEST_LIBS)
tests_unit_schema_test_authorization_SOURCES = \
	tests/unit/schema/test_authorization.c tests/unit/schema/say.h
tests_unit_schema_test_authorization_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/schema/test_keep tests/unit/schema/test_reuse
tests_unit_schema_test_keep_SOURCES = \
	tests/unit/schema/test_keep.c tests/unit/schema/say.h
tests_unit_schema_test_keep_LDADD = $(TEST_LIBS)
tests_unit_schema_test_reuse_SOURCES = \
	tests/unit/schema/test_reuse.c tests/unit/schema/say.h
tests_unit_schema_test_reuse_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/schema/test_hurt
tests_unit_schema_test_hurt_SOURCES = \
	tests/unit/schema/test_hurt.c tests/unit/schema/say.h
tests_unit_schema_test_hurt_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/schema/test_cel
tests_unit_schema_test_cel_SOURCES = tests/unit/schema/test_cel.c
tests_unit_schema_test_cel_LDADD = $(TEST_LIBS)

# The rules of the networking kinds, each kept and each broken.
check_PROGRAMS += \
	tests/unit/schema/test_destinations \
	tests/unit/schema/test_routes \
	tests/unit/schema/test_workloads
tests_unit_schema_test_destinations_SOURCES = \
	tests/unit/schema/test_destinations.c tests/unit/schema/say.h
tests_unit_schema_test_destinations_LDADD = $(TEST_LIBS)
tests_unit_schema_test_routes_SOURCES = \
	tests/unit/schema/test_routes.c tests/unit/schema/say.h
tests_unit_schema_test_routes_LDADD = $(TEST_LIBS)
tests_unit_schema_test_workloads_SOURCES = \
	tests/unit/schema/test_workloads.c tests/unit/schema/say.h
tests_unit_schema_test_workloads_LDADD = $(TEST_LIBS)
