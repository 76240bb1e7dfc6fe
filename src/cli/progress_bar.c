#include "cli/progress_bar.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    WINDOW_SECONDS = 8, /* of the rate: long enough to be calm, short enough to show a stall */
    BAR_COLUMNS_MAX = 30,
    BAR_COLUMNS_MIN = 5,
    TAIL_BYTES = 160,
};

void rate_add(Rate *rate, uint64_t now_usec, uint64_t bytes) {
    if (rate->count > 0 && bytes < rate->samples[(rate->count - 1) % RATE_SAMPLES].bytes)
        rate->count = 0;
    rate->samples[rate->count % RATE_SAMPLES].usec = now_usec;
    rate->samples[rate->count % RATE_SAMPLES].bytes = bytes;
    rate->count++;
}

uint64_t rate_bytes_per_second(const Rate *rate) {
    if (rate->count < 2)
        return 0;
    size_t newest = rate->count - 1, oldest = newest;
    size_t last_kept = rate->count > RATE_SAMPLES ? rate->count - RATE_SAMPLES : 0;
    uint64_t now_usec = rate->samples[newest % RATE_SAMPLES].usec;

    while (oldest > last_kept &&
           usec_since(now_usec, rate->samples[(oldest - 1) % RATE_SAMPLES].usec) <= WINDOW_SECONDS * USEC_PER_SEC)
        oldest--;
    uint64_t usec = usec_since(now_usec, rate->samples[oldest % RATE_SAMPLES].usec);
    uint64_t bytes = rate->samples[newest % RATE_SAMPLES].bytes - rate->samples[oldest % RATE_SAMPLES].bytes;
    return usec > 0 ? (uint64_t)((double)bytes * (double)USEC_PER_SEC / (double)usec) : 0;
}

const char *amount_describe(char (*buffer)[AMOUNT_BYTES], uint64_t bytes) {
    static const char *const UNITS[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double amount = (double)bytes / 1000;
    size_t unit = 0;

    if (bytes < 1000) {
        (void)snprintf(*buffer, sizeof *buffer, "%" PRIu64 " bytes", bytes);
        return *buffer;
    }
    while (amount >= 999.95 && unit + 1 < sizeof UNITS / sizeof *UNITS) {
        amount /= 1000;
        unit++;
    }
    (void)snprintf(*buffer, sizeof *buffer, "%.1f %s", amount, UNITS[unit]);
    return *buffer;
}

const char *duration_describe(char (*buffer)[AMOUNT_BYTES], uint64_t seconds) {
    uint64_t minutes = seconds / 60, hours = minutes / 60;
    if (hours >= 100)
        (void)snprintf(*buffer, sizeof *buffer, "%" PRIu64 " days", hours / 24);
    else if (hours > 0)
        (void)snprintf(*buffer, sizeof *buffer, "%" PRIu64 " h %" PRIu64 " min", hours, minutes % 60);
    else if (minutes > 0)
        (void)snprintf(*buffer, sizeof *buffer, "%" PRIu64 " min %" PRIu64 " s", minutes, seconds % 60);
    else
        (void)snprintf(*buffer, sizeof *buffer, "%" PRIu64 " s", seconds);
    return *buffer;
}

static bool has_total(const ProgressLine *line) {
    return line->of_bytes != UINT64_MAX && line->of_bytes > 0;
}

/* A server may send more than it said. */
static double share(const ProgressLine *line) {
    return line->bytes >= line->of_bytes ? 1.0 : (double)line->bytes / (double)line->of_bytes;
}

/* Appends @words if they fit into @room as a whole; a number that is cut is another number. */
static bool append_words(char (*tail)[TAIL_BYTES], const char *words, size_t room) {
    size_t used = strlen(*tail), length = strlen(words);
    if (used + length > room || used + length >= sizeof *tail)
        return false;
    memcpy(*tail + used, words, length + 1);
    return true;
}

/* What stands behind the bar, most important first, in at most @room columns. */
static void write_tail(char (*tail)[TAIL_BYTES], const ProgressLine *line, size_t room) {
    char amount[AMOUNT_BYTES], total[AMOUNT_BYTES], words[3 * AMOUNT_BYTES];
    bool fits = true;

    if (has_total(line)) {
        (void)snprintf(words, sizeof words, "%3d%%", (int)(share(line) * 100));
        fits = append_words(tail, words, room);
        (void)snprintf(
            words, sizeof words, "  %s of %s", amount_describe(&amount, line->bytes),
            amount_describe(&total, line->of_bytes));
    } else {
        (void)snprintf(words, sizeof words, "%s", amount_describe(&amount, line->bytes));
    }
    fits = fits && append_words(tail, words, room);
    if (line->bytes_per_second == 0)
        return;
    (void)snprintf(words, sizeof words, "  %s/s", amount_describe(&amount, line->bytes_per_second));
    fits = fits && append_words(tail, words, room);
    if (!fits || !has_total(line) || line->bytes >= line->of_bytes)
        return;
    (void)snprintf(
        words, sizeof words, "  %s left",
        duration_describe(&amount, (line->of_bytes - line->bytes) / line->bytes_per_second));
    (void)append_words(tail, words, room);
}

static void write_bar(char *target, const ProgressLine *line, size_t columns) {
    size_t filled = (size_t)(share(line) * (double)columns);
    target[0] = '[';
    memset(target + 1, '#', filled);
    memset(target + 1 + filled, '.', columns - filled);
    memcpy(target + 1 + columns, "]  ", sizeof "]  ");
}

const char *progress_line(char (*buffer)[PROGRESS_LINE_BYTES], const ProgressLine *line, size_t width) {
    char bar[BAR_COLUMNS_MAX + sizeof "[]  "] = "";
    char tail[TAIL_BYTES] = "";
    size_t head_length = strlen(line->tag) + strlen(line->phase) + 4; /* a colon and three blanks */
    size_t most = width > 0 ? width - 1 : sizeof *buffer - 1; /* a line that reaches the last column would wrap */

    write_tail(&tail, line, most > head_length ? most - head_length : 0);
    size_t taken = head_length + strlen(tail) + sizeof "[]   ";

    if (has_total(line) && width > taken + BAR_COLUMNS_MIN) {
        size_t columns = width - taken;
        write_bar(bar, line, columns < BAR_COLUMNS_MAX ? columns : BAR_COLUMNS_MAX);
    }
    (void)snprintf(*buffer, sizeof *buffer, "%s: %s  %s%s", line->tag, line->phase, bar, tail);
    if (width > 0 && strlen(*buffer) >= width && width <= sizeof *buffer)
        (*buffer)[width - 1] = '\0';
    return *buffer;
}
