# include/mesh: the public headers
meshincludedir = $(includedir)/mesh
meshinclude_HEADERS = \
	include/mesh/base.h \
	include/mesh/call.h \
	include/mesh/config.h \
	include/mesh/conn.h \
	include/mesh/decision.h \
	include/mesh/diagnostics.h \
	include/mesh/identity.h \
	include/mesh/loop.h \
	include/mesh/mesh.h \
	include/mesh/server.h \
	include/mesh/workload.h
