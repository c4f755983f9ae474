# tests/unit/yaml: one program for each file of lib/yaml
check_PROGRAMS += tests/unit/yaml/test_parse tests/unit/yaml/test_scalar
tests_unit_yaml_test_parse_SOURCES = tests/unit/yaml/test_parse.c
tests_unit_yaml_test_parse_LDADD = $(TEST_LIBS)
tests_unit_yaml_test_scalar_SOURCES = tests/unit/yaml/test_scalar.c
tests_unit_yaml_test_scalar_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/unit/yaml/test_split
tests_unit_yaml_test_split_SOURCES = tests/unit/yaml/test_split.c
tests_unit_yaml_test_split_LDADD = $(TEST_LIBS)
