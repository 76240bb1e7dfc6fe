/* The body of an answer of the admin RPC: the true one, or one that is wrong in itself. */
#pragma once

#include "sim/chain.h"
#include "sim/fault.h"

/**
 * The body that answers the question with @id (JSON text) by @status, spoilt by @fault; faults of the HTTP around
 * it leave it true. Owned by the caller; NULL when memory is out.
 */
char *answer_body(Fault fault, const ChainStatus *status, const char *id);
