/* What a data node prints as its latest segment becomes an argument of the node: a height, or nothing. */
#include "supervisor/segment_output.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint64_t height_blocks = UINT64_MAX;
    char *text = input_text(data, size);
    Failure failure = {0};

    int r = segment_output_parse(text, &height_blocks, &failure);
    (void)segment_output_says_none(text);
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
