/* The two things that must be on the disk before the new release starts: the record and the link. */
#include "base/cleanup.h"
#include "base/strings.h"
#include "home/current.h"
#include "supervisor/shell.h"

#include <string.h>

/*
 * What ran before @folder. A record that only says more of the same release keeps what it said; one that returns to
 * the release before, since the upgrade was aborted, says what it said then.
 */
static const char *previous_folder(const Supervisor *supervisor, const char *folder) {
    const State *state = &supervisor->state;
    if (state->folder && streq(state->folder, folder))
        return state->previous;
    if (state->previous && streq(state->previous, folder))
        return supervisor->earlier;
    if (supervisor->running && !streq(supervisor->running->folder, folder))
        return supervisor->running->folder;
    return state->folder;
}

static int save_state(Supervisor *supervisor, const ReleaseRecord *record, Failure *failure) {
    _cleanup_state_ State state = {.release = *record};
    bool decided = record->stage == STAGE_DECIDED;
    const Release *release = decided ? supervisor->examination.proven : supervisor->running;
    if (!release)
        return failure_set(failure, -ENOENT, "the release %s is not known", record->tag);

    state.folder = strdup(release->folder);
    const char *previous = previous_folder(supervisor, release->folder);
    state.previous = previous ? strdup(previous) : NULL;
    if (!state.folder || (previous && !state.previous))
        return failure_set(failure, -ENOMEM, "out of memory");
    /* The link first: what stands in its way is then no part of the record, and with it made the switch itself is a
     * rename that needs no more space on the disk. */
    int r = decided ? current_prepare(supervisor->home, state.folder, failure) : 0;
    if (r >= 0)
        r = state_save(supervisor->home, &state, failure);
    if (r < 0)
        return r;
    if (supervisor->state.folder && !streq(supervisor->state.folder, state.folder)) {
        free(supervisor->earlier);
        supervisor->earlier = TAKE_PTR(supervisor->state.previous);
    }
    state_clear(&supervisor->state);
    supervisor->state = state;
    state = (State){0};
    return 0;
}

void switching_complain(Supervisor *supervisor, const Failure *failure) {
    if (throttle_pass(&supervisor->disk_failures, failure->message, clock_monotonic_usec(), 60 * USEC_PER_SEC))
        log_error("upgrade", failure->message);
}

void save(Supervisor *supervisor, const ReleaseRecord *record) {
    Failure failure = {0};
    int r = save_state(supervisor, record, &failure);
    if (r < 0)
        switching_complain(supervisor, &failure);
    supervisor_answer(supervisor, (Event){.type = EVENT_SAVED, .done = {.ok = r >= 0}});
    if (r >= 0 && record->stage != STAGE_DECIDED) /* that is noted as the node is stopped, which shall not wait */
        records_copy_state(supervisor);
}

/*
 * What runs and answers is recorded, however it came to run: a home that comes from v0.79, or one whose `current`
 * was linked by hand, must not go back to genesis for lack of `current` either.
 */
void record_running(Supervisor *supervisor) {
    const State *state = &supervisor->state;
    ReleaseRecord record = {.stage = STAGE_ANSWERED};
    Failure failure = {0};
    if (!supervisor->core.processes[PROCESS_VEGA].ready || !supervisor->core.upgrade.facts.running_known)
        return;
    bool known = *state->release.tag || !*supervisor->core.upgrade.running;
    if (known && state->folder && streq(state->folder, supervisor->running->folder))
        return;
    tag_copy(&record.tag, supervisor->core.upgrade.running);
    if (save_state(supervisor, &record, &failure) < 0)
        switching_complain(supervisor, &failure);
    else
        records_copy_state(supervisor);
}

void switch_release(Supervisor *supervisor, const char *tag) {
    Failure failure = {0};
    const Release *release = supervisor->examination.proven;
    int r = release && streq(supervisor->examination.proven_tag, tag)
                ? current_switch(supervisor->home, release->folder, &failure)
                : failure_set(&failure, -ENOENT, "the release %s is not proven", tag);
    if (r < 0)
        switching_complain(supervisor, &failure);
    supervisor_answer(supervisor, (Event){.type = EVENT_SWITCHED, .done = {.ok = r >= 0}});
}
