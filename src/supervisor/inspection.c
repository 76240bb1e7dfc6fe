/* The facts of a start: which release, is it fit to run, and is really nothing of this home alive. */
#include "base/cleanup.h"
#include "base/strings.h"
#include "home/current.h"
#include "home/lock.h"
#include "rpc/socket.h"
#include "supervisor/shell.h"

#include <string.h>
#include <sys/random.h>

/* `current` is missing: which folder it has to name. Never an older release than the one that ran last. */
static int choose_folder(const Supervisor *supervisor, char **ret, Failure *failure) {
    if (supervisor->running)
        *ret = strdup(supervisor->running->folder);
    else if (supervisor->state.folder)
        *ret = strdup(supervisor->state.folder);
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

static int find_release(Supervisor *supervisor, Failure *failure) {
    _cleanup_free_ char *folder = NULL;
    _cleanup_release_ Release *release = NULL;

    int found = current_read(supervisor->home, &folder, failure);
    if (found < 0)
        return found;
    /* A link to nothing is as good as none if it is known what ran last; if it is not, it may be all that tells. */
    if (found == 2 && !supervisor->running && !supervisor->state.folder)
        return -ENOTDIR;
    int r = found > 0 ? choose_folder(supervisor, &folder, failure) : 0;
    if (r >= 0)
        r = release_load(supervisor->home, folder, &release, failure);
    if (r < 0)
        return r;
    release_log_findings(release, "node");
    if (found > 0) {
        bool first = !supervisor->state.folder && !supervisor->running;
        log_event(
            first ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "node",
            first ? "there is no `current` yet: it begins with genesis"
                  : "`current` is missing or points to nothing, it is made anew",
            field_string("folder", folder));
        r = current_switch(supervisor->home, folder, failure);
        if (r < 0)
            return r;
    }
    (void)release_free(supervisor->running);
    supervisor->running = TAKE_PTR(release);
    return 0;
}

static int check_node_lock(const Supervisor *supervisor, ProcessName name, Failure *failure) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    _cleanup_fd_ int fd = -1;
    char holders[LOCK_HOLDERS_TEXT_BYTES];
    pid_t starter = 0;

    if (!lock)
        return failure_set(failure, -ENOMEM, "cannot look at the lock of %s: out of memory", PROCESS_NAME[name]);
    int r = lock_take(supervisor->home->private_fd, lock, &fd, &starter, failure);
    if (r <= 0)
        return r;
    lock_holders_describe(supervisor->home->private_fd, lock, &holders);
    return failure_set(
        failure, -EALREADY,
        "a %s process of this home is alive already: %s/.visor/%s is held by pid %s (it was started as pid %d); stop "
        "it, then start visor again",
        PROCESS_NAME[name], supervisor->home->path, lock, holders, (int)starter);
}

static int check_socket(const Supervisor *supervisor, Failure *failure) {
    const char *path = supervisor->running->run_config->rpc_socket_path;
    pid_t peer = 0;
    int r = socket_answers(path, &peer);
    if (r == 0)
        return 0;
    if (r < 0)
        return failure_set(
            failure, -EALREADY,
            "visor cannot tell whether a node answers at the admin socket %s: %s; nothing is started before it can",
            path, strerror(-r));
    return failure_set(
        failure, -EALREADY,
        "the admin socket %s answers: pid %d runs a node that is not visor's; stop it first, or give this node a "
        "socket of its own",
        path, (int)peer);
}

static int check_facts(Supervisor *supervisor, Failure *failure) {
    int r = find_release(supervisor, failure);
    for (ProcessName name = 0; name < PROCESS_COUNT && r >= 0; name++)
        r = check_node_lock(supervisor, name, failure);
    if (r >= 0)
        r = check_socket(supervisor, failure);
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

void inspect(Supervisor *supervisor) {
    Failure failure = {0};
    Event event = {.type = EVENT_INSPECTED};

    int r = check_facts(supervisor, &failure);
    event.inspected.result = exit_code(r);
    if (r < 0) {
        log_error("node", failure.message);
    } else {
        const RunConfig *run_config = supervisor->running->run_config;
        event.inspected.has_data_node = run_config->has_data_node;
        event.inspected.has_statistics = run_config->statistics_url != NULL;
        event.inspected.operator_height = arguments_flag(run_config->vega.arguments, HEIGHT_FLAG) != NULL;
    }
    supervisor_answer(supervisor, event);
}

/* With `current` there a damaged record is no loss. Without it, it stays where it is, and every start refuses. */
static void read_state(Supervisor *supervisor, bool has_current) {
    Failure failure = {0};
    int r = state_load(supervisor->home, &supervisor->state, &failure);
    supervisor->state_damaged = r != 0;
    if (r != 0)
        log_warning("node", failure.message);
    if (r == 1 && has_current) {
        r = state_set_aside(supervisor->home, &failure);
        log_warning("node", failure.message);
        supervisor->state_damaged = r < 0;
    }
}

/* Only so that the nodes of a network do not all fetch at once: without random numbers the clock will do. */
static uint64_t draw_seed(void) {
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        seed = clock_realtime_usec() ^ (uint64_t)getpid() << 32;
    return seed;
}

Event inspect_begin(Supervisor *supervisor) {
    _cleanup_free_ char *folder = NULL;
    _cleanup_free_ char *recorded = NULL;
    Event event = {.type = EVENT_BEGIN, .begin = {.seed = draw_seed()}};

    bool has_current = current_read(supervisor->home, &folder, NULL) == 0;
    read_state(supervisor, has_current);
    const State *state = &supervisor->state;
    if (!has_current || !state->folder || state->answered)
        return event;
    /* `current` was switched, but its release has not answered yet: it still needs its upgrade height. */
    recorded = realpath(state->folder, NULL);
    if (recorded && streq(recorded, folder)) {
        event.begin.unanswered_tag = state->tag;
        event.begin.unanswered_height_blocks = state->height_blocks;
    }
    return event;
}
