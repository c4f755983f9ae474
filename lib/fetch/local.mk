# fetch: calls to addresses outside the mesh; libcurl is in the module alone
libmesh_core_la_SOURCES += lib/fetch/fetch.c lib/fetch/fetch.h
libmesh_fetch_la_SOURCES += lib/fetch/module.c lib/fetch/fetch.h
