# lib/policy: resources together, and the snapshot they compile to
libmesh_core_la_SOURCES += \
	lib/policy/parts.h \
	lib/policy/policy.h \
	lib/policy/snapshot.c lib/policy/snapshot.h \
	lib/policy/why.c lib/policy/why.h
