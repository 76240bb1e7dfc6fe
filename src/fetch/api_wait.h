/*
 * When a rate-limited API may be asked again. Tries come every ten seconds once the network waits: the download URL
 * is to be asked each time, but GitHub's API not before its time, or it shuts us out for longer.
 */
#pragma once

#include "base/failure.h"
#include "fetch/request.h"
#include "fetch/staging.h"

/**
 * How many seconds the API at @url asked to be left alone for still; 0 if it may be asked. Nothing is remembered of
 * another URL or tokenFile, which may have another limit, nor if @staging is NULL. @failure is what the API said.
 */
unsigned api_wait_seconds(const Staging *staging, const Request *request, const char *url, Failure *failure);

/** Remembers that the API at @url said @failure and is not to be asked for @seconds. Not to be able to is no harm.
 */
void api_wait_remember(
    const Staging *staging, const Request *request, const char *url, unsigned seconds, const Failure *failure);
