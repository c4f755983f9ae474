# source: where policy and keys come from, and when they changed
libmesh_core_la_SOURCES += \
	lib/source/files.c lib/source/files.h \
	lib/source/outside.c lib/source/outside.h \
	lib/source/watch.c lib/source/watch.h
