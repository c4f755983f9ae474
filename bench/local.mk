# bench: what things cost
noinst_PROGRAMS += bench/decide
bench_decide_SOURCES = bench/decide.c
bench_decide_LDADD = libmesh-core.la
EXTRA_DIST += bench/decide-instructions

noinst_PROGRAMS += bench/http
bench_http_SOURCES = bench/http.c bench/http.h bench/bare.c bench/curl.c \
	bench/meshed.c
bench_http_CPPFLAGS = $(AM_CPPFLAGS) $(MBEDTLS_CFLAGS) $(CURL_CFLAGS)
bench_http_LDADD = $(MESH_LIBS) $(MBEDTLS_LIBS) $(CURL_LIBS)

noinst_PROGRAMS += bench/policy
bench_policy_SOURCES = bench/policy.c bench/estate.c bench/estate.h
bench_policy_LDADD = libmesh-core.la
EXTRA_DIST += bench/policy-instructions
