/* How an answer of the admin RPC goes out: its body and the HTTP around it, both as right or as wrong as told. */
#pragma once

#include "sim/chain.h"
#include "sim/fault.h"
#include "sim/reply.h"

/**
 * The reply to the question for @status that came with @id, JSON text, spoilt by @fault.
 * Returns 0 or -ENOMEM.
 */
MUST_USE int framing_reply(Fault fault, const ChainStatus *status, const char *id, Reply *ret);
