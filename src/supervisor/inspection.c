/* The facts of a start: which release, is it fit to run, and is really nothing of this home alive. */
#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/strings.h"
#include "home/current.h"
#include "home/folder.h"
#include "rpc/socket.h"
#include "supervisor/shell.h"

#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

/*
 * `current` is missing: which folder it has to name. Never an older release than the one that ran last: the record
 * tells it, and if that is damaged, the lock file of the core, which tells what was started last.
 */
static int choose_folder(const Supervisor *supervisor, char **ret, Failure *failure) {
    const State *state = &supervisor->state;
    /* What was only decided on is not proven to this Visor, so `current` names what ran before, until the switch.
     */
    bool decided = state->folder && state->release.stage == STAGE_DECIDED && state->previous;
    const char *recorded = decided ? state->previous : state->folder;
    if (supervisor->running)
        *ret = strdup(supervisor->running->folder);
    else if (recorded)
        *ret = strdup(recorded);
    else if (supervisor->last_folder)
        *ret = strdup(supervisor->last_folder);
    else if (supervisor->state_damaged)
        return failure_set(
            failure, -ENOENT,
            "`current` is missing and the record of what ran last is damaged, so visor cannot tell which release to "
            "start: link %s/current to its folder",
            supervisor->home->path);
    else
        *ret = home_path(supervisor->home, HOME_GENESIS_FOLDER);
    return *ret ? 0 : failure_set(failure, -ENOMEM, "cannot find the release to run: out of memory");
}

static int make_current(const Supervisor *supervisor, const char *folder, Failure *failure) {
    bool first = !supervisor->state.folder && !supervisor->running && !supervisor->last_folder;
    log_event(
        first ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "node",
        first ? "there is no `current` yet: it begins with genesis"
              : "`current` is missing or points to nothing, it is made anew",
        field_string("folder", folder));
    return current_switch(supervisor->home, folder, failure);
}

/* What a living node runs is what it was started from, whatever `current` says by now. */
static int
find_folder(Supervisor *supervisor, const char *living, bool *ret_missing, char **ret, Failure *failure) {
    _cleanup_free_ char *named = NULL;
    bool known = supervisor->running || supervisor->state.folder || supervisor->last_folder;

    int found = current_read(supervisor->home, &named, failure);
    *ret_missing = found > 0;
    if (living) {
        if (found != 0 || !streq(named, living))
            log_warning(
                "node", "`current` does not name the release that runs", field_string("running", living),
                field_string("current", found == 0 ? named : failure->message));
        *ret = strdup(living);
        return *ret ? 0 : failure_set(failure, -ENOMEM, "cannot find the release that runs: out of memory");
    }
    if (found < 0)
        return found;
    /* A link to nothing is as good as none if it is known what ran last; if it is not, it may be all that tells. */
    if (found == 2 && !known)
        return -ENOTDIR;
    if (found > 0)
        return choose_folder(supervisor, ret, failure);
    *ret = TAKE_PTR(named);
    return 0;
}

static int find_release(Supervisor *supervisor, const char *living, Failure *failure) {
    _cleanup_free_ char *folder = NULL;
    _cleanup_release_ Release *release = NULL;
    bool missing = false;

    int r = find_folder(supervisor, living, &missing, &folder, failure);
    if (r >= 0)
        r = release_examine(supervisor->home, folder, !supervisor->rehearsing, &release, failure);
    if (r >= 0 && !living) /* what runs needs its binaries only for its next start */
        r = release_check_fit(release, failure);
    if (r < 0)
        return r;
    release_log_findings(release, "node");
    if (missing && !supervisor->rehearsing) {
        r = make_current(supervisor, folder, failure);
        if (r < 0 && !living)
            return r;
        if (r < 0)
            log_error("node", failure->message);
    }
    (void)release_free(supervisor->running);
    supervisor->running = TAKE_PTR(release);
    return 0;
}

static int check_socket(const Supervisor *supervisor, Failure *failure) {
    const char *path = supervisor->running->run_config->rpc_socket_path;
    pid_t peer = 0;
    if (supervisor->beside > 0) /* that Visor may have started the node since we looked for one */
        return 0;
    int r = socket_answers(path, &peer);
    if (r == 0)
        return 0;
    if (r < 0)
        return failure_set(
            failure, is_out_of_means(r) ? r : -EALREADY,
            "visor cannot tell whether a node answers at the admin socket %s: %s; nothing is started before it can",
            path, strerror(-r));
    return failure_set(
        failure, -EALREADY,
        "the admin socket %s answers: pid %d runs a node that is not visor's; stop it first, or give this node a "
        "socket of its own",
        path, (int)peer);
}

