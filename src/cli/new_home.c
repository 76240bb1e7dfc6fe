#include "cli/new_home.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"
#include "cli/template.h"
#include "home/layout.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>

#define RUN_CONFIG_FILE "run-config.toml"

/* What was made so far, in that order: what must go again if a later step fails. */
typedef struct Made {
    char **paths;
    size_t count;
} Made;

static void made_clear(Made *made) {
    for (size_t i = 0; i < made->count; i++)
        free(made->paths[i]);
    free(made->paths);
    *made = (Made){0};
}

/* Makes room first, so that what is made can always be noted. */
static int made_reserve(Made *made, const char *path) {
    _cleanup_free_ char *copy = NULL;
    char **larger;

    copy = strdup(path);
    if (!copy)
        return -ENOMEM;
    larger = realloc(made->paths, (made->count + 1) * sizeof *larger);
    if (!larger)
        return -ENOMEM;
    made->paths = larger;
    made->paths[made->count] = TAKE_PTR(copy);
    return 0;
}

static void made_confirm(Made *made, bool was_made) {
    if (was_made)
        made->count++;
    else
        free(made->paths[made->count]);
}

/* remove(3) leaves a folder alone that somebody else has put something into meanwhile. */
static void made_undo(const Made *made) {
    for (size_t i = made->count; i > 0; i--)
        (void)remove(made->paths[i - 1]);
}

/* Some file systems have nothing to synchronise in a folder and say so with EINVAL (fsync(2)). */
static int sync_folder(const char *path, Failure *failure) {
    _cleanup_fd_ int fd = -1;

    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
        return failure_set(failure, negative_errno(), "cannot make %s durable: %m", path);
    return 0;
}

static int make_folder(Made *made, const char *path, Failure *failure) {
    int r = made_reserve(made, path);
    if (r < 0)
        return failure_set(failure, r, "cannot make %s: %s", path, strerror(-r));

    r = mkdir(path, 0755) < 0 ? negative_errno() : 0;
    made_confirm(made, r == 0);
    if (r == 0 && chmod(path, 0755) < 0)
        r = negative_errno();
    if (r < 0)
        return failure_set(failure, r, "cannot make the folder %s: %s", path, strerror(-r));
    return 0;
}

static int make_file(Made *made, const char *path, const char *content, size_t length, Failure *failure) {
    _cleanup_fd_ int fd = -1;

    int r = made_reserve(made, path);
    if (r < 0)
        return failure_set(failure, r, "cannot make %s: %s", path, strerror(-r));

    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    r = fd < 0 ? negative_errno() : 0;
    made_confirm(made, r == 0);
    if (r == 0 && fchmod(fd, 0600) < 0)
        r = negative_errno();
    if (r == 0)
        r = write_all(fd, content, length);
    if (r == 0 && fsync(fd) < 0)
        r = negative_errno();
    if (r < 0)
        return failure_set(failure, r, "cannot write %s: %s", path, strerror(-r));
    return 0;
}

