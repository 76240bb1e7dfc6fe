/* `visor prepare`: gets a release into its place by hand. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/error.h"
#include "cli/prepare.h"
#include "home/release.h"
#include "home/staging.h"
#include "release/fetch_request.h"
#include "release/program.h"
#include "release/proof.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

int prepare_wait(Prepare *prepare, const bool *done) {
    while (!*done && prepare->interrupted == 0) {
        int r = sd_event_run(prepare->event, UINT64_MAX);
        if (r < 0)
            return r;
    }
    return *done ? 0 : -EINTR;
}

static int on_pause(sd_event_source *source, uint64_t usec, void *userdata) {
    bool *over = userdata;
    (void)source;
    (void)usec;
    *over = true;
    return 0;
}

int prepare_pause(Prepare *prepare, uint64_t delay_usec) {
    sd_event_source *timer = NULL;
    bool over = false;

    int r = sd_event_add_time_relative(prepare->event, &timer, CLOCK_MONOTONIC, delay_usec, 0, on_pause, &over);
    if (r >= 0)
        r = prepare_wait(prepare, &over);
    (void)sd_event_source_disable_unref(timer);
    return r;
}

int prepare_stopped(Prepare *prepare, int code, Failure *failure) {
    if (code == -EINTR)
        return failure_set(
            failure, code, "interrupted; what was fetched of %s stays for the next time", prepare->tag);
    return failure_set(failure, code, "cannot wait any longer: %s", strerror(-code));
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
    Prepare *prepare = userdata;
    (void)source;
    prepare->interrupted = (int)info->ssi_signo;
    return 0;
}

/*
 * Blocked, a signal would come even if it is ignored: nohup(1) ignores SIGHUP, and a shell SIGINT and SIGQUIT of
 * what it runs in the background.
 */
static bool is_ignored(int signal_number) {
    struct sigaction action = {0};
    return sigaction(signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static int take_signal(Prepare *prepare, int signal_number) {
    sigset_t mask;
    if (is_ignored(signal_number))
        return 0;
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, signal_number);
    if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
        return negative_errno();
    return sd_event_add_signal(prepare->event, NULL, signal_number, on_signal, prepare);
}

/* They are read in the loop, so that visor-fetch is gone and the terminal in order when visor ends. */
static int take_signals(Prepare *prepare) {
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    int r = 0;
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS && r >= 0; i++)
        r = take_signal(prepare, SIGNALS[i]);
    return r;
}

/* A shell that runs this in a loop ends the loop on ^C only if it was the signal that ended us. */
static void end_by_signal(int signal_number) {
    sigset_t mask;
    (void)fflush(stdout);
    (void)signal(signal_number, SIG_DFL);
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, signal_number);
    (void)raise(signal_number);
    (void)sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

/* What another user stages, visor could neither trust nor remove. */
static int check_user(const Prepare *prepare, Failure *failure) {
    struct stat status;
    if (fstat(prepare->home.fd, &status) < 0)
        return failure_set(failure, negative_errno(), "cannot examine %s: %m", prepare->home.path);
    if (status.st_uid == geteuid())
        return 0;
    return failure_set(
        failure, -EPERM, "%s belongs to user %u, this is user %u: run `visor prepare` as the user that runs visor",
        prepare->home.path, (unsigned)status.st_uid, (unsigned)geteuid());
}

/* Whoever reads the events learns of the end from the last of them, however early it comes. */
static ExitCode fail(Prepare *prepare, ExitCode code, const Failure *failure) {
    if (prepare->output.json)
        prepare_output_say(&prepare->output, "failed", "%s", failure->message);
    return error_report(code, "%s", failure->message);
}

static ExitCode read_config(Prepare *prepare) {
    _cleanup_free_ char *path = home_path(&prepare->home, HOME_CONFIG_FILE);
    _cleanup_problems_ Problems problems = {0};
    Failure failure = {0};

    int r = path ? config_load(path, &prepare->config, &problems) : -ENOMEM;
    if (r < 0 && r != -ENOMEM) {
        problems_log(&problems, "config", path);
        (void)failure_set(&failure, r, "%s cannot be used: see the %zu errors above", path, problems.error_count);
        return fail(prepare, EXIT_CODE_CONFIG, &failure);
    }
    prepare->folder = r < 0 ? NULL : release_folder(&prepare->home, prepare->config, prepare->tag);
    if (prepare->folder)
        return EXIT_CODE_OK;
    (void)failure_set(&failure, -ENOMEM, "cannot read the settings: out of memory");
    return fail(prepare, EXIT_CODE_SYSTEM, &failure);
}

