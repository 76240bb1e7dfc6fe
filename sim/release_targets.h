/* What there is to be had from a release site: releases, assets, files, if nothing goes wrong. */
#pragma once

#include "sim/release_json.h"
#include "sim/release_site.h"

/**
 * Fills in what @route means: the names that an id stands for, TARGET_NONE if it stands for none.
 * Returns 0, 1 when the digests that the answer needs are still being computed, or -errno.
 */
MUST_USE int release_target_resolve(ReleaseSite *site, Route *route);

/** Answers as @rule, which may be NULL, spoils it. Returns 0, -ENOENT when there is no such thing, or -errno. */
MUST_USE int release_target_answer(
    const ReleaseSite *site, const HttpRequest *request, const Route *route, const json_t *rule,
    HttpAnswer *answer);

/** Where the file of @route lies in the storage, signed; owned by the caller. */
char *release_target_storage_url(const ReleaseSite *site, const HttpRequest *request, const Route *route);

/** Is @route signed as release_target_storage_url does it? */
bool release_target_is_signed(const ReleaseSite *site, const Route *route);

/** Answers 302 to @url; NULL is -ENOMEM. */
MUST_USE int release_target_redirect(HttpAnswer *answer, const char *url);
