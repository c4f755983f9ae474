# tests/unit/net: one program for each file of lib/net
check_PROGRAMS += \
	tests/unit/net/test_loop \
	tests/unit/net/test_names \
	tests/unit/net/test_port_kernel \
	tests/unit/net/test_port_memory
tests_unit_net_test_loop_SOURCES = tests/unit/net/test_loop.c
tests_unit_net_test_loop_LDADD = $(TEST_LIBS)
tests_unit_net_test_names_SOURCES = tests/unit/net/test_names.c
tests_unit_net_test_names_LDADD = $(TEST_LIBS)
tests_unit_net_test_port_kernel_SOURCES = tests/unit/net/test_port_kernel.c
tests_unit_net_test_port_kernel_LDADD = $(TEST_LIBS)
tests_unit_net_test_port_memory_SOURCES = tests/unit/net/test_port_memory.c
tests_unit_net_test_port_memory_LDADD = $(TEST_LIBS)
