# tests/system: real processes, real sockets; run by scripts/suites/65-system
noinst_PROGRAMS += tests/system/actor
tests_system_actor_SOURCES = \
	tests/system/actor.c tests/system/actor.h \
	tests/system/ask.c \
	tests/system/bulk.c \
	tests/system/crowd.c \
	tests/system/forks.c \
	tests/system/serve.c
tests_system_actor_LDADD = $(MESH_LIBS) $(PTHREAD_LIBS)
EXTRA_DIST += \
	tests/system/client.py \
	tests/system/stage.py \
	tests/system/test_bulk.py \
	tests/system/test_crowd.py \
	tests/system/test_edit.py \
	tests/system/test_forks.py \
	tests/system/test_python.py \
	tests/system/test_stopped.py
