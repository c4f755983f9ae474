# tests/admission: mutants, judged by Istio's own code and by ours
check_PROGRAMS += tests/admission/judge
tests_admission_judge_SOURCES = tests/admission/judge.c
tests_admission_judge_LDADD = $(TEST_LIBS)
EXTRA_DIST += \
	tests/admission/README.md \
	tests/admission/ask/go.mod \
	tests/admission/ask/go.sum \
	tests/admission/ask/main.go \
	tests/admission/compare \
	tests/admission/mutate.py \
	tests/admission/pools.py \
	tests/admission/seeds \
	tests/admission/tree.py
