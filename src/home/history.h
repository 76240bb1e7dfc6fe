/*
 * HOME/.visor/history.jsonl: what happened, one line an event, so that a person sees a month later what there was.
 * No decision is ever made from it.
 *
 * So it is cheap rather than safe: a line is one write() to the page cache, and nothing waits for the disk while a
 * node is down. When Visor dies nothing is lost. When the machine does, the lines of the last half minute or so may
 * be (the kernel writes back when it likes, and the move of a full file to history.jsonl.1 likewise, so a part of
 * the new file may go with them), or be torn, or have become NULs: the reader passes that over. What must survive a
 * power cut is in state.json.
 *
 * A line that cannot be written is dropped, and its caller told. There is one writer, the Visor that holds the
 * home, and any number of readers.
 */
#pragma once

#include "base/failure.h"
#include "base/log.h"
#include "home/history_reader.h"
#include "home/layout.h"

#include <stdint.h>

enum { HISTORY_FILE_MAX_BYTES = 1024 * 1024 }; /* of which there are two */

/**
 * Appends the line of @event (history_line.h) to the history of @home. A file that would pass its limit becomes
 * history.jsonl.1, the one before it is gone, and a new one begins. A line that a crash tore off is ended first.
 *
 * Returns 0; -errno described in @failure: then the line is not written.
 */
MUST_USE int history_append(
    const Home *home, uint64_t realtime_usec, const char *event, const LogField *fields, Failure *failure);

/**
 * Calls @handler for every line of both files, oldest first, also while a Visor writes. @ret_skipped pieces were no
 * lines (history_reader.h). Returns 0, also if there is no history yet; -errno described in @failure.
 */
MUST_USE int
history_read(const Home *home, HistoryHandler handler, void *userdata, uint64_t *ret_skipped, Failure *failure);
