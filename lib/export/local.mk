# export: finished spans on their way out
libmesh_core_la_SOURCES += lib/export/spans.c lib/export/spans.h
