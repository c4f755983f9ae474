# tests/golden: policies, and what they compile to
check_LTLIBRARIES += tests/golden/libyard.la
tests_golden_libyard_la_SOURCES = tests/golden/yard.c tests/golden/yard.h \
	tests/golden/yard_acts.c

check_PROGRAMS += tests/golden/test_policy
tests_golden_test_policy_SOURCES = tests/golden/test_policy.c
tests_golden_test_policy_LDADD = tests/golden/libyard.la $(TEST_LIBS)

EXTRA_DIST += \
	tests/golden/expect/canary-api-gateway.txt \
	tests/golden/expect/canary-findings.txt \
	tests/golden/expect/canary-legacy.txt \
	tests/golden/expect/canary-payment.txt \
	tests/golden/expect/shop-findings.txt \
	tests/golden/expect/shop-front.txt \
	tests/golden/expect/shop-stock.txt \
	tests/golden/shop/mesh.yaml \
	tests/golden/shop/routes.yaml \
	tests/golden/shop/security.yaml \
	tests/golden/shop/services.yaml

check_PROGRAMS += tests/golden/test_corpus
tests_golden_test_corpus_SOURCES = tests/golden/test_corpus.c
tests_golden_test_corpus_LDADD = $(TEST_LIBS)
EXTRA_DIST += tests/golden/corpus tests/golden/expect/corpus.txt

check_PROGRAMS += tests/golden/test_mutants
tests_golden_test_mutants_SOURCES = tests/golden/test_mutants.c
tests_golden_test_mutants_LDADD = $(TEST_LIBS)
EXTRA_DIST += tests/golden/mutants

check_PROGRAMS += tests/golden/test_analyze
tests_golden_test_analyze_SOURCES = tests/golden/test_analyze.c
tests_golden_test_analyze_LDADD = tests/golden/libyard.la $(TEST_LIBS)
EXTRA_DIST += tests/golden/analyze tests/golden/expect/analyze.tsv \
	tests/golden/expect/analyze.txt

check_PROGRAMS += tests/golden/test_fields
tests_golden_test_fields_SOURCES = tests/golden/test_fields.c
tests_golden_test_fields_LDADD = $(TEST_LIBS)
EXTRA_DIST += \
	tests/golden/fields/istio.tsv \
	tests/golden/fields/others.tsv
