# api: the public handles
libmesh_core_la_SOURCES += \
	lib/api/acts.c lib/api/acts.h \
	lib/api/asked.c lib/api/asked.h \
	lib/api/attributes.c \
	lib/api/call.c \
	lib/api/config.c \
	lib/api/conn.c \
	lib/api/decision.c \
	lib/api/diagnostics.c \
	lib/api/identity.c \
	lib/api/inside.h \
	lib/api/loop.c \
	lib/api/reach.c lib/api/reach.h \
	lib/api/request.c \
	lib/api/response.c \
	lib/api/routing.c \
	lib/api/rules.c \
	lib/api/sarif.c \
	lib/api/server.c \
	lib/api/workload.c
