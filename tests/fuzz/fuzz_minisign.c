/* A .minisig or a public key: parsed or refused; nothing is ever verified that nobody signed. */
#include "fetch/minisign.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Made by minisign; its secret part is forgotten. */
#define KEY "RWSwnZhM98nyUIBt6jJYs8TH905BL8wMxdgjbUmprQeTvTPcwQN6rvsd"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_signature(const uint8_t *data, size_t size) {
    MinisignSignature signature;
    Failure failure = {0};
    int r = minisign_parse_signature((const char *)data, size, &signature, &failure);
    if (r == 0 && strnlen(signature.trusted_comment, MINISIGN_COMMENT_BYTES) != signature.trusted_comment_length)
        abort();
    if (r < 0 && (r != -EBADMSG || !failure.message[0]))
        abort();
}

static void check_verification(const uint8_t *data, size_t size) {
    static int file_fd = -1;
    char comment[MINISIGN_COMMENT_BYTES];
    if (file_fd < 0)
        file_fd = memfd_create("asset", MFD_CLOEXEC);
    if (file_fd < 0 || ftruncate(file_fd, 3) < 0)
        abort();
    if (minisign_verify(KEY, (const char *)data, size, file_fd, NULL, NULL, &comment, NULL) == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    MinisignKey key;
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    check_signature(data, size);
    check_verification(data, size);
    int r = minisign_parse_key(text, &key, NULL);
    if (r != 0 && r != -EINVAL)
        abort();
    free(text);
    return 0;
}
