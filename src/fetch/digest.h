/*
 * SHA-256 of what streams by, by libcrypto's EVP (EVP_DigestInit(3)): the checksum that releases are published
 * with.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>

/** 64 lower-case hexadecimal digits and a NUL. */
#define DIGEST_HEX_BYTES 65

typedef struct Digest Digest;

/** A digest of nothing so far; owned by the caller (digest_free). Returns 0 or -ENOMEM. */
MUST_USE int digest_new(Digest **ret);

/** Frees @digest; NULL is fine. Returns NULL. */
Digest *digest_free(Digest *digest);

/** Takes the next @length bytes. Returns 0, or -EIO if libcrypto fails. */
MUST_USE int digest_update(Digest *digest, const void *content, size_t length);

/**
 * Writes the digest of all that was taken, in lower case. After it the digest begins anew with nothing taken.
 * Returns 0, or -EIO if libcrypto fails.
 */
MUST_USE int digest_finish(Digest *digest, char (*ret_hex)[DIGEST_HEX_BYTES]);

static inline void cleanup_digest(Digest **digest) {
    (void)digest_free(*digest);
}
#define _cleanup_digest_ __attribute__((__cleanup__(cleanup_digest)))
