# tests/interop

# The way to addresses outside the mesh, for test_outside.py and tests/jaeger.
noinst_PROGRAMS += tests/interop/outside
tests_interop_outside_SOURCES = tests/interop/outside.c
tests_interop_outside_LDADD = libmesh-core.la
EXTRA_DIST += tests/interop/test_outside.py \
	tests/jaeger/jaeger.py tests/jaeger/test_export.py

# The service in the middle of the trace of two hops: a stranger, too.
noinst_PROGRAMS += tests/jaeger/hop
tests_jaeger_hop_SOURCES = tests/jaeger/hop.c
tests_jaeger_hop_LDADD = $(MESH_LIBS)
EXTRA_DIST += tests/jaeger/test_two_hops.py

# Strangers at the wire: openssl, curl, nginx, Envoy.
EXTRA_DIST += tests/interop/strangers.py tests/interop/test_openssl.py \
	tests/interop/test_curl.py \
	tests/interop/test_envoy.py \
	tests/interop/test_nginx.py \
	tests/interop/guest.py tests/interop/nameserver.py \
	tests/interop/test_names.py tests/interop/test_outside_tls.py \
	tests/interop/test_slow.py \
	tests/interop/test_startup.py
