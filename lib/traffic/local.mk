# lib/traffic: decisions over a snapshot, and the live state they need
libmesh_core_la_SOURCES += \
	lib/traffic/binding.c \
	lib/traffic/budget.c lib/traffic/budget.h \
	lib/traffic/cors.c lib/traffic/cors.h \
	lib/traffic/edit.c lib/traffic/edit.h \
	lib/traffic/entry.c lib/traffic/entry.h \
	lib/traffic/fault.h \
	lib/traffic/hashed.c lib/traffic/hashed.h \
	lib/traffic/key.c lib/traffic/key.h \
	lib/traffic/live.c lib/traffic/live.h lib/traffic/state.h \
	lib/traffic/original.c lib/traffic/original.h \
	lib/traffic/outlier.c lib/traffic/outlier.h \
	lib/traffic/pick.c lib/traffic/pick.h \
	lib/traffic/priority.c lib/traffic/priority.h \
	lib/traffic/retry.c lib/traffic/retry.h \
	lib/traffic/rewrite.c lib/traffic/rewrite.h \
	lib/traffic/route.c lib/traffic/route.h \
	lib/traffic/schedule.c lib/traffic/schedule.h \
	lib/traffic/stream.c lib/traffic/stream.h
