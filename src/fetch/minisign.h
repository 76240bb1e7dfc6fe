/*
 * Signatures of minisign(1), the tool that release makers sign with: Ed25519 over the file itself ("Ed", legacy) or
 * over its BLAKE2b-512 ("ED", the default since 0.8), and a second signature that binds the trusted comment.
 * Formats: https://jedisct1.github.io/minisign/, "Minisign signature format" and "Minisign public key format".
 *
 * The key is the operator's, the signature a stranger's. A legacy signature needs the whole file at once (Ed25519
 * has no streaming form): the file is mapped, verified in a thread, and its pages are given back meanwhile, so that
 * resident memory stays bounded there too.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MINISIGN_KEY_BYTES = 32,
    MINISIGN_KEY_ID_BYTES = 8,
    MINISIGN_SIGNATURE_BYTES = 64,
    MINISIGN_COMMENT_BYTES = 1024,  /* of a trusted comment, printable, with its NUL; what minisign itself allows */
    MINISIGN_TEXT_BYTES_MAX = 8192, /* no .minisig is larger */
};

typedef struct MinisignKey {
    uint8_t id[MINISIGN_KEY_ID_BYTES];
    uint8_t key[MINISIGN_KEY_BYTES];
} MinisignKey;

typedef struct MinisignSignature {
    uint8_t key_id[MINISIGN_KEY_ID_BYTES];
    bool prehashed; /* "ED": over BLAKE2b-512 of the file */
    uint8_t signature[MINISIGN_SIGNATURE_BYTES];
    uint8_t global_signature[MINISIGN_SIGNATURE_BYTES]; /* over signature and trusted comment */
    size_t trusted_comment_length;
    char trusted_comment[MINISIGN_COMMENT_BYTES]; /* the bytes that are signed, not made printable */
} MinisignSignature;

/** Called at least once a second with how many bytes were read so far; may be NULL. */
typedef void (*MinisignProgress)(uint64_t bytes, void *userdata);

/**
 * Reads a public key: the line that begins with "RW", or the whole file minisign.pub with its untrusted comment.
 * Returns 0, or -EINVAL described in @failure with the cure.
 */
MUST_USE int minisign_parse_key(const char *text, MinisignKey *ret, Failure *failure);

/**
 * Reads a .minisig of @length bytes, which needs no NUL: the pure parser, nothing is verified.
 * Returns 0, or -EBADMSG described in @failure.
 */
MUST_USE int minisign_parse_signature(const char *text, size_t length, MinisignSignature *ret, Failure *failure);

/**
 * Is @signature_text (the .minisig, @length bytes) a signature of the file @asset_fd by @public_key?
 *
 * The file is read from its beginning, whatever its offset is, and must not change meanwhile.
 * @ret_trusted_comment is what the signer says about it, made printable; it is only filled if all is verified.
 * Returns 0; -EINVAL if @public_key is none; -EBADMSG if the signature is malformed; -EKEYREJECTED if it is of
 * another key, of another file, or its trusted comment was changed; -errno of reading. Described in @failure.
 */
MUST_USE int minisign_verify(
    const char *public_key, const char *signature_text, size_t length, int asset_fd, MinisignProgress progress,
    void *userdata, char (*ret_trusted_comment)[MINISIGN_COMMENT_BYTES], Failure *failure);
