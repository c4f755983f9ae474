# bench: what things cost
noinst_PROGRAMS += bench/decide
bench_decide_SOURCES = bench/decide.c
bench_decide_LDADD = libmesh-core.la
EXTRA_DIST += bench/decide-instructions
