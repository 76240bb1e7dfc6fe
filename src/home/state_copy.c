#include "home/state_copy.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "home/current.h"
#include "home/lock.h"
#include "home/process_record.h"

#include <fcntl.h>
#include <string.h>

/* By the inode alone: unlike a process, the copy is to outlive the machine, and devices are numbered anew then. */
static bool is_foreign(const Home *home, const ProcessRecord *record) {
    HomeIdentity identity;
    return record->home.inode != 0 && (home_identity(home, &identity) < 0 || record->home.inode != identity.inode);
}

/* Or `current` names what it was decided on already. */
static bool is_only_decided(const Home *home, const State *state) {
    return state->release.stage == STAGE_DECIDED && !current_leads_to(home, state->folder);
}

int state_copy_load(const Home *home, bool removed, State *ret, Failure *failure) {
    _cleanup_process_record_ ProcessRecord record = {0};
    Failure reason;

    *ret = (State){0};
    int r = process_record_load(home, PROCESS_VEGA, &record, &reason);
    if (is_out_of_means(r)) {
        *failure = reason;
        return r;
    }
    if (r != 0 || !record.state.folder || is_foreign(home, &record))
        return 1;
    if (removed && is_only_decided(home, &record.state))
        return 1;
    *ret = record.state;
    record.state = (State){0};
    return 0;
}

static int replace(int lock_fd, ProcessRecord *record, const State *state, Failure *failure) {
    State copy;
    if (state_equal(&record->state, state))
        return 0;
    int r = state_duplicate(state, &copy);
    if (r < 0)
        return failure_set(failure, r, "cannot copy the state: out of memory");
    state_clear(&record->state);
    record->state = copy;
    return process_record_write(lock_fd, record, failure);
}

int state_copy_save(const Home *home, const State *state, Failure *failure) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[PROCESS_VEGA]);
    _cleanup_process_record_ ProcessRecord record = {0};
    _cleanup_fd_ int lock_fd = -1;
    pid_t holder = 0;

    if (!lock)
        return failure_set(failure, -ENOMEM, "cannot copy the state: out of memory");
    if (faccessat(home->private_fd, lock, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    int r = lock_take(home->private_fd, lock, &lock_fd, &holder, failure);
    if (r != 0)
        return r;
    r = process_record_load(home, PROCESS_VEGA, &record, failure);
    if (r != 0)
        return r < 0 && r != -EBADMSG && r != -EPROTO ? r : 0;
    return replace(lock_fd, &record, state, failure);
}
