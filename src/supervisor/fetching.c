/* The accepted release, fetched by visor-fetch: started, listened to, cancelled. When, the core decides. */
#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/strings.h"
#include "home/staging.h"
#include "release/fetch_request.h"
#include "release/program.h"
#include "supervisor/shell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    TELL_USEC = 10 * 1000 * 1000,          /* how often a download is told of */
    REPEAT_EARLY_USEC = 600 * 1000 * 1000, /* a failure that stays the same, while the block is far */
    REPEAT_LATE_USEC = 60 * 1000 * 1000,   /* when the network waits */
};

static LogField field_bytes(const char *key, uint64_t bytes) {
    return bytes == FETCH_UNKNOWN ? field_string(key, "unknown") : field_integer(key, (int64_t)bytes);
}

static void tell_progress(Fetching *fetching, const FetchEvent *event) {
    uint64_t now_usec = clock_monotonic_usec();
    if (usec_since(now_usec, fetching->told_usec) < TELL_USEC)
        return;
    fetching->told_usec = now_usec;
    log_info(
        "fetch", "fetching goes on", field_string("tag", fetching->tag),
        field_string("phase", FETCH_PHASE_NAMES[event->phase]), field_bytes("bytes", event->bytes),
        field_bytes("of", event->of_bytes));
}

static void tell_sandbox(Fetching *fetching, const FetchEvent *event) {
    for (size_t i = 0; i < event->missing.count; i++)
        if (!fetching->sandbox_told)
            log_warning(
                "fetch", "visor-fetch runs with less protection than it could have",
                field_string("missing", event->missing.items[i]));
    fetching->sandbox_told = true;
}

static void on_event(const FetchEvent *event, void *userdata) {
    Supervisor *supervisor = userdata;
    Fetching *fetching = &supervisor->fetching;
    LogField tag = field_string("tag", fetching->tag);

    switch (event->type) {
    case FETCH_EVENT_SANDBOX:
        tell_sandbox(fetching, event);
        break;
    case FETCH_EVENT_WARNING:
        if (throttle_pass(&fetching->warnings, event->text, clock_monotonic_usec(), REPEAT_EARLY_USEC))
            log_warning("fetch", event->text, tag);
        break;
    case FETCH_EVENT_FOUND:
        log_event(
            fetching->again ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "fetch", "found the release", tag,
            field_string("url", event->text), field_bytes("bytes", event->bytes));
        break;
    case FETCH_EVENT_PROGRESS:
        tell_progress(fetching, event);
        break;
    case FETCH_EVENT_RESUMED:
        log_info("fetch", "going on where the last try ended", tag, field_bytes("bytes", event->bytes));
        break;
    case FETCH_EVENT_VERIFIED:
        log_event(
            fetching->discarded ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "fetch", "verified", tag,
            field_string("against", event->text), field_string("sha256", event->sha256));
        break;
    case FETCH_EVENT_DONE:
    case FETCH_EVENT_LOOKED:
    case FETCH_EVENT_FAILED:
    case FETCH_EVENT_COUNT:
        break; /* the end, which comes when the process is gone */
    }
}

static void tell_failure(Supervisor *supervisor, const FetchEvent *event) {
    Fetching *fetching = &supervisor->fetching;
    bool late = supervisor->core.upgrade.facts.ready;
    /* A digest that is wrong is never just another failed try. */
    bool loud = late || event->step == FETCH_STEP_VERIFY || event->step == FETCH_STEP_UNPACK;

    if (!throttle_pass(
            &fetching->complaints, event->text, clock_monotonic_usec(),
            late ? REPEAT_LATE_USEC : REPEAT_EARLY_USEC))
        return;
    log_event(
        loud ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "fetch", "the release could not be fetched; trying again",
        field_string("tag", fetching->tag), field_string("step", FETCH_STEP_NAMES[event->step]),
        field_string("why", event->text));
}

static void on_end(const FetchEnd *end, void *userdata) {
    Supervisor *supervisor = userdata;
    Fetching *fetching = &supervisor->fetching;
    Event event = {.type = EVENT_FETCHED};

    fetching->fetch = NULL;
    fetching->again = true;
    event.fetched.tag = fetching->tag;
    event.fetched.ok = end->outcome == FETCH_OUTCOME_DONE;
    FAIL_POINT_IF(event.fetched.ok, FETCH_ENDED);
    event.fetched.progressed = event.fetched.ok || end->last.progressed;
    event.fetched.retry_after_usec = event.fetched.ok ? 0 : end->last.retry_after_seconds * USEC_PER_SEC;
    if (event.fetched.ok)
        log_event(
            fetching->discarded ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "fetch", "fetched and unpacked",
            field_string("tag", fetching->tag), field_bytes("bytes", end->last.bytes),
            field_bytes("unpacked", end->last.unpacked_bytes),
            field_duration("took", usec_since(clock_monotonic_usec(), fetching->began_usec)));
    else
        tell_failure(supervisor, &end->last);
    supervisor_dispatch(supervisor, event);
}

static int start(Supervisor *supervisor, const char *tag, Failure *failure) {
    _cleanup_free_ char *folder = release_folder(supervisor->home, supervisor->config, tag);
    _cleanup_free_ char *staging = NULL;
    _cleanup_free_ char *program = NULL;
    _cleanup_json_ json_t *request = NULL;

    int r = folder ? visor_fetch_path(&program, failure) : failure_set(failure, -ENOMEM, "out of memory");
    if (r >= 0)
        r = staging_locate(supervisor->home, folder, tag, &staging, failure);
    if (r < 0)
        return r;
    r = fetch_request_build(supervisor->config, tag, &request);
    if (r < 0)
        return failure_set(failure, r, "cannot ask for the release: %s", strerror(-r));
    FetchOrder order = {.program = program, .staging = staging, .request = request};
    return fetch_start(
        supervisor->event, &order, on_event, on_end, supervisor, &supervisor->fetching.fetch, failure);
}

void fetching_forget(Fetching *fetching) {
    throttle_reset(&fetching->complaints);
    throttle_reset(&fetching->warnings);
    fetching->again = false;
    fetching->discarded = false;
}

void fetching_start(Supervisor *supervisor, const char *tag) {
    Fetching *fetching = &supervisor->fetching;
    Failure failure = {0};

    if (!streq(fetching->tag, tag))
        fetching_forget(fetching);
    tag_copy(&fetching->tag, tag);
    fetching->began_usec = fetching->told_usec = clock_monotonic_usec();
    log_event(
        fetching->again ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "fetch", "fetching the release",
        field_string("tag", tag));
    int r = start(supervisor, tag, &failure);
    FAIL_POINT(FETCH_STARTED);
    if (r >= 0)
        return;
    FetchEvent event = {.step = FETCH_STEP_STORE};
    (void)snprintf(event.text, sizeof event.text, "%.1000s", failure.message);
    tell_failure(supervisor, &event);
    supervisor_answer(supervisor, (Event){.type = EVENT_FETCHED, .fetched = {.tag = fetching->tag}});
}

void fetching_cancel(Supervisor *supervisor) {
    Fetching *fetching = &supervisor->fetching;
    if (!fetching->fetch)
        return;
    fetching->fetch = fetch_cancel(fetching->fetch);
    log_info(
        "fetch", "the fetch is cancelled; what has come stays for another try", field_string("tag", fetching->tag));
}
