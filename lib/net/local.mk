# lib/net: the loop, and the ports it stands on
libmesh_core_la_SOURCES += \
	lib/net/keepalive.c lib/net/keepalive.h \
	lib/net/loop.c lib/net/loop.h \
	lib/net/names.c lib/net/names.h \
	lib/net/names_ares.c \
	lib/net/names_memory.c \
	lib/net/port.h \
	lib/net/port_kernel.c lib/net/port_kernel.h \
	lib/net/port_memory.c lib/net/port_memory.h \
	lib/net/slots.c lib/net/slots.h \
	lib/net/sockaddr.c lib/net/sockaddr.h \
	lib/net/story.c \
	lib/net/timers.c lib/net/timers.h \
	lib/net/wire.c lib/net/wire.h