/* Beside a core that lives, its data node is started at once if it never was: that cannot wait for its binary. */
static int check_sibling(const Supervisor *supervisor, const Remnants *remnants, Failure *failure) {
    const Release *release = supervisor->running;
    bool is_started = remnants->alive[PROCESS_VEGA] == ALIVE_ADOPTED &&
                      remnants->alive[PROCESS_DATA_NODE] == ALIVE_NOTHING &&
                      !remnants_have_data_node_begun(remnants);
    int r = release->binary_faults[PROCESS_DATA_NODE].result;
    return r < 0 && is_started ? failure_set(failure, r, "%s", release->binary_faults[PROCESS_DATA_NODE].text) : 0;
}

static int check_facts(Supervisor *supervisor, const Remnants *remnants, Failure *failure) {
    const ProcessRecord *living = remnants_living(remnants);
    int r = find_release(supervisor, living ? living->folder : NULL, failure);
    if (r >= 0)
        r = living ? check_sibling(supervisor, remnants, failure) : check_socket(supervisor, failure);
    if (r < 0)
        return r;
    r = rpc_client_set_target(
        supervisor->rpc, supervisor->running->run_config->rpc_socket_path,
        supervisor->running->run_config->rpc_http_path);
    return r < 0 ? failure_set(failure, r, "cannot address the node's admin socket: %s", strerror(-r)) : 0;
}

static ExitCode exit_code(int r) {
    switch (-r) {
    case 0:
        return EXIT_CODE_OK;
    case EALREADY:
        return EXIT_CODE_NODE_ALIVE;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return EXIT_CODE_SYSTEM;
    case EIO:
    case ENOSPC:
    case EROFS:
        return EXIT_CODE_IO;
    default:
        return EXIT_CODE_CONFIG;
    }
}

/* Takes over what is alive. What has ended in this moment is looked at again in the next: it may have left others.
 */
static int take_over(Supervisor *supervisor, Remnants *remnants, Failure *failure) {
    int r = remnants_adopt(supervisor, remnants, failure);
    FAIL_POINT_IF(!supervisor->rehearsing, ADOPTED);
    if (r > 0 && supervisor->beside == 0) /* otherwise that Visor sees to it */
        remnants->alive[PROCESS_VEGA] = ALIVE_UNKNOWN;
    return r < 0 ? r : 0;
}

static void describe_release(const Supervisor *supervisor, Event *event) {
    const RunConfig *run_config = supervisor->running->run_config;
    event->inspected.has_data_node = run_config->has_data_node;
    event->inspected.has_statistics = run_config->statistics_url != NULL;
    const char *recorded = supervisor->state.folder;
    event->inspected.is_recorded = recorded && streq(recorded, supervisor->running->folder);
    event->inspected.operator_height = arguments_flag(run_config->vega.arguments, HEIGHT_FLAG) != NULL;
}

int inspect_look(Supervisor *supervisor, Remnants *remnants, Failure *failure) {
    remnants_look(supervisor, remnants, failure);
    if (remnants_have(remnants, ALIVE_UNKNOWN))
        return 0;
    int r = check_facts(supervisor, remnants, failure);
    if (r >= 0 && remnants_have(remnants, ALIVE_ADOPTED))
        r = take_over(supervisor, remnants, failure);
    return r;
}

void inspect(Supervisor *supervisor) {
    _cleanup_remnants_ Remnants remnants;
    Failure failure = {0};
    Event event = {.type = EVENT_INSPECTED};

    int r = inspect_look(supervisor, &remnants, &failure);
    event.inspected.result = exit_code(r);
    remnants_describe(supervisor, &remnants, &event);
    if (remnants_have(&remnants, ALIVE_ADOPTED) || remnants_have(&remnants, ALIVE_UNKNOWN))
        supervisor->held = failure; /* said by the core, once a minute */
    else if (r < 0)
        log_error("node", failure.message);
    if (r >= 0 && supervisor->running)
        describe_release(supervisor, &event);
    supervisor_answer(supervisor, event);
}

