/* SIGTERM, SIGINT and SIGHUP as events of the loop. */
#pragma once

#include "sim/loop.h"

typedef struct Signals Signals;

typedef void (*SignalHandler)(int number, void *userdata);

/** Holds the signals back; those that come from now on are delivered once signals_new was called. */
void signals_block(void);

MUST_USE int signals_new(Loop *loop, SignalHandler handler, void *userdata, Signals **ret);

/** Returns NULL; NULL is fine. The signals stay blocked. */
Signals *signals_free(Signals *signals);
