#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/prepare.h"
#include "home/lock.h"
#include "home/lock_holder.h"
#include "home/release.h"
#include "release/fetch.h"

#include <fcntl.h>

/* The operator watches, so nothing is tried for hours; but what was cut is gone on with. */
enum { RESUMES_MAX = 5 };
#define RESUME_USEC USEC_PER_SEC
#define FOLLOW_USEC USEC_PER_SEC

/* One run of visor-fetch. */
typedef struct Attempt {
    Prepare *prepare;
    bool ended;
    FetchEnd end;
} Attempt;

static void on_event(const FetchEvent *event, void *userdata) {
    Attempt *attempt = userdata;
    prepare_output_event(&attempt->prepare->output, event);
}

static void on_end(const FetchEnd *end, void *userdata) {
    Attempt *attempt = userdata;
    attempt->ended = true;
    attempt->end = *end;
}

static int attempt_run(Prepare *prepare, Attempt *attempt, Failure *failure) {
    FetchOrder order = {
        .program = prepare->program,
        .staging = prepare->staging,
        .request = prepare->request,
    };
    Fetch *fetch = NULL;

    *attempt = (Attempt){.prepare = prepare};
    int r = fetch_start(prepare->event, &order, on_event, on_end, attempt, &fetch, failure);
    if (r < 0)
        return r;
    r = prepare_wait(prepare, &attempt->ended);
    if (r < 0) {
        (void)fetch_cancel(fetch);
        return prepare_stopped(prepare, r, failure);
    }
    return 0;
}

static int keep_verified(Prepare *prepare, const FetchEvent *done, Failure *failure) {
    free(prepare->verified);
    prepare->verified = malloc(sizeof *prepare->verified);
    if (!prepare->verified)
        return failure_set(failure, -ENOMEM, "cannot prepare %s: out of memory", prepare->tag);
    *prepare->verified = done->list;
    prepare_output_fetched(&prepare->output, done);
    return 0;
}

static bool is_cut(const FetchEnd *end) {
    return end->outcome == FETCH_OUTCOME_FAILED && end->last.step == FETCH_STEP_DOWNLOAD && end->last.progressed &&
           end->last.retry_after_seconds == 0;
}

static void say_who_is_at_it(Prepare *prepare) {
    char holders[LOCK_HOLDERS_TEXT_BYTES];
    lock_holders_describe(AT_FDCWD, prepare->staging, &holders);
    prepare_output_say(
        &prepare->output, "following", "it is being fetched already, by visor-fetch with pid %s: waiting for that",
        holders);
}

static int describe_end(const Prepare *prepare, const FetchEvent *last, Failure *failure) {
    if (last->retry_after_seconds > 0)
        return failure_set(
            failure, -EAGAIN, "cannot fetch %s (%s): %s; the server asks to wait for %llu s", prepare->tag,
            FETCH_STEP_NAMES[last->step], last->text, (unsigned long long)last->retry_after_seconds);
    return failure_set(
        failure, -EIO, "cannot fetch %s (%s): %s", prepare->tag, FETCH_STEP_NAMES[last->step], last->text);
}

int prepare_fetch(Prepare *prepare, Failure *failure) {
    Attempt attempt;
    bool follows = false;

    for (unsigned resumes = 0;;) {
        int r = attempt_run(prepare, &attempt, failure);
        const FetchEvent *last = &attempt.end.last;
        if (r < 0)
            return r;
        if (attempt.end.outcome == FETCH_OUTCOME_DONE)
            return keep_verified(prepare, last, failure);

        uint64_t pause_usec = RESUME_USEC;
        if (attempt.end.outcome == FETCH_OUTCOME_FAILED && last->step == FETCH_STEP_LOCK) {
            if (!follows)
                say_who_is_at_it(prepare);
            follows = true;
            pause_usec = FOLLOW_USEC;
        } else if (is_cut(&attempt.end) && resumes < RESUMES_MAX) {
            resumes++;
            prepare_output_say(&prepare->output, "again", "%s; going on from there", last->text);
        } else {
            return describe_end(prepare, last, failure);
        }
        r = prepare_pause(prepare, pause_usec);
        if (r < 0)
            return prepare_stopped(prepare, r, failure);
        if (follows && release_absence(&prepare->home, prepare->folder) == RELEASE_NOTHING)
            return 1;
    }
}
