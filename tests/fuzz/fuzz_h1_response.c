/*
 * fuzz_h1_response.c - bytes of a peer as HTTP/1.1 responses.
 */
#include "h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_h1(MESH__H1_RESPONSES, data, size);
    return 0;
}
