# tests/unit/fetch: the loader, a stand-in to load, and the module as built
check_PROGRAMS += \
	tests/unit/fetch/test_fetch \
	tests/unit/fetch/test_module

tests_unit_fetch_test_fetch_SOURCES = tests/unit/fetch/test_fetch.c
tests_unit_fetch_test_fetch_LDADD = $(TEST_LIBS)
tests_unit_fetch_test_module_SOURCES = tests/unit/fetch/test_module.c
tests_unit_fetch_test_module_LDADD = $(TEST_LIBS)

# A path to install to makes libtool build something that can be opened.
standin_ldflags = -module -avoid-version -shared -no-undefined \
	-rpath $(abs_top_builddir)/nowhere
if !STATIC_FETCH
check_LTLIBRARIES += \
	tests/unit/fetch/standin/libmesh-fetch.la \
	tests/unit/fetch/unfit/libmesh-fetch.la
endif
tests_unit_fetch_standin_libmesh_fetch_la_SOURCES = \
	tests/unit/fetch/standin/module.c
tests_unit_fetch_standin_libmesh_fetch_la_LDFLAGS = $(standin_ldflags)
tests_unit_fetch_unfit_libmesh_fetch_la_SOURCES = \
	tests/unit/fetch/unfit/module.c
tests_unit_fetch_unfit_libmesh_fetch_la_LDFLAGS = $(standin_ldflags)