static void set_state_aside(Supervisor *supervisor) {
    Failure failure;
    int r =
        supervisor->rehearsing ? 0 : state_set_aside(supervisor->home, supervisor->state.folder != NULL, &failure);
    if (!supervisor->rehearsing)
        log_warning("node", failure.message);
    supervisor->state_damaged = r < 0;
}

/* If it cannot be written now, it is with the next note, and until then the copy is still there. */
static void rewrite_state(const Supervisor *supervisor) {
    const State *state = &supervisor->state;
    Failure failure;
    log_warning(
        "node", "the state is taken from what the lock of the core tells", field_string("tag", state->release.tag),
        field_string("folder", state->folder), field_string("stage", RELEASE_STAGE_NAME[state->release.stage]),
        field_integer("height", (int64_t)state->release.height_blocks));
    if (!supervisor->rehearsing && !supervisor->state_damaged && state_save(supervisor->home, state, &failure) < 0)
        log_error("node", failure.message);
}

/* With `current`, or what the locks tell, a damaged record is no loss. Without, it stays, and every start refuses.
 */
static int read_state(Supervisor *supervisor, bool is_known, Failure *failure) {
    int r = state_load(supervisor->home, &supervisor->state, failure);
    if (r == -EPROTO || is_out_of_means(r)) /* neither is damage */
        return r;
    supervisor->state_damaged = r != 0;
    if (r != 0)
        log_warning("node", failure->message);
    if (supervisor->state.folder)
        return 0;
    int copied = state_copy_load(supervisor->home, r == 0, &supervisor->state, failure);
    if (copied < 0)
        return copied;
    if (r != 0 && (is_known || copied == 0)) /* one that cannot be read, too: it would be written over */
        set_state_aside(supervisor);
    if (copied == 0)
        rewrite_state(supervisor);
    return 0;
}

/* Only so that the nodes of a network do not all fetch at once: without random numbers the clock will do. */
static uint64_t draw_seed(void) {
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        seed = clock_realtime_usec() ^ (uint64_t)getpid() << 32;
    return seed;
}

/* The folders of what lives and of what was started last, each NULL if there is none. */
static int look_back(const Supervisor *supervisor, char **ret_living, char **ret_last, Failure *failure) {
    _cleanup_remnants_ Remnants remnants;
    Failure why;

    remnants_look(supervisor, &remnants, &why);
    const ProcessRecord *living = remnants_living(&remnants);
    const char *last = remnants.records[PROCESS_VEGA].folder;
    *ret_living = living ? strdup(living->folder) : NULL;
    *ret_last = last ? strdup(last) : NULL;
    if ((living && !*ret_living) || (last && !*ret_last))
        return failure_set(failure, -ENOMEM, "cannot look at what ran last: out of memory");
    return 0;
}

/* Where `current` is missing it will be made to name what was switched to, but not what was only decided on. */
static bool is_current(const Supervisor *supervisor, const char *living) {
    const State *state = &supervisor->state;
    if (living) /* from under which its folder may have been moved */
        return streq(living, state->folder) || folder_is_same(AT_FDCWD, living, state->folder);
    return current_leads(supervisor->home) ? current_leads_to(supervisor->home, state->folder)
                                           : state->release.stage != STAGE_DECIDED;
}

int inspect_begin(Supervisor *supervisor, Event *ret, Failure *failure) {
    _cleanup_free_ char *living = NULL;
    const State *state = &supervisor->state;

    *ret = (Event){.type = EVENT_BEGIN, .begin = {.seed = draw_seed()}};
    int r = look_back(supervisor, &living, &supervisor->last_folder, failure);
    bool is_known = living || supervisor->last_folder || current_leads(supervisor->home);
    if (r >= 0)
        r = read_state(supervisor, is_known, failure);
    if (r < 0 || !state->folder)
        return r;
    supervisor->copy_unsynced = true; /* the last Visor may have died before that */
    ret->begin.record = &state->release;
    ret->begin.is_current = is_current(supervisor, living);
    /* What an earlier Visor had no time to make durable is built on from here; the home itself was synced when it
     * was opened. */
    if (!supervisor->rehearsing && fsync(supervisor->home->private_fd) < 0)
        log_warning("node", "what lies in the home cannot be made durable", field_errno(errno));
    return 0;
}