static ExitCode begin(Prepare *prepare, const Options *options) {
    Failure failure = {0};

    int r = sd_event_new(&prepare->event);
    if (r >= 0)
        r = take_signals(prepare);
    if (r < 0) {
        (void)failure_set(&failure, r, "cannot make an event loop: %s", strerror(-r));
        return fail(prepare, EXIT_CODE_SYSTEM, &failure);
    }
    r = home_look(options->home, &prepare->home, &failure);
    if (r < 0)
        return fail(prepare, r == -ENOENT ? EXIT_CODE_NO_HOME : EXIT_CODE_IO, &failure);
    /* Before anything is made: a private folder of root's would keep visor itself from starting. */
    r = check_user(prepare, &failure);
    if (r < 0)
        return fail(prepare, EXIT_CODE_NOT_PREPARED, &failure);
    r = home_keep_private(&prepare->home, &failure);
    return r < 0 ? fail(prepare, EXIT_CODE_IO, &failure) : read_config(prepare);
}

static int supply(Prepare *prepare, Failure *failure) {
    int r = visor_fetch_path(&prepare->program, failure);
    if (r >= 0)
        r = staging_locate(&prepare->home, prepare->folder, prepare->tag, &prepare->staging, failure);
    if (r < 0)
        return r;
    r = fetch_request_build(prepare->config, prepare->tag, &prepare->request);
    if (r < 0)
        return failure_set(failure, r, "cannot fetch %s: out of memory", prepare->tag);
    r = prepare_fetch(prepare, failure);
    return r == 0 ? prepare_place(prepare, failure) : r;
}

static int bring(Prepare *prepare, Failure *failure) {
    int r;

    if (release_absence(&prepare->home, prepare->folder) != RELEASE_NOTHING) {
        r = supply(prepare, failure);
        /* A visor that runs does the same, and may have been faster: what counts is what is there. */
        if (r < 0 && (prepare->interrupted || release_absence(&prepare->home, prepare->folder) != RELEASE_NOTHING))
            return r;
    }
    r = prepare_prove(prepare, prepare->folder, failure);
    if (r >= 0)
        prepare_drop_staged(prepare);
    return r == -EBADMSG ? failure_cure(failure, r, PROOF_CURE) : r;
}

static void prepare_free(Prepare *prepare) {
    free(prepare->verified);
    free(prepare->staging);
    free(prepare->program);
    free(prepare->folder);
    json_decref(prepare->request);
    config_free(prepare->config);
    home_close(&prepare->home);
    (void)sd_event_unref(prepare->event);
}

static ExitCode perform(Prepare *prepare) {
    Failure failure = {0};

    int r = bring(prepare, &failure);
    if (r >= 0)
        prepare_output_prepared(&prepare->output, prepare->folder, prepare->verified);
    prepare_clear_up(prepare);
    prepare_output_end(&prepare->output);
    return r < 0 ? fail(prepare, EXIT_CODE_NOT_PREPARED, &failure) : EXIT_CODE_OK;
}

static ExitCode run(const Options *options, int *ret_signal) {
    _cleanup_(prepare_free) Prepare prepare = {.home = {.fd = -1, .private_fd = -1}, .tag = options->tag};

    prepare_output_begin(&prepare.output, stdout, options->output, options->tag);
    ExitCode code = begin(&prepare, options);
    if (code == EXIT_CODE_OK)
        code = perform(&prepare);
    *ret_signal = prepare.interrupted;
    return code;
}

ExitCode command_prepare(const Options *options) {
    int signal_number = 0;
    ExitCode code = run(options, &signal_number);
    if (signal_number > 0)
        end_by_signal(signal_number);
    return code;
}
