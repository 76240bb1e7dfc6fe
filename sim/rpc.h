/* The admin RPC of the core: JSON-RPC 1.0 over HTTP, with one method, protocolupgrade.UpgradeStatus. */
#pragma once

#include "sim/chain.h"
#include "sim/event_log.h"
#include "sim/fault.h"
#include "sim/http_request.h"
#include "sim/reply.h"

typedef struct Rpc {
    const Scenario *scenario; /* all borrowed */
    const Chain *chain;
    const EventLog *log;
    json_t *last_polled; /* owned: what the last event "polled" said */
} Rpc;

/** The fault that @scenario asks for. */
Fault rpc_fault(const Scenario *scenario);

/** An HttpHandler; @userdata is the Rpc. An answer that differs from the last one is an event "polled". */
MUST_USE int rpc_handle(const HttpRequest *request, Reply *ret, void *userdata);

void rpc_free(Rpc *rpc);
