# lib/authz: may this peer do this?
libmesh_core_la_SOURCES += \
	lib/authz/authz.c lib/authz/authz.h \
	lib/authz/rule.c lib/authz/rule.h
