/*
 * fuzz_h1_request.c - bytes of a peer as HTTP/1.1 requests.
 */
#include "h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_h1(MESH__H1_REQUESTS, data, size);
    return 0;
}
