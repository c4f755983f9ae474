# tools: lmesh, a stranger to everything but <mesh/...>
bin_PROGRAMS += tools/lmesh
tools_lmesh_SOURCES = \
	tools/analyze.c \
	tools/authz.c \
	tools/ca.c \
	tools/call.c \
	tools/call.h \
	tools/coverage.c \
	tools/echo.c \
	tools/echo.h \
	tools/explain.c \
	tools/json.c \
	tools/lmesh.c \
	tools/lmesh.h \
	tools/names.c \
	tools/options.c \
	tools/request.c \
	tools/run.c \
	tools/serve.c \
	tools/tally.c \
	tools/tell.c
tools_lmesh_LDADD = $(MESH_LIBS) $(PTHREAD_LIBS)
