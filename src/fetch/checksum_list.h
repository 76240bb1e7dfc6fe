/*
 * SHA256SUMS and NAME.sha256: what a release publishes beside its assets. A pure parser of text that a stranger
 * wrote.
 *
 * One line a file, in any of the forms that sha256sum(1) of coreutils and of the BSDs write:
 *
 *     HEX  NAME          HEX *NAME          SHA256 (NAME) = HEX
 *
 * or a lone HEX, which is the digest of the asset that the list is about. CRLF, a byte order mark, empty lines,
 * comments (#), a folder in front of the name and lines about other files or in other digests are all fine: a bad
 * line for another platform must not stop this one (cosmos-sdk #23653). Names that coreutils had to escape (a line
 * that begins with a backslash) are never ours; a line about our asset that makes no sense is an error.
 */
#pragma once

#include "base/failure.h"
#include "fetch/digest.h"

#include <stddef.h>

/** No list is larger; 4096 assets with long names fit. */
#define CHECKSUM_LIST_BYTES_MAX ((size_t)1024 * 1024)

/**
 * Finds the digest of @asset (a file's name, without a folder) in @text of @length bytes, which needs no NUL.
 *
 * Returns 0 with @ret_hex in lower case; 1 if the list does not name @asset; -EBADMSG, described in @failure, if
 * the line about it is malformed, if it is listed with two digests, or if the list is too long or no text.
 */
MUST_USE int checksum_list_find(
    const char *text, size_t length, const char *asset, char (*ret_hex)[DIGEST_HEX_BYTES], Failure *failure);
