# tests/interop

# The way to addresses outside the mesh, for test_outside.py and tests/jaeger.
noinst_PROGRAMS += tests/interop/outside
tests_interop_outside_SOURCES = tests/interop/outside.c
tests_interop_outside_LDADD = libmesh-core.la
EXTRA_DIST += tests/interop/test_outside.py \
	tests/jaeger/jaeger.py tests/jaeger/test_export.py
