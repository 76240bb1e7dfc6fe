/* What the release server answers: the API, the downloads and the storage, each as right or as wrong as told. */
#pragma once

#include "sim/digests.h"
#include "sim/http_answer.h"
#include "sim/release_rules.h"
#include "sim/throttle.h"

typedef struct ReleaseSite {
    int folder_fd;     /* of the releases */
    const char *token; /* NULL: none is needed. Borrowed, like the next two */
    const Scenario *scenario;
    Digests *digests;
    uint16_t storage_port;
    ReleaseRules rules;
    Throttle throttle;
    uint64_t answer_count;
} ReleaseSite;

/** Takes note of a scenario that has changed. Returns 0 or -ENOMEM. */
MUST_USE int release_site_update(ReleaseSite *site);

/**
 * Makes the answer to a request for @route, where the names that belong to an id are filled in. Its status is 0
 * when nothing is to be sent. Returns 0, 1 when digests are still being computed, or -errno; at 0 @ret is freed
 * with http_answer_free.
 */
MUST_USE int release_site_answer(ReleaseSite *site, const HttpRequest *request, Route *route, HttpAnswer *ret);