/* The folder that @path stands in, owned by the caller; NULL when memory is out. */
static char *folder_above(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* Makes @path and all that is missing above it. */
static int make_folders(Made *made, char *path, Failure *failure) {
    char *end = path;
    do {
        end += strspn(end, "/");
        end += strcspn(end, "/");

        const char rest = *end;
        struct stat status;
        int r = 0;
        *end = '\0';
        if (stat(path, &status) < 0) {
            _cleanup_free_ char *above = folder_above(path);
            r = above ? make_folder(made, path, failure) : failure_set(failure, -ENOMEM, "out of memory");
            if (r == 0)
                r = sync_folder(above, failure);
        } else if (!S_ISDIR(status.st_mode)) {
            r = failure_set(failure, -ENOTDIR, "cannot make the folder: %s is there already and is none", path);
        }
        *end = rest;
        if (r < 0)
            return r;
    } while (*end);
    return 0;
}

static int check_empty(const char *path, Failure *failure) {
    _cleanup_directory_ DIR *folder = NULL;
    const struct dirent *entry;

    folder = opendir(path);
    if (!folder)
        return failure_set(failure, negative_errno(), "cannot look into %s: %m", path);
    while (errno = 0, (entry = readdir(folder)))
        if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
            return failure_set(
                failure, -ENOTEMPTY, "%s is not empty (it holds %s): a new home needs a new or empty folder", path,
                entry->d_name);
    if (errno > 0)
        return failure_set(failure, negative_errno(), "cannot read the folder %s: %m", path);
    return 0;
}

/* Closes the memory stream @out; true if all that was written to it is in its buffer. */
static bool close_memory(FILE *out) {
    bool failed = ferror(out);
    return fclose(out) == 0 && !failed;
}

static int make_config(Made *made, const char *home, Failure *failure) {
    _cleanup_free_ char *path = NULL, *content = NULL;
    size_t length = 0;
    struct utsname machine;

    path = string_format("%s/" HOME_CONFIG_FILE, home);
    FILE *out = open_memstream(&content, &length);
    if (!out)
        return failure_set(failure, negative_errno(), "cannot make " HOME_CONFIG_FILE ": %m");
    template_config(out, uname(&machine) == 0 ? template_architecture(machine.machine) : "amd64");
    if (!close_memory(out) || !path)
        return failure_set(failure, -ENOMEM, "out of memory");
    return make_file(made, path, content, length, failure);
}

static int
make_release_folder(Made *made, const char *home, const char *name, bool with_data_node, Failure *failure) {
    _cleanup_free_ char *folder = NULL, *path = NULL, *content = NULL;
    size_t length = 0;
    int r;

    folder = string_format("%s/%s", home, name);
    path = string_format("%s/%s/" RUN_CONFIG_FILE, home, name);
    FILE *out = open_memstream(&content, &length);
    if (!out)
        return failure_set(failure, negative_errno(), "cannot make " RUN_CONFIG_FILE ": %m");
    template_run_config(out, name, with_data_node);
    if (!close_memory(out) || !folder || !path)
        return failure_set(failure, -ENOMEM, "out of memory");

    r = make_folder(made, folder, failure);
    if (r == 0)
        r = make_file(made, path, content, length, failure);
    if (r == 0)
        r = sync_folder(folder, failure);
    return r;
}

static int make_home(Made *made, char *path, bool with_data_node, Failure *failure) {
    int r = make_folders(made, path, failure);
    if (r == 0)
        r = check_empty(path, failure);
    if (r == 0)
        r = make_release_folder(made, path, HOME_GENESIS_FOLDER, with_data_node, failure);
    if (r == 0)
        r = make_release_folder(made, path, NEW_HOME_EXAMPLE_FOLDER, with_data_node, failure);
    if (r == 0)
        r = sync_folder(path, failure);
    if (r == 0)
        r = make_config(made, path, failure);
    if (r == 0)
        r = sync_folder(path, failure);
    return r;
}

int new_home_create(const char *path, bool with_data_node, Failure *failure) {
    _cleanup_(made_clear) Made made = {0};
    _cleanup_free_ char *copy = NULL;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old_action;
    sigset_t blocked, old_mask;

    copy = strdup(path);
    if (!copy)
        return failure_set(failure, -ENOMEM, "cannot make %s: out of memory", path);

    /*
     * ^C must not leave half a home, nor may a file size limit end us instead of failing the write (setrlimit(2)).
     * That signal is not blocked as well: the kernel keeps a blocked signal even if it is ignored.
     */
    (void)sigfillset(&blocked);
    (void)sigdelset(&blocked, SIGXFSZ);
    (void)sigprocmask(SIG_BLOCK, &blocked, &old_mask);
    (void)sigaction(SIGXFSZ, &ignore, &old_action);
    int r = make_home(&made, copy, with_data_node, failure);
    if (r < 0)
        made_undo(&made);
    (void)sigaction(SIGXFSZ, &old_action, NULL);
    (void)sigprocmask(SIG_SETMASK, &old_mask, NULL);
    return r;
}
