/* The first line is the asset's name, the rest a list: whatever is found is a digest, and the same each time. */
#include "fetch/checksum_list.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *list, size_t length, const char *asset) {
    char hex[DIGEST_HEX_BYTES] = "", again[DIGEST_HEX_BYTES] = "";
    Failure failure = {0};
    int r = checksum_list_find(list, length, asset, &hex, &failure);
    if (r == 0 && (strlen(hex) != DIGEST_HEX_BYTES - 1 || strspn(hex, "0123456789abcdef") != strlen(hex)))
        abort();
    if (r != 0 && hex[0])
        abort();
    if (r < 0 && (r != -EBADMSG || !failure.message[0]))
        abort();
    if (checksum_list_find(list, length, asset, &again, NULL) != r || strcmp(hex, again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *end = memchr(data, '\n', size);
    size_t length = end ? (size_t)(end - data) : 0;
    if (length == 0 || length > 255 || memchr(data, '\0', length))
        return 0;
    char asset[256] = "";
    memcpy(asset, data, length);
    check((const char *)data + length + 1, size - length - 1, asset);
    return 0;
}
