/* The node's statistics: a block height, or refused in printable words. */
#include "rpc/statistics.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = input_text(data, size);
    Failure failure = {0};
    uint64_t height_blocks = UINT64_MAX;

    int r = statistics_parse(text, size, &height_blocks, &failure);
    free(text);
    expect(r == 0 || r == -EBADMSG);
    if (r == 0) {
        expect(height_blocks <= INT64_MAX);
    } else {
        expect(*failure.message);
        expect_printable(failure.message);
    }
    return 0;
}
