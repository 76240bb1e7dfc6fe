/*
 * What `visor prepare` says: on a terminal a line that is drawn anew, for a program one JSON object a line,
 * otherwise plain lines as a log has them.
 */
#pragma once

#include "cli/options.h"
#include "cli/progress_bar.h"
#include "release/fetch_event.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct PrepareOutput {
    FILE *out;
    const char *tag;
    bool json;
    bool terminal;
    bool drawn; /* a progress line stands on the terminal */
    FetchPhase phase;
    Rate rate;
    uint64_t told_usec; /* when progress was last told */
} PrepareOutput;

/** @out is borrowed. A terminal is drawn upon only if it can be. */
void prepare_output_begin(PrepareOutput *output, FILE *out, Output format, const char *tag);

/** An event of visor-fetch that is not its last. */
void prepare_output_event(PrepareOutput *output, const FetchEvent *event);

/** visor-fetch is done. */
void prepare_output_fetched(PrepareOutput *output, const FetchEvent *done);

/** Anything else: as {"event":@event,"tag":...,"text":...} in JSON, otherwise the text alone. */
__attribute__((__format__(__printf__, 3, 4))) void
prepare_output_say(PrepareOutput *output, const char *event, const char *format, ...);

/** The last word of a good end: the release lies in @folder and is proven. @verified may be NULL. */
void prepare_output_prepared(PrepareOutput *output, const char *folder, const FetchList *verified);

/** Leaves the terminal as it was: the cursor at the beginning of an empty line. */
void prepare_output_end(PrepareOutput *output);
