/*
 * The accepted release, examined: is its folder complete, and do its binaries report the version that the network
 * wants? Done hours before the block, so that what is missing is known while there is time.
 */
#include "base/cleanup.h"
#include "base/strings.h"
#include "home/current.h"
#include "supervisor/shell.h"

#include <string.h>

enum {
    REPEAT_EARLY_USEC = 600 * 1000 * 1000, /* the block is far: rarely */
    REPEAT_LATE_USEC = 60 * 1000 * 1000,   /* the network waits */
};

void examination_cancel(Examination *examination) {
    examination->proof = proof_cancel(examination->proof);
    examination->release = release_free(examination->release);
    examination->staged = staged_free(examination->staged);
}

static void forget_proof(Examination *examination) {
    examination->proven = release_free(examination->proven);
    examination->proven_tag[0] = '\0';
}

void examination_free(Examination *examination) {
    examination_cancel(examination);
    forget_proof(examination);
}

static bool is_current(const Supervisor *supervisor, const char *folder) {
    _cleanup_free_ char *resolved = realpath(folder, NULL);
    return resolved && supervisor->running && streq(resolved, supervisor->running->folder);
}

/* A finding leaves as an event: at once from examination_start(), or later from the event loop. */
typedef void (*Deliver)(Supervisor *supervisor, Event event);

static void deliver_finding(Supervisor *supervisor, bool proven, bool is_current_folder, Deliver deliver) {
    const Examination *examination = &supervisor->examination;
    deliver(
        supervisor, (Event){
                        .type = EVENT_EXAMINED,
                        .examined = {
                            .tag = examination->tag,
                            .proven = proven,
                            .is_current = is_current_folder,
                            .found = examination->found,
                        }});
}

static void complain(Supervisor *supervisor, const char *text) {
    Examination *examination = &supervisor->examination;
    bool late = supervisor->core.upgrade.facts.ready;
    /* What autoInstall is about to supply is no complaint: what the fetch comes to is told by itself. */
    if (examination->found == FOUND_ABSENT && supervisor->core.upgrade.facts.may_fetch)
        return;
    if (examination->found == FOUND_ABSENT && supervisor->config->auto_install.enabled)
        text = "it is missing, and will be fetched when the network waits, not before: prefetch is off";
    if (throttle_pass(
            &examination->complaints, text, clock_monotonic_usec(), late ? REPEAT_LATE_USEC : REPEAT_EARLY_USEC))
        log_event(
            late ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "upgrade", "the release is not ready",
            field_string("tag", examination->tag), field_string("why", text));
}

static void finding_bad(Supervisor *supervisor, const char *text, Deliver deliver) {
    Examination *examination = &supervisor->examination;
    bool current = examination->release && is_current(supervisor, examination->release->folder);

    complain(supervisor, text);
    examination->release = release_free(examination->release);
    examination->staged = staged_free(examination->staged);
    forget_proof(examination);
    deliver_finding(supervisor, false, current, deliver);
}

static void finding_good(Supervisor *supervisor) {
    Examination *examination = &supervisor->examination;

    forget_proof(examination);
    throttle_reset(&examination->complaints);
    release_log_findings(examination->release, "upgrade");
    examination->proven = TAKE_PTR(examination->release);
    tag_copy(&examination->proven_tag, examination->tag);
    deliver_finding(supervisor, true, is_current(supervisor, examination->proven->folder), supervisor_dispatch);
    if (!supervisor->core.upgrade.examining) /* nobody wants it placed any more, if it is still there */
        examination->staged = staged_free(examination->staged);
}

static void on_proof(int result, const Failure *failure, void *userdata) {
    Supervisor *supervisor = userdata;
    Examination *examination = &supervisor->examination;

    examination->proof = NULL;
    /* What says that it is another release, or nothing, is not worth keeping. What could not be asked is asked
     * again. */
    bool useless = result == -EBADMSG || result == -ENOEXEC || result == -ECHILD;
    if (useless && examination->found == FOUND_STAGED)
        examination->found = FOUND_USELESS;
    Failure told = *failure;
    if (result == -EBADMSG && examination->found == FOUND_IN_PLACE)
        (void)failure_cure(&told, result, PROOF_CURE);
    if (result < 0)
        finding_bad(supervisor, told.message, supervisor_dispatch);
    else
        finding_good(supervisor);
}

/* In its folder, or else where it was fetched to. Fills in where it was found, whether it can be loaded or not. */
static int load(Supervisor *supervisor, const char *tag, const char *folder, Failure *failure) {
    Examination *examination = &supervisor->examination;

    examination->found = FOUND_IN_PLACE;
    int r = current_check(supervisor->home, failure);
    if (r < 0)
        return r;
    r = release_load(supervisor->home, folder, &examination->release, failure);
    if (r >= 0 || release_absence(supervisor->home, folder) == RELEASE_NOTHING)
        return r;
    if (!supervisor->config->auto_install.enabled) /* then nothing is put in place, however far it had come */
        return r;
    Failure of_staged = {0};
    int loaded = staged_load(supervisor, tag, folder, &of_staged);
    if (loaded > 0) /* nothing was fetched either: what is missing was said above */
        return r;
    return loaded < 0 ? failure_set(failure, loaded, "%s", of_staged.message) : 0;
}

void examination_start(Supervisor *supervisor, const char *tag) {
    Examination *examination = &supervisor->examination;
    _cleanup_free_ char *folder = release_folder(supervisor->home, supervisor->config, tag);
    Failure failure = {0};

    examination_cancel(examination);
    if (!streq(examination->tag, tag))
        throttle_reset(&examination->complaints);
    tag_copy(&examination->tag, tag);
    examination_watch(supervisor, tag);
    int r = folder ? load(supervisor, tag, folder, &failure) : failure_set(&failure, -ENOMEM, "out of memory");
    if (r >= 0)
        r = proof_start(
            supervisor->event, examination->release, tag, on_proof, supervisor, &examination->proof, &failure);
    if (r < 0)
        finding_bad(supervisor, failure.message, supervisor_answer);
}

void examination_watch(Supervisor *supervisor, const char *tag) {
    _cleanup_free_ char *folder = release_folder(supervisor->home, supervisor->config, tag);
    if (folder)
        watch_release(supervisor, folder);
}

bool examination_stands(const Supervisor *supervisor, const char *tag) {
    const Examination *examination = &supervisor->examination;
    _cleanup_free_ char *folder = release_folder(supervisor->home, supervisor->config, tag);

    return folder && examination->proven && streq(examination->proven_tag, tag) &&
           streq(examination->proven->folder, folder) && release_unchanged(examination->proven) &&
           current_check(supervisor->home, NULL) >= 0;
}
