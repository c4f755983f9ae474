# tests/unit/schema: files of lib/schema, and kinds by what they are about
check_PROGRAMS += \
	tests/unit/schema/test_destination_rule \
	tests/unit/schema/test_diagnostics \
	tests/unit/schema/test_load \
	tests/unit/schema/test_security \
	tests/unit/schema/test_services \
	tests/unit/schema/test_spell \
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
tests_unit_schema_test_spell_SOURCES = tests/unit/schema/test_spell.c
tests_unit_schema_test_spell_LDADD = $(TEST_LIBS)
tests_unit_schema_test_virtual_service_SOURCES = \
	tests/unit/schema/test_virtual_service.c tests/unit/schema/say.h
tests_unit_schema_test_virtual_service_LDADD = $(TEST_LIBS)

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
