/*
 * The node's statistics over HTTP, for one thing: does its block height move? Like the admin client: one call at a
 * time, the connection kept, every call ends by its deadline, whatever comes is hostile until checked.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

typedef struct StatisticsClient StatisticsClient;

/**
 * Called once for each call that was begun and not cancelled: with @height_blocks, or with NULL and the reason in
 * @failure. The callback may begin the next call, cancel, or free the client.
 */
typedef void (*StatisticsHandler)(const uint64_t *height_blocks, const Failure *failure, void *userdata);

/** No connection yet. Owned by the caller (statistics_client_free). Returns 0 or -errno. */
MUST_USE int
statistics_client_new(sd_event *event, StatisticsHandler handler, void *userdata, StatisticsClient **ret);

/** Cancels what is under way, closes, frees; NULL is fine. Returns NULL. */
StatisticsClient *statistics_client_free(StatisticsClient *client);

/**
 * Asks @url (http://ADDRESS[:PORT]/PATH, http_url.h) for the block height; the handler is called no later than
 * @timeout_ms from now, and never from within this call.
 * Returns 0; -EBUSY while a call is under way; -ENOMEM; -errno when the event loop refuses. A URL that cannot be
 * asked is told to the handler.
 */
MUST_USE int statistics_client_call(StatisticsClient *client, const char *url, uint64_t timeout_ms);

/** Is a call under way? */
bool statistics_client_busy(const StatisticsClient *client);

/** Forgets the call under way (its handler is not called) and closes the connection. */
void statistics_client_cancel(StatisticsClient *client);

static inline void cleanup_statistics_client(StatisticsClient **client) {
    (void)statistics_client_free(*client);
}
#define _cleanup_statistics_client_ __attribute__((__cleanup__(cleanup_statistics_client)))

/**
 * Reads the body of an answer: {"statistics":{"blockHeight":"123"}}, the height as digits or as a number.
 * Returns 0, or -EBADMSG described in @failure.
 */
MUST_USE int statistics_parse(const char *body, size_t length, uint64_t *ret_height_blocks, Failure *failure);
