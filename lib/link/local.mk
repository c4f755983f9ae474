# link: one stream, and shelves of idle ones
libmesh_core_la_SOURCES += \
	lib/link/pool.c lib/link/pool.h \
	lib/link/stream.c lib/link/stream.h
