/* The events "accepted", "retracted" and "ready": the moments at which the core begins to say something else. */
#pragma once

#include "sim/chain.h"
#include "sim/event_log.h"

/** What was announced last. All zeroes at first. */
typedef struct Announcement {
    char *tag; /* owned; NULL while nothing is accepted */
    int64_t height;
    bool ready;
} Announcement;

/** Writes an event for each thing in which @status differs from what was announced last. */
void announcement_update(Announcement *announcement, const ChainStatus *status, const EventLog *log);

void announcement_free(Announcement *announcement);
