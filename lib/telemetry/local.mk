# telemetry: facts to spans and log lines; propagation and sampling
libmesh_core_la_SOURCES += \
	lib/telemetry/access.c lib/telemetry/access.h \
	lib/telemetry/access_json.c \
	lib/telemetry/access_text.c \
	lib/telemetry/facts.h \
	lib/telemetry/fields.c lib/telemetry/fields.h \
	lib/telemetry/flags.c \
	lib/telemetry/otlp.c \
	lib/telemetry/propagate.c \
	lib/telemetry/protobuf.c lib/telemetry/protobuf.h \
	lib/telemetry/span.c \
	lib/telemetry/telemetry.h
