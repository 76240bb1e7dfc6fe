#include "base/cleanup.h"
#include "base/strings.h"
#include "cli/check.h"
#include "core/process.h"
#include "home/holder.h"
#include "home/lock.h"
#include "home/lock_holder.h"
#include "home/survivor.h"
#include "home/visor_record.h"
#include "rpc/socket.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { HOLDERS_MAX = 64 };

/* The processes of this home. */
typedef struct Living {
    bool visor;
    bool node;               /* the core node */
    pid_t pids[HOLDERS_MAX]; /* of the core node, as far as we may see them */
    size_t count;
} Living;

/* It does nothing for the node then, and all else looks as if it did. */
static void check_waiting(Check *check) {
    VisorRecord record;
    if (visor_record_load(&check->home, &record) == 0 && record.waits[0])
        check_problem(
            check, CHECK_LOCK, check->home.path, NULL,
            "the running visor waits beside a node that it cannot take over: %s", record.waits);
}

static void check_visor(Check *check, Living *living) {
    pid_t pid = home_holder(&check->home);
    /* Who it is may be hidden from us; that there is somebody is not. */
    int r = pid > 0 ? 1 : lock_look(check->home.fd, ".");

    living->visor = r > 0;
    if (r < 0)
        check_warning(
            check, CHECK_LOCK, check->home.path, NULL, "it cannot be told whether a visor runs: %s", strerror(-r));
    else if (r == 0)
        check_ok(check, CHECK_LOCK, check->home.path, "no visor runs");
    else
        check_ok(
            check, CHECK_LOCK, check->home.path, "a visor runs: pid %d",
            pid > 0 ? (int)pid : (int)lock_signer(check->home.private_fd, HOME_LOCK_FILE));
    if (r > 0)
        check_waiting(check);
}

/*
 * A running visor may want the lock just now, so then only those count that are seen to hold it. Returns 0, 1, or
 * -EACCES if those of another user may be hidden from us.
 */
static int look_at_lock(const Check *check, ProcessName name, const char *lock, const Living *living) {
    struct stat status;
    pid_t pid = 0;

    if (check->home.private_fd < 0) /* nothing has ever run here */
        return 0;
    if (survivor_holders(&check->home, name, &pid, 1) > 0)
        return 1;
    if (!living->visor)
        return lock_look(check->home.private_fd, lock);
    bool sees_all = geteuid() == 0 || (fstat(check->home.fd, &status) == 0 && status.st_uid == geteuid());
    return sees_all ? 0 : -EACCES;
}

static void note_pids(const Check *check, ProcessName name, pid_t pid, Living *living) {
    if (name != PROCESS_VEGA)
        return;
    living->node = true;
    living->count = survivor_holders(&check->home, name, living->pids, HOLDERS_MAX);
    if (living->count == 0 && pid > 0)
        living->pids[living->count++] = pid;
}

/* What runs may be another release than the one that `current` names: then visor reads the run-config of that. */
static void check_folder_that_runs(Check *check, const ProcessRecord *record) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_run_config_ RunConfig *run_config = NULL;
    _cleanup_free_ char *path = string_format("%s/run-config.toml", record->folder);

    if (check->folder && streq(check->folder, record->folder))
        return;
    check_warning(
        check, CHECK_CURRENT, check->home.path, NULL, "%s is what runs, and `current` does not name it",
        record->folder);
    if (run_config_load(record->folder, &run_config, &problems) < 0)
        check_problems(check, CHECK_RUN_CONFIG, path ? path : record->folder, &problems);
}

static void tell_known(Check *check, ProcessName name, const ProcessRecord *record) {
    check_warning(
        check, CHECK_LOCK, check->home.path,
        record->dies_with_visor ? "start visor: it waits for its end, and starts the node anew"
                                : "start visor: it takes it over",
        "a %s process is alive without a visor: pid %d", PROCESS_NAME[name], (int)record->pid);
    if (name == PROCESS_VEGA)
        check_folder_that_runs(check, record);
}

static void tell_unknown(Check *check, ProcessName name, const Failure *failure) {
    char holders[LOCK_HOLDERS_TEXT_BYTES];
    survivor_describe(&check->home, name, &holders);
    check_problem(
        check, CHECK_LOCK, check->home.path, NULL,
        "a %s process is alive without a visor, pid %s, and visor could not take it over: %s", PROCESS_NAME[name],
        holders, failure->message);
}

static void tell_none(Check *check, ProcessName name) {
    check_ok(check, CHECK_LOCK, check->home.path, "no %s process is alive", PROCESS_NAME[name]);
}

