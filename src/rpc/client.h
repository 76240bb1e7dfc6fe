/*
 * The client of the node's admin socket: JSON-RPC 1.0 over HTTP/1.1 over a UNIX socket, one call at a time, the
 * connection kept between calls. Nothing here blocks, every call ends by its deadline, and whatever the peer sends
 * is hostile until checked: the result of a call is an answer or a failure with a text, never anything else.
 */
#pragma once

#include "base/failure.h"
#include "rpc/upgrade_status.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

typedef struct RpcClient RpcClient;

/**
 * Called once for each call that was begun and not cancelled: with @status, or with NULL and the reason in
 * @failure. The callback may begin the next call, cancel, or free the client.
 */
typedef void (*RpcStatusHandler)(const UpgradeStatus *status, const Failure *failure, void *userdata);

/** A client for nobody yet (rpc_client_set_target). Owned by the caller (rpc_client_free). Returns 0 or -ENOMEM. */
MUST_USE int rpc_client_new(sd_event *event, RpcStatusHandler handler, void *userdata, RpcClient **ret);

/** Cancels what is under way, closes, frees; NULL is fine. Returns NULL. */
RpcClient *rpc_client_free(RpcClient *client);

/**
 * Names the socket and the path of the calls (both copied; a socket path of any length up to PATH_MAX works), and
 * cancels what is under way. Returns 0 or -ENOMEM.
 */
MUST_USE int rpc_client_set_target(RpcClient *client, const char *socket_path, const char *http_path);

/**
 * Asks for the upgrade status; the handler is called no later than @timeout_ms from now, and never from within this
 * call. Returns 0; -EBUSY while a call is under way; -errno when the event loop refuses.
 */
MUST_USE int rpc_client_call(RpcClient *client, uint64_t timeout_ms);

/** Is a call under way? */
bool rpc_client_busy(const RpcClient *client);

/** Forgets the call under way (its handler is not called) and closes the connection. */
void rpc_client_cancel(RpcClient *client);

static inline void cleanup_rpc_client(RpcClient **client) {
    (void)rpc_client_free(*client);
}
#define _cleanup_rpc_client_ __attribute__((__cleanup__(cleanup_rpc_client)))
