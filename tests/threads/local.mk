# tests/threads: what several threads do at once; made for TSan
check_PROGRAMS += tests/threads/test_live
tests_threads_test_live_SOURCES = tests/threads/test_live.c $(TRAFFIC_WORLD)
tests_threads_test_live_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/threads/test_spans
tests_threads_test_spans_SOURCES = tests/threads/test_spans.c
tests_threads_test_spans_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/threads/test_reload
tests_threads_test_reload_SOURCES = tests/threads/test_reload.c
tests_threads_test_reload_LDADD = $(MESH_LIBS) $(PTHREAD_LIBS)

check_PROGRAMS += tests/threads/test_wrap
tests_threads_test_wrap_SOURCES = tests/threads/test_wrap.c $(GROUND)
tests_threads_test_wrap_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/threads/test_loop
tests_threads_test_loop_SOURCES = tests/threads/test_loop.c
tests_threads_test_loop_LDADD = $(TEST_LIBS) $(PTHREAD_LIBS)

check_PROGRAMS += tests/threads/test_swap
tests_threads_test_swap_SOURCES = tests/threads/test_swap.c
tests_threads_test_swap_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/threads/test_decide
tests_threads_test_decide_SOURCES = tests/threads/test_decide.c $(GROUND)
tests_threads_test_decide_LDADD = $(TEST_LIBS) $(PTHREAD_LIBS)

check_PROGRAMS += tests/threads/test_bounds
tests_threads_test_bounds_SOURCES = tests/threads/test_bounds.c $(GROUND)
tests_threads_test_bounds_LDADD = $(TEST_LIBS)
