# client: the life of one outbound request
libmesh_core_la_SOURCES += \
	lib/client/client.h lib/client/inside.h \
	lib/client/act.c \
	lib/client/await.c \
	lib/client/decide.c \
	lib/client/edit.c \
	lib/client/life.c \
	lib/client/mirror.c \
	lib/client/move.c \
	lib/client/plain.c lib/client/plain.h \
	lib/client/reply.c \
	lib/client/request.c lib/client/request.h \
	lib/client/secure.c lib/client/secure.h
