/*
 * The lines of a history, found in its bytes as they come, in whatever pieces and in bounded memory. What a crash
 * or a power cut may leave is passed over and counted: torn lines, lines longer than any that Visor writes, and
 * runs of NULs, which end a line as a newline does (some file systems leave them where data was not yet written).
 * Pure.
 */
#pragma once

#include "home/history_line.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Called for each line, oldest first; @line is gone after the call. */
typedef void (*HistoryHandler)(const HistoryLine *line, void *userdata);

typedef struct HistoryReader {
    HistoryHandler handler;
    void *userdata;
    uint64_t skipped; /* pieces that are no lines */

    /* The line that is being read. */
    bool too_long;
    bool in_hole; /* the last byte was a NUL */
    size_t length;
    char text[HISTORY_LINE_MAX + 1];
} HistoryReader;

/** Nothing came yet. */
void history_reader_init(HistoryReader *reader, HistoryHandler handler, void *userdata);

/** Takes in @length bytes. */
void history_reader_feed(HistoryReader *reader, const char *bytes, size_t length);

/** Takes in that a file is over, which ends its last line; another one may follow. */
void history_reader_end(HistoryReader *reader);
