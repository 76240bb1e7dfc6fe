#include "base/cleanup.h"
#include "base/strings.h"
#include "cli/check.h"
#include "core/process.h"
#include "home/lock.h"
#include "rpc/socket.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { HOLDERS_MAX = 64 };

/* The processes of this home. */
typedef struct Alive {
    bool visor;
    bool node;               /* the core node */
    pid_t pids[HOLDERS_MAX]; /* of the core node, as far as we may see them */
    size_t count;
} Alive;

static void check_visor(Check *check, Alive *alive) {
    pid_t pid = 0;
    size_t count = lock_holders(check->home.fd, ".", &pid, 1);
    /* Who it is may be hidden from us; that there is somebody is not. */
    int r = count > 0 ? 1 : lock_look(check->home.fd, ".");

    alive->visor = r > 0;
    if (r < 0)
        check_warning(
            check, CHECK_LOCK, check->home.path, NULL, "it cannot be told whether a visor runs: %s", strerror(-r));
    else if (r == 0)
        check_ok(check, CHECK_LOCK, check->home.path, "no visor runs");
    else
        check_ok(
            check, CHECK_LOCK, check->home.path, "a visor runs: pid %d",
            count > 0 ? (int)pid : (int)lock_signer(check->home.private_fd, HOME_LOCK_FILE));
}

/*
 * A running visor may want the lock just now, so then only those count that are seen to hold it. Returns 0, 1, or
 * -EACCES if those of another user may be hidden from us.
 */
static int look_at_lock(const Check *check, const char *lock, const Alive *alive) {
    struct stat status;
    pid_t pid = 0;

    if (check->home.private_fd < 0) /* nothing has ever run here */
        return 0;
    if (lock_holders(check->home.private_fd, lock, &pid, 1) > 0)
        return 1;
    if (!alive->visor)
        return lock_look(check->home.private_fd, lock);
    bool sees_all = geteuid() == 0 || (fstat(check->home.fd, &status) == 0 && status.st_uid == geteuid());
    return sees_all ? 0 : -EACCES;
}

static void tell_holders(Check *check, ProcessName name, const char *lock, Alive *alive) {
    char holders[LOCK_HOLDERS_TEXT_BYTES];

    lock_holders_describe(check->home.private_fd, lock, &holders);
    if (name == PROCESS_VEGA) {
        alive->node = true;
        alive->count = lock_holders(check->home.private_fd, lock, alive->pids, HOLDERS_MAX);
    }
    if (alive->visor)
        check_ok(check, CHECK_LOCK, check->home.path, "a %s process is alive: pid %s", PROCESS_NAME[name], holders);
    else
        check_problem(
            check, CHECK_LOCK, check->home.path, "stop it: visor starts nothing beside it",
            "a %s process is alive without a visor: pid %s", PROCESS_NAME[name], holders);
}

static void check_node_lock(Check *check, ProcessName name, Alive *alive) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    int r = lock ? look_at_lock(check, lock, alive) : -ENOMEM;

    if (r > 0)
        tell_holders(check, name, lock, alive);
    else if (r == 0)
        check_ok(check, CHECK_LOCK, check->home.path, "no %s process is alive", PROCESS_NAME[name]);
    else
        check_warning(
            check, CHECK_LOCK, check->home.path, "run the check as the user that runs visor",
            "it cannot be told whether a %s process is alive: %s", PROCESS_NAME[name], strerror(-r));
}

static bool is_ours(const Alive *alive, pid_t pid) {
    if (alive->node && pid == 0) /* nobody knows who answers */
        return true;
    for (size_t i = 0; i < alive->count && i < HOLDERS_MAX; i++)
        if (alive->pids[i] == pid)
            return true;
    return alive->node && alive->count == 0; /* hidden from us: nothing speaks against it */
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

static void check_socket(Check *check, const Alive *alive) {
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
    else if (r > 0 && is_ours(alive, pid))
        check_ok(check, CHECK_SOCKET, path, "the node of this home answers: pid %d", (int)pid);
    else if (r > 0)
        check_problem(
            check, CHECK_SOCKET, path, "stop it, or give this node a socket of its own",
            pid > 0 ? "pid %d answers, which is no node of this home"
                    : "somebody answers, who is no node of this home",
            (int)pid);
    else if (alive->node)
        check_warning(
            check, CHECK_SOCKET, path,
            "wait if it is starting; otherwise compare with SocketPath in the core's config",
            "the node is alive but does not answer");
    else
        check_place(check, path);
}

void check_alive(Check *check) {
    Alive alive = {0};

    check_visor(check, &alive);
    if (check->home.private_fd < 0 &&
        faccessat(check->home.fd, HOME_PRIVATE_FOLDER, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        check_warning(
            check, CHECK_LOCK, check->home.path, "run the check as the user that runs visor",
            "%s/" HOME_PRIVATE_FOLDER " is closed to this user, so processes of the node are not seen",
            check->home.path);
    else
        for (ProcessName name = 0; name < PROCESS_COUNT; name++)
            check_node_lock(check, name, &alive);
    if (check->run_config)
        check_socket(check, &alive);
}
