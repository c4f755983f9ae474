# link: one stream, and shelves of idle ones
libmesh_core_la_SOURCES += \
	lib/link/bounds.c lib/link/bounds.h \
	lib/link/origin.c lib/link/origin.h \
	lib/link/pool.c lib/link/pool.h \
	lib/link/pools.c lib/link/shelf.h \
	lib/link/stream.c lib/link/stream.h \
	lib/link/waiter.c
