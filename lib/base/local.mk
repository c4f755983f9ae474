# base: memory, bytes, lists, errors, quota, log
libmesh_core_la_SOURCES += \
	lib/base/alloc.c lib/base/alloc.h \
	lib/base/arena.c lib/base/arena.h \
	lib/base/buffer.c lib/base/buffer.h \
	lib/base/digest.c lib/base/digest.h \
	lib/base/error.c lib/base/error.h \
	lib/base/list.h \
	lib/base/log.c lib/base/log.h \
	lib/base/map.c lib/base/map.h \
	lib/base/mark.h \
	lib/base/quota.h \
	lib/base/slice.c lib/base/slice.h \
	lib/base/text.c lib/base/text.h
