/*
 * One HTTP exchange at a time with one server, with a deadline, over a connection that is kept between exchanges.
 *
 * While no exchange is under way the connection is not watched, so it costs no wakeup; whether the server closed it
 * is asked when the next exchange begins. A server that closes it just then (RFC 9112, 9.3.1) is asked again, once,
 * over a new connection and within the same deadline. After any failure the connection is closed.
 */
#pragma once

#include "base/failure.h"
#include "rpc/http_connect.h"
#include "rpc/http_response.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

typedef struct HttpCall HttpCall;

/**
 * Called once for each exchange that was begun and not cancelled: with the complete @response, whatever its status,
 * or with NULL and the reason in @failure. Both are gone after the call. It may begin the next exchange, cancel or
 * free.
 */
typedef void (*HttpCallHandler)(const HttpResponse *response, const Failure *failure, void *userdata);

/**
 * No connection yet. The bodies of answers may have @body_limit_bytes. Owned by the caller (http_call_free).
 * Returns 0 or -errno.
 */
MUST_USE int
http_call_new(sd_event *event, size_t body_limit_bytes, HttpCallHandler handler, void *userdata, HttpCall **ret);

/** Cancels what is under way, closes, frees; NULL is fine. Returns NULL. */
HttpCall *http_call_free(HttpCall *call);

/**
 * Sends @request (copied) to @target (borrowed until the exchange ends; a kept connection is used without looking
 * at it). The handler is called within @timeout_ms, and never from within this call.
 * Returns 0; -EBUSY while an exchange is under way; -ENOMEM; -errno when the event loop refuses.
 */
MUST_USE int http_call_begin(HttpCall *call, const HttpTarget *target, const char *request, uint64_t timeout_ms);

/**
 * Begins an exchange that fails with @failure (copied) as soon as the event loop has its turn: for what its owner
 * finds wrong before anything can be sent. Returns as http_call_begin().
 */
MUST_USE int http_call_begin_failed(HttpCall *call, const Failure *failure);

/** Is an exchange under way? */
bool http_call_busy(const HttpCall *call);

/** Forgets the exchange under way (its handler is not called) and closes the connection. */
void http_call_cancel(HttpCall *call);