/* What the next visor would find and do; only now that there is none, since the look takes the lock. */
static void look_without_visor(Check *check, ProcessName name, Living *living) {
    _cleanup_process_record_ ProcessRecord record = {0};
    Failure failure = {0};

    Alive alive = check->home.private_fd < 0 ? ALIVE_NOTHING : survivor_look(&check->home, name, &record, &failure);
    if (alive != ALIVE_NOTHING)
        note_pids(check, name, record.pid, living);
    if (alive == ALIVE_ADOPTED)
        tell_known(check, name, &record);
    else if (alive == ALIVE_UNKNOWN)
        tell_unknown(check, name, &failure);
    else
        tell_none(check, name);
}

static void tell_holders(Check *check, ProcessName name, Living *living) {
    char holders[LOCK_HOLDERS_TEXT_BYTES];
    survivor_describe(&check->home, name, &holders);
    note_pids(check, name, 0, living);
    check_ok(check, CHECK_LOCK, check->home.path, "a %s process is alive: pid %s", PROCESS_NAME[name], holders);
}

static void check_node_lock(Check *check, ProcessName name, Living *living) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    int r = lock ? look_at_lock(check, name, lock, living) : -ENOMEM;

    if (r < 0)
        check_warning(
            check, CHECK_LOCK, check->home.path, "run the check as the user that runs visor",
            "it cannot be told whether a %s process is alive: %s", PROCESS_NAME[name], strerror(-r));
    else if (!living->visor)
        look_without_visor(check, name, living);
    else if (r > 0)
        tell_holders(check, name, living);
    else
        tell_none(check, name);
}

static bool is_ours(const Living *living, pid_t pid) {
    if (living->node && pid == 0) /* nobody knows who answers */
        return true;
    for (size_t i = 0; i < living->count && i < HOLDERS_MAX; i++)
        if (living->pids[i] == pid)
            return true;
    return living->node && living->count == 0; /* hidden from us: nothing speaks against it */
}

/* The node makes the socket, with the same rights as ours. */
static void check_place(Check *check, const char *path) {
    _cleanup_free_ char *folder = strdup(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    struct stat status;

    if (lstat(path, &status) == 0 && !S_ISSOCK(status.st_mode)) {
        check_problem(check, CHECK_SOCKET, path, "move it away, or name another socketPath", "is no socket");
        return;
    }
    if (!slash)
        return;
    slash[slash == folder] = '\0';
    if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path)
        check_warning(
            check, CHECK_SOCKET, path, "name a shorter one here and in the core's config",
            "is longer than the 107 bytes that a socket's name may have: visor finds it nevertheless, but few "
            "programs can listen there");
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0)
        check_ok(check, CHECK_SOCKET, path, "nobody answers, and a node can listen there");
    else
        check_problem(
            check, CHECK_SOCKET, path, "make the folder, for the user that runs visor, or name another socketPath",
            "a node cannot listen there: %s: %m", folder);
}

static void check_socket(Check *check, const Living *living) {
    const char *path = check->run_config->rpc_socket_path;
    pid_t pid = 0;

    int r = socket_answers(path, &pid);
    if (r == -ENAMETOOLONG)
        check_problem(
            check, CHECK_SOCKET, path, "name a shorter one, here and in the core's config",
            "the name is longer than that of a socket can be");
    else if (r < 0)
        check_problem(
            check, CHECK_SOCKET, path, "give the user that runs visor access to the socket and its folder",
            "it cannot be told whether a node answers: %s", strerror(-r));
    else if (r > 0 && is_ours(living, pid))
        check_ok(check, CHECK_SOCKET, path, "the node of this home answers: pid %d", (int)pid);
    else if (r > 0)
        check_problem(
            check, CHECK_SOCKET, path, "stop it, or give this node a socket of its own",
            pid > 0 ? "pid %d answers, which is no node of this home"
                    : "somebody answers, who is no node of this home",
            (int)pid);
    else if (living->node)
        check_warning(
            check, CHECK_SOCKET, path,
            "wait if it is starting; otherwise compare with SocketPath in the core's config",
            "the node is alive but does not answer");
    else
        check_place(check, path);
}

void check_alive(Check *check) {
    Living living = {0};

    check_visor(check, &living);
    if (check->home.private_fd < 0 &&
        faccessat(check->home.fd, HOME_PRIVATE_FOLDER, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        check_warning(
            check, CHECK_LOCK, check->home.path, "run the check as the user that runs visor",
            "%s/" HOME_PRIVATE_FOLDER " is closed to this user, so processes of the node are not seen",
            check->home.path);
    else
        for (ProcessName name = 0; name < PROCESS_COUNT; name++)
            check_node_lock(check, name, &living);
    if (check->run_config)
        check_socket(check, &living);
}
