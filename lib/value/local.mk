# value: the words everyone shares
libmesh_core_la_SOURCES += \
	lib/value/date.c lib/value/date.h \
	lib/value/address.c lib/value/address.h \
	lib/value/duration.c lib/value/duration.h \
	lib/value/grammar.c \
	lib/value/grpc.c lib/value/grpc.h \
	lib/value/head.c lib/value/head.h \
	lib/value/hop.c \
	lib/value/host.c lib/value/host.h \
	lib/value/join.c \
	lib/value/json.c lib/value/json.h \
	lib/value/keepalive.h \
	lib/value/labels.c lib/value/labels.h \
	lib/value/maglev.c lib/value/maglev.h \
	lib/value/match.c lib/value/match.h \
	lib/value/path.c lib/value/path.h \
	lib/value/pcre.c lib/value/pcre.h \
	lib/value/re2.c lib/value/re2.h \
	lib/value/replace.c lib/value/replace.h \
	lib/value/ring.c lib/value/ring.h \
	lib/value/spiffe.c lib/value/spiffe.h \
	lib/value/trace.c lib/value/trace.h \
	lib/value/xxhash64.c lib/value/xxhash64.h
