#include "release/fetch.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "proc/helper.h"

#include <stdio.h>
#include <string.h>

/* It tells something every second, whatever it does. */
#define SILENCE_USEC (60 * USEC_PER_SEC)

struct Fetch {
    Helper *helper;
    FetchEvent last; /* type FETCH_EVENT_COUNT until there is one */
    FetchStep step;  /* as far as it is known to have come */
    bool progressed; /* bytes came that the next try need not bring again */
    uint64_t began_bytes;
    bool calling;
    bool cancelled; /* from within a handler: freed as soon as that has returned */
    FetchEventHandler on_event;
    FetchEndHandler on_end;
    void *userdata;
};

static void fetch_free(Fetch *fetch) {
    free(fetch);
}

static void cleanup_fetch(Fetch **fetch) {
    fetch_free(*fetch);
}

static FetchStep step_of(FetchPhase phase) {
    switch (phase) {
    case FETCH_PHASE_DOWNLOAD:
        return FETCH_STEP_DOWNLOAD;
    case FETCH_PHASE_VERIFY:
        return FETCH_STEP_VERIFY;
    case FETCH_PHASE_UNPACK:
        return FETCH_STEP_UNPACK;
    case FETCH_PHASE_STORE:
    case FETCH_PHASE_COUNT:
        break;
    }
    return FETCH_STEP_STORE;
}

/* What a crash would leave untold. */
static void follow(Fetch *fetch, const FetchEvent *event) {
    if (event->type == FETCH_EVENT_FOUND)
        fetch->step = FETCH_STEP_DOWNLOAD;
    else if (event->type == FETCH_EVENT_RESUMED)
        fetch->began_bytes = event->bytes;
    else if (event->type == FETCH_EVENT_PROGRESS) {
        fetch->step = step_of(event->phase);
        if (event->phase == FETCH_PHASE_DOWNLOAD && event->bytes > fetch->began_bytes)
            fetch->progressed = true;
    }
}

/* Tells the end, once, and frees. */
static void deliver(Fetch *fetch, const FetchEnd *end) {
    fetch->calling = true;
    fetch->on_end(end, fetch->userdata);
    fetch_free(fetch);
}

static void deliver_crash(Fetch *fetch, const char *text) {
    FetchEnd end = {
        .outcome = FETCH_OUTCOME_CRASHED,
        .last = {.type = FETCH_EVENT_FAILED, .step = fetch->step, .progressed = fetch->progressed},
    };
    (void)snprintf(end.last.text, sizeof end.last.text, "%s", text);
    deliver(fetch, &end);
}

static void tell(Fetch *fetch, const FetchEvent *event) {
    fetch->calling = true;
    fetch->on_event(event, fetch->userdata);
    fetch->calling = false;
    if (fetch->cancelled)
        fetch_free(fetch);
}

/* Whoever speaks nonsense is not waited for. */
static void refuse(Fetch *fetch, const char *why) {
    char text[FETCH_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "visor-fetch and visor do not understand each other: %.900s", why);
    fetch->helper = helper_cancel(fetch->helper);
    deliver_crash(fetch, text);
}

static void on_line(const char *line, void *userdata) {
    Fetch *fetch = userdata;
    FetchEvent event;
    Failure failure = {0};

    int r = fetch_event_parse(line, &event, &failure);
    if (r > 0)
        return;
    if (r == 0 && fetch->last.type != FETCH_EVENT_COUNT)
        r = failure_set(
            &failure, -EBADMSG, "an event follows the last one, which was \"%s\"",
            FETCH_EVENT_NAMES[fetch->last.type]);
    if (r < 0) {
        refuse(fetch, failure.message);
    } else if (fetch_event_is_last(&event)) {
        fetch->last = event; /* told when the process is gone: only then its locks are free */
    } else {
        follow(fetch, &event);
        tell(fetch, &event);
    }
}

static void on_end(const HelperResult *result, void *userdata) {
    Fetch *fetch = userdata;
    FetchEventType last = fetch->last.type;

    fetch->helper = NULL;
    if (last == FETCH_EVENT_FAILED) {
        FetchEnd end = {.outcome = FETCH_OUTCOME_FAILED, .last = fetch->last};
        deliver(fetch, &end);
    } else if (last != FETCH_EVENT_COUNT && result->result == 0) {
        FetchEnd end = {.outcome = FETCH_OUTCOME_DONE, .last = fetch->last};
        deliver(fetch, &end);
    } else {
        deliver_crash(fetch, result->result < 0 ? result->summary : "visor-fetch ended without a last word");
    }
}

int fetch_start(
    sd_event *event, const FetchOrder *order, FetchEventHandler on_event, FetchEndHandler on_end_handler,
    void *userdata, Fetch **ret, Failure *failure) {
    _cleanup_(cleanup_fetch) Fetch *fetch = calloc(1, sizeof *fetch);
    _cleanup_free_ char *request = json_print(order->request, JSON_COMPACT);
    const char *arguments[] = {order->staging ? "fetch" : "look", order->staging, request, NULL};

    if (!fetch || !request)
        return failure_set(failure, -ENOMEM, "cannot fetch a release: out of memory");
    if (!order->staging) {
        arguments[1] = request;
        arguments[2] = NULL;
    }
    *fetch = (Fetch){
        .last = {.type = FETCH_EVENT_COUNT},
        .step = FETCH_STEP_FIND,
        .on_event = on_event,
        .on_end = on_end_handler,
        .userdata = userdata,
    };
    HelperRequest helper = {
        .path = order->program,
        .arguments = arguments,
        .silence_usec = SILENCE_USEC,
    };
    int r = helper_start(event, &helper, on_line, on_end, fetch, &fetch->helper, failure);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(fetch);
    return 0;
}

Fetch *fetch_cancel(Fetch *fetch) {
    if (!fetch)
        return NULL;
    fetch->helper = helper_cancel(fetch->helper);
    if (fetch->calling)
        fetch->cancelled = true;
    else
        fetch_free(fetch);
    return NULL;
}
