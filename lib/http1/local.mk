# lib/http1: strict HTTP/1.1 messages, both ways
libmesh_core_la_SOURCES += \
	lib/http1/encode.c \
	lib/http1/feed.c \
	lib/http1/http1.h \
	lib/http1/inside.h \
	lib/http1/line.c \
	lib/http1/message.c \
	lib/http1/target.c \
	lib/http1/words.c
