/*
 * Is the asset what the release's makers published? By the first of these that exists: the pin of config.toml, the
 * digest that the API tells, the release's SHA256SUMS, its ASSET.sha256. And, whatever the policy, by the signature
 * if a public key is configured.
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"
#include "fetch/digest.h"
#include "fetch/find.h"
#include "fetch/http.h"
#include "fetch/progress.h"
#include "fetch/request.h"

/** What the asset will be held against. */
typedef struct Proofs {
    char sha256[DIGEST_HEX_BYTES]; /* "" for none */
    char against[320];             /* who says so, in words */
    char *signature;               /* text of ASSET.minisig, NULL for none */
    size_t signature_length;
    unsigned retry_after_seconds; /* after a failure: what the server asks for, 0 for nothing */
} Proofs;

/** Does the API's list of assets have all that @asset could be verified with? */
bool verify_can(const ApiRelease *release, const Request *request, const ApiAsset *asset);

/**
 * Gathers the proofs: before the asset itself if the API answered, since nothing is worth a download that must be
 * refused. @ret is freed with proofs_clear, also after a failure.
 *
 * Returns 0; -ENOKEY: the policy or a public key asks for a proof that is not there; -EBADMSG: one that makes no
 * sense; what http_get() returns; described in @failure with the cure.
 */
MUST_USE int verify_gather(Http *http, const Request *request, const Found *found, Proofs *ret, Failure *failure);

/**
 * Holds the asset of @asset_fd, whose SHA-256 is @sha256, against @proofs; tells each that held, and appends its
 * words to the array @verified. Warns if there is none.
 *
 * Returns 0; -EKEYREJECTED: it is not what was published; -EBADMSG; described in @failure.
 */
MUST_USE int verify_asset(
    const Request *request, const Proofs *proofs, const char *sha256, int asset_fd, Progress *progress,
    json_t *verified, Failure *failure);

/**
 * The words for all that could verify the asset, as an array for the event "looked": asks the server where the API
 * did not answer. Returns 0 with @ret; -ENOKEY or -EBADMSG if a fetch would end with that; what http_get() returns;
 * described in @failure.
 */
MUST_USE int verify_list(Http *http, const Request *request, const Found *found, json_t **ret, Failure *failure);

void proofs_clear(Proofs *proofs);

static inline void cleanup_proofs(Proofs *proofs) {
    proofs_clear(proofs);
}
#define _cleanup_proofs_ __attribute__((__cleanup__(cleanup_proofs)))
