/* GET /statistics, as the core's REST gateway answers it: the height as a string. */
#pragma once

#include "sim/chain.h"
#include "sim/http_request.h"
#include "sim/reply.h"

typedef struct Statistics {
    const Scenario *scenario; /* borrowed, like the chain */
    const Chain *chain;
    int64_t stuck_height; /* reported while "statistics_stuck" holds; -1 while it does not */
} Statistics;

/** Takes note of the scenario: the height that is reported gets stuck now, not at the next request. */
void statistics_update(Statistics *statistics);

/** An HttpHandler; @userdata is the Statistics. */
MUST_USE int statistics_handle(const HttpRequest *request, Reply *ret, void *userdata);
