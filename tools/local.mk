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
	tools/tell.c \
	tools/test.c \
	tools/test.h \
	tools/test_ask.c \
	tools/test_check.c \
	tools/test_draws.c \
	tools/test_forms.c \
	tools/test_json.c \
	tools/test_judge.c \
	tools/test_keys.c \
	tools/test_reach.c \
	tools/test_read.c \
	tools/test_report.c \
	tools/test_run.c \
	tools/test_tree.c \
	tools/test_why.c \
	tools/test_yaml.c
tools_lmesh_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS)
tools_lmesh_LDADD = $(MESH_LIBS) $(YAML_LIBS) $(PTHREAD_LIBS) $(MATH_LIBS)
