/*
 * What one run is asked for: a JSON object with exactly these members. Whoever starts this program is trusted, what
 * it was told is not (a tag comes from the network), so everything is checked again here.
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"

#include <stdint.h>

enum { REQUEST_BYTES_MAX = 64 * 1024 };

/* policy, its name: does a release have to have a checksum that somebody published? */
#define VERIFY_POLICIES(X)                                                                                         \
    X(VERIFY_OFF, "off")                                                                                           \
    X(VERIFY_PREFER, "prefer")                                                                                     \
    X(VERIFY_REQUIRE, "require")

typedef enum VerifyPolicy {
#define X(policy, name) policy,
    VERIFY_POLICIES(X)
#undef X
} VerifyPolicy;

typedef struct Request {
    json_t *json; /* as it came; owns the strings below */
    const char *tag;
    const char *owner;
    const char *repository;
    const char *asset;
    const char *binary; /* path inside the archive, "" for none */
    const char *api_url;
    const char *download_url;
    const char *token_file; /* "" for none */
    VerifyPolicy verify;
    const char *sha256;     /* "" for none */
    const char *public_key; /* "" for none */
    uint64_t stall_timeout_seconds;
    uint64_t asset_bytes_max;
    uint64_t unpacked_bytes_max;
} Request;

/** Reads and checks @text; free with request_clear. Returns 0; -EINVAL or -ENOMEM, described in @failure. */
MUST_USE int request_parse(const char *text, Request *ret, Failure *failure);

void request_clear(Request *request);
