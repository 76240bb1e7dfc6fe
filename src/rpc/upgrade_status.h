/* protocolupgrade.UpgradeStatus: the question as text, the answer as a struct. Pure. */
#pragma once

#include "base/failure.h"
#include "core/tag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct UpgradeStatus {
    bool has_release;              /* AcceptedReleaseInfo was there and its tag is not empty */
    char tag[RELEASE_TAG_MAX + 1]; /* VegaReleaseTag as sent; not checked for being a plain name */
    uint64_t height_blocks;        /* UpgradeBlockHeight */
    bool ready;                    /* ReadyToUpgrade */
} UpgradeStatus;

/** Writes the body of request @id into @buffer; returns its length. 128 bytes are enough for any id. */
size_t upgrade_status_request(char *buffer, size_t size_bytes, uint64_t id);

/**
 * Reads the body of the answer to request @id.
 *
 * Returns 0, or -EBADMSG described in @failure: no JSON, no object, another id, an error (string or object,
 * quoted), a null result, a member of the wrong type, a height below 0 or over 2^63-1, a tag that is too long.
 */
MUST_USE int
upgrade_status_parse(const char *body, size_t length, uint64_t id, UpgradeStatus *ret, Failure *failure);
