# tls: handshake and records over mbedTLS; a ClientHello read without it
libmesh_core_la_SOURCES += \
	lib/tls/config.c \
	lib/tls/engine.h \
	lib/tls/handshake.c \
	lib/tls/hello.c lib/tls/hello.h \
	lib/tls/mbedtls.c \
	lib/tls/memo.c lib/tls/memo.h \
	lib/tls/profile.c lib/tls/profile.h \
	lib/tls/records.c \
	lib/tls/ticket.c \
	lib/tls/tls.h
