# server: the life of one inbound connection and its exchanges
libmesh_core_la_SOURCES += \
	lib/server/server.h lib/server/inside.h \
	lib/server/accept.c \
	lib/server/decide.c \
	lib/server/decode.c \
	lib/server/encode.c \
	lib/server/exchange.c \
	lib/server/life.c \
	lib/server/reply.c \
	lib/server/shake.c \
	lib/server/stream_server.c
