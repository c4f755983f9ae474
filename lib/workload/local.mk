# workload: this program's place in the mesh
libmesh_core_la_SOURCES += \
	lib/workload/held.c \
	lib/workload/keeper.c \
	lib/workload/lane.c \
	lib/workload/life.c \
	lib/workload/mirror.c \
	lib/workload/names.c lib/workload/names.h \
	lib/workload/record.c \
	lib/workload/reload.c \
	lib/workload/settings.c lib/workload/settings.h \
	lib/workload/workload.h
