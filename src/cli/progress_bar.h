/*
 * How far something is, as one line of a terminal. Pure: times and widths are given, text comes out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    RATE_SAMPLES = 32,
    PROGRESS_LINE_BYTES = 512,
};

/** The bytes a second of the last few seconds. Begins zeroed. */
typedef struct Rate {
    struct {
        uint64_t usec;
        uint64_t bytes;
    } samples[RATE_SAMPLES];
    size_t count; /* all that were added; the last RATE_SAMPLES of them are kept */
} Rate;

/** So many @bytes were there at @now_usec (monotonic). Fewer than before: it begins anew. */
void rate_add(Rate *rate, uint64_t now_usec, uint64_t bytes);

/** Bytes a second; 0 while that cannot be told. */
uint64_t rate_bytes_per_second(const Rate *rate);

/** What the line tells. */
typedef struct ProgressLine {
    const char *tag;
    const char *phase;
    uint64_t bytes;
    uint64_t of_bytes;         /* UINT64_MAX = not known */
    uint64_t bytes_per_second; /* 0 = not known */
} ProgressLine;

/**
 * Writes the line so that it has less than @width columns, whatever must be left out for that: first the bar, then
 * the words at the end. Returns @buffer.
 */
const char *progress_line(char (*buffer)[PROGRESS_LINE_BYTES], const ProgressLine *line, size_t width);

enum { AMOUNT_BYTES = 32 };

/** Writes "63.0 MB", decimal units as servers and disks have them. Returns @buffer. */
const char *amount_describe(char (*buffer)[AMOUNT_BYTES], uint64_t bytes);

/** Writes "5 s", "3 min 20 s", "2 h 5 min". Returns @buffer. */
const char *duration_describe(char (*buffer)[AMOUNT_BYTES], uint64_t seconds);
