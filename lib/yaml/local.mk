# lib/yaml: what it is made of
libmesh_core_la_SOURCES += \
	lib/yaml/inside.h \
	lib/yaml/parse.c \
	lib/yaml/scalar.c \
	lib/yaml/split.c \
	lib/yaml/utf8.c \
	lib/yaml/yaml.h
