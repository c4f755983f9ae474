# tests/fuzz
EXTRA_DIST += \
	tests/fuzz/fuzz_h1_request.c \
	tests/fuzz/fuzz_h1_response.c \
	tests/fuzz/h1.h \
	tests/fuzz/h1_request.dict \
	tests/fuzz/h1_response.dict \
	tests/fuzz/corpus/h1_request \
	tests/fuzz/corpus/h1_response
