/* What a binary prints as its version becomes the name of a folder: a plain tag, or nothing. */
#include "release/version.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char tag[RELEASE_TAG_MAX + 1];
    char *text = input_text(data, size);
    Failure failure = {0};

    int r = version_output_parse(text, &tag, &failure);
    free(text);
    expect(r == 0 || r == -EBADMSG);
    if (r == 0) {
        expect(tag_is_plain(tag));
    } else {
        expect(*failure.message);
        expect_printable(failure.message);
    }
    return 0;
}
