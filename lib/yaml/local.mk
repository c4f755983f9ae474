# lib/yaml: what it is made of
libmesh_core_la_SOURCES += \
	lib/yaml/parse.c \
	lib/yaml/scalar.c \
	lib/yaml/yaml.h
