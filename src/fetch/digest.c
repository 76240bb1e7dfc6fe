#include "fetch/digest.h"

#include "base/cleanup.h"

#include <openssl/evp.h>
#include <stdint.h>

struct Digest {
    EVP_MD_CTX *context;
};

static int begin(Digest *digest) {
    return EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

int digest_new(Digest **ret) {
    _cleanup_digest_ Digest *digest = calloc(1, sizeof *digest);
    if (!digest)
        return -ENOMEM;
    digest->context = EVP_MD_CTX_new();
    if (!digest->context || begin(digest) < 0)
        return -ENOMEM; /* the only way that these two fail */
    *ret = TAKE_PTR(digest);
    return 0;
}

Digest *digest_free(Digest *digest) {
    if (digest)
        EVP_MD_CTX_free(digest->context);
    free(digest);
    return NULL;
}

int digest_update(Digest *digest, const void *content, size_t length) {
    return EVP_DigestUpdate(digest->context, content, length) == 1 ? 0 : -EIO;
}

int digest_finish(Digest *digest, char (*ret_hex)[DIGEST_HEX_BYTES]) {
    static const char DIGITS[] = "0123456789abcdef";
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (EVP_DigestFinal_ex(digest->context, bytes, &length) != 1 || length != (sizeof *ret_hex - 1) / 2)
        return -EIO;
    for (unsigned i = 0; i < length; i++) {
        (*ret_hex)[2 * i] = DIGITS[bytes[i] >> 4];
        (*ret_hex)[2 * i + 1] = DIGITS[bytes[i] & 0xf];
    }
    (*ret_hex)[2 * (size_t)length] = '\0';
    return begin(digest);
}
