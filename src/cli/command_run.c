/* `visor run`: holds the home, reads the settings, supervises. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/exit_code.h"
#include "base/process_stat.h"
#include "build_info.h"
#include "cli/commands.h"
#include "cli/error.h"
#include "cli/options.h"
#include "home/history.h"
#include "home/holder.h"
#include "home/inheritance.h"
#include "home/lock.h"
#include "supervisor/supervisor.h"

#include <string.h>
#include <time.h>

/* Who holds the home; if that is hidden from us, who said so last. */
static pid_t find_visor(const Home *home) {
    pid_t holder = home_holder(home);
    return holder > 0 ? holder : lock_signer(home->private_fd, HOME_LOCK_FILE);
}

static int take_locks(const Home *home, int *ret_lock_fd, pid_t *ret_holder, Failure *failure) {
    int r = lock_folder(home->fd);
    if (r == 0)
        return lock_take(home->private_fd, HOME_LOCK_FILE, ret_lock_fd, ret_holder, failure);
    if (r > 0)
        *ret_holder = find_visor(home);
    return r < 0 ? failure_set(failure, r, "cannot lock %s: %s", home->path, strerror(-r)) : r;
}

static bool signer_has_ended(const Home *home) {
    _cleanup_free_ char *text = NULL;
    LockNote note;
    ProcessStat stat;
    int r = lock_read(home->private_fd, HOME_LOCK_FILE, &note);
    text = note.text;
    return r == 0 && note.pid > 0 &&
           (process_stat(note.pid, &stat) < 0 || stat.is_dead || stat.start_ticks != note.start_ticks);
}

/* A Visor that was killed between a fork and the child's exec has left its locks to that child for this moment. */
static int wait_for_locks(const Home *home, int *ret_lock_fd, pid_t *ret_holder, Failure *failure) {
    enum { TRIES = 200 };
    static const struct timespec PAUSE = {.tv_nsec = 10 * 1000 * 1000};
    int r = take_locks(home, ret_lock_fd, ret_holder, failure);
    for (int i = 0; r > 0 && i < TRIES && signer_has_ended(home); i++) {
        (void)nanosleep(&PAUSE, NULL);
        r = take_locks(home, ret_lock_fd, ret_holder, failure);
    }
    return r;
}

static ExitCode hold_home(const Home *home, int *ret_lock_fd) {
    Failure failure = {0};
    pid_t holder = 0;

    int r = wait_for_locks(home, ret_lock_fd, &holder, &failure);
    if (r < 0)
        return error_report(EXIT_CODE_IO, "%s", failure.message);
    if (r > 0) {
        (void)failure_set(&failure, r, "another visor runs %s already: pid %d", home->path, (int)holder);
        return error_report(EXIT_CODE_ALREADY_RUNNING, "%s", failure.message);
    }
    r = lock_sign(*ret_lock_fd);
    if (r < 0) {
        errno = -r;
        (void)failure_set(&failure, r, "cannot write the lock of %s: %m", home->path);
        return error_report(EXIT_CODE_IO, "%s", failure.message);
    }
    return EXIT_CODE_OK;
}

/* Another binary may have left the home to this process; then it is held already, and was all the time. */
static ExitCode take_home(Home *home, Inheritance *ret) {
    *ret = inheritance_receive(home);
    if (!ret->received)
        return hold_home(home, &ret->lock_fd);
    return EXIT_CODE_OK;
}

static ExitCode read_config(const Home *home, Config **ret) {
    _cleanup_free_ char *path = home_path(home, HOME_CONFIG_FILE);
    _cleanup_problems_ Problems problems = {0};
    Failure failure = {0};

    if (!path) {
        (void)failure_set(&failure, -ENOMEM, "cannot read the settings: out of memory");
        return error_report(EXIT_CODE_SYSTEM, "%s", failure.message);
    }
    int r = config_load(path, ret, &problems);
    if (r >= 0)
        log_configure((*ret)->log.format, (*ret)->log.level);
    problems_log(&problems, "config", path);
    if (r < 0) {
        (void)failure_set(&failure, r, "%s cannot be used: see the %zu errors above", path, problems.error_count);
        return error_report(r == -EBADMSG ? EXIT_CODE_CONFIG : EXIT_CODE_SYSTEM, "%s", failure.message);
    }
    return EXIT_CODE_OK;
}

static void note(const Home *home, const char *event, LogField field) {
    const LogField fields[] = {field, field_integer("pid", getpid()), {.type = LOG_FIELD_END}};
    Failure failure = {0};
    if (history_append(home, clock_realtime_usec(), event, fields, &failure) < 0)
        log_warning("history", failure.message);
}

ExitCode command_run(const Options *options) {
    _cleanup_home_ Home home = {.fd = -1, .private_fd = -1};
    _cleanup_inheritance_ Inheritance inheritance = {.lock_fd = -1};
    Config *config = NULL;
    Failure failure = {0};
    ExitCode code;

    int r = supervisor_block_signals();
    if (r < 0)
        return EXIT_CODE_SYSTEM;
    r = home_open(options->home, &home, &failure);
    if (r < 0)
        return error_report_home(r, &failure);
    code = take_home(&home, &inheritance);
    if (code != EXIT_CODE_OK)
        return code;
    code = read_config(&home, &config);
    if (code != EXIT_CODE_OK)
        return code;
    log_info(
        "supervisor", inheritance.received ? "visor goes on as a new binary" : "visor begins",
        field_string("home", home.path), field_string("version", VISOR_VERSION), field_integer("pid", getpid()));
    note(&home, inheritance.received ? "visor-goes-on" : "visor-begins", field_string("version", VISOR_VERSION));
    r = supervisor_run(&home, &inheritance, options->program, config, &code, &failure);
    if (r < 0)
        return error_report(r == -EPROTO ? EXIT_CODE_NEWER_STATE : EXIT_CODE_SYSTEM, "%s", failure.message);
    log_info("supervisor", "visor ends", field_integer("code", code));
    note(&home, "visor-ends", field_integer("code", code));
    return code;
}
