#include "supervisor/supervisor.h"

#include "base/cleanup.h"
#include "base/process_stat.h"
#include "supervisor/shell.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    WELL_USEC = 60 * 1000 * 1000, /* after so long without one, a failed poll is news again */
    RETRY_USEC = 2 * 1000 * 1000, /* v0.79 polls every 2 s, so its N retries are N times that long */
    DEADLINE_ACCURACY_USEC = 1,   /* sd-event's default of 250 ms would be added to every restart */
};

/* Not even 0 retries mean that a node which has not had the time to listen is given up. */
static uint64_t connection_usec(uint64_t retries) {
    return (retries > 0 ? retries : 1) * RETRY_USEC;
}

Settings supervisor_settings(const Config *config) {
    return (Settings){
        .first_connection_usec = connection_usec(config->max_first_connection_retries),
        .restart_connection_usec = connection_usec(config->max_restart_connection_retries),
        .max_restarts = config->max_restarts,
        .restarts_delay_usec = config->restarts_delay_seconds * USEC_PER_SEC,
        .restarts_budget_reset_usec = config->restarts_budget_reset_seconds * USEC_PER_SEC,
        .stop_delay_usec = config->stop_delay_seconds * USEC_PER_SEC,
        .stop_grace_usec = config->stop_signal_timeout_seconds * USEC_PER_SEC,
        .poll_interval_usec = config->rpc.poll_interval_ms * USEC_PER_MSEC,
        .accepted_poll_interval_usec = config->rpc.accepted_poll_interval_ms * USEC_PER_MSEC,
        .fetch_enabled = config->auto_install.enabled,
        .fetch_early = config->auto_install.prefetch,
        .fetch_spread_usec = config->auto_install.prefetch_spread_seconds * USEC_PER_SEC,
    };
}

static void arm_deadline(Supervisor *supervisor) {
    uint64_t due_usec = core_deadline_usec(&supervisor->core);
    int r = 0;
    if (due_usec != USEC_NEVER)
        r = sd_event_source_set_time(supervisor->deadline, due_usec);
    if (r >= 0)
        r = sd_event_source_set_enabled(
            supervisor->deadline, due_usec == USEC_NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
    if (r < 0)
        log_error("supervisor", "cannot arm the next deadline", field_errno(r));
}

void supervisor_answer(Supervisor *supervisor, Event event) {
    assert(supervisor->queue.count < EVENTS_MAX);
    supervisor->queue.items[supervisor->queue.count++] = event;
}

static bool next_event(Supervisor *supervisor, Event *ret) {
    if (supervisor->queue.count == 0)
        return false;
    *ret = supervisor->queue.items[0];
    supervisor->queue.count--;
    memmove(
        supervisor->queue.items, supervisor->queue.items + 1,
        supervisor->queue.count * sizeof *supervisor->queue.items);
    return true;
}

void supervisor_dispatch(Supervisor *supervisor, Event event) {
    Actions actions;
    Event next;

    assert(!supervisor->dispatching);
    supervisor->dispatching = true;
    supervisor_answer(supervisor, event);
    while (next_event(supervisor, &next)) {
        next.now_usec = clock_monotonic_usec();
        core_step(&supervisor->core, &next, &actions);
        for (size_t i = 0; i < actions.count; i++)
            perform(supervisor, &actions.items[i]);
    }
    supervisor->dispatching = false;
    reexec_follow(supervisor);
    arm_deadline(supervisor);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
    (void)source;
    (void)usec;
    supervisor_dispatch(userdata, (Event){.type = EVENT_DEADLINE});
    return 0;
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
    char name[16];
    (void)source;
    (void)snprintf(name, sizeof name, "SIG%s", sigabbrev_np((int)info->ssi_signo));
    log_info("supervisor", "asked to stop", field_string("signal", name), field_integer("sender", info->ssi_pid));
    supervisor_dispatch(userdata, (Event){.type = EVENT_STOP_ASKED});
    return 0;
}

static int on_reload_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
    (void)source;
    (void)info;
    reload_now(userdata, true);
    return 0;
}

static int on_reexec_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
    (void)source;
    log_info("supervisor", "asked to become the binary at my path", field_integer("sender", info->ssi_pid));
    reexec_asked(userdata, info->ssi_code == SI_QUEUE ? info->ssi_int : 0);
    return 0;
}

static void on_status(const UpgradeStatus *status, const Failure *failure, void *userdata) {
    Supervisor *supervisor = userdata;
    if (status) {
        if (supervisor->poll_failed)
            log_info("rpc", "the admin socket answers again");
        supervisor->poll_failed = false;
        bool first = !supervisor->core.processes[PROCESS_VEGA].ready;
        if (first || usec_since(clock_monotonic_usec(), supervisor->poll_failed_usec) >= WELL_USEC)
            throttle_reset(&supervisor->poll_failures);
        supervisor_dispatch(
            supervisor, (Event){
                            .type = EVENT_POLL_ANSWERED,
                            .poll = {
                                .has_release = status->has_release,
                                .tag = status->tag,
                                .height_blocks = status->height_blocks,
                                .ready = status->ready,
                            }});
        record_running(supervisor);
        return;
    }
    bool answered_before = supervisor->core.processes[PROCESS_VEGA].ready;
    supervisor->poll_failed_usec = clock_monotonic_usec();
    if (throttle_pass(&supervisor->poll_failures, failure->message, clock_monotonic_usec(), 600 * USEC_PER_SEC)) {
        supervisor->poll_failed = answered_before;
        log_event(
            answered_before ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "rpc",
            answered_before ? "the node does not answer" : "the node does not answer yet",
            field_string("error", failure->message));
    }
    supervisor_dispatch(supervisor, (Event){.type = EVENT_POLL_FAILED});
}

static void on_height(const uint64_t *height_blocks, const Failure *failure, void *userdata) {
    Supervisor *supervisor = userdata;
    Event event = {.type = EVENT_HEIGHT, .height = {.known = height_blocks != NULL}};
    if (height_blocks)
        event.height.height_blocks = *height_blocks;
    else if (throttle_pass(
                 &supervisor->height_failures, failure->message, clock_monotonic_usec(), 600 * USEC_PER_SEC))
        log_warning("statistics", "the block height is not known", field_string("error", failure->message));
    supervisor_dispatch(supervisor, event);
}

int supervisor_block_signals(void) {
    static const int FATAL[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    sigset_t set;
    (void)sigfillset(&set);
    for (size_t i = 0; i < sizeof FATAL / sizeof *FATAL; i++)
        (void)sigdelset(&set, FATAL[i]);
    return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? negative_errno() : 0;
}

/*
 * Before everything else, the end of a child above all: who signals the whole group or unit (systemd, a terminal's
 * ^C) stops the node at the same moment, and that must not look like a failure to be restarted.
 */
static int add_stop_signal(Supervisor *supervisor, sd_event_source **source, int number) {
    int r = sd_event_add_signal(supervisor->event, source, number, on_stop_signal, supervisor);
    return r < 0 ? r : sd_event_source_set_priority(*source, SD_EVENT_PRIORITY_IMPORTANT - 1);
}

static int attach(Supervisor *supervisor) {
    int r = sd_event_new(&supervisor->event);
    if (r < 0)
        return r;
    r = add_stop_signal(supervisor, &supervisor->sigterm, SIGTERM);
    if (r < 0)
        return r;
    r = add_stop_signal(supervisor, &supervisor->sigint, SIGINT);
    if (r < 0)
        return r;
    r = add_stop_signal(supervisor, &supervisor->sigquit, SIGQUIT);
    if (r < 0)
        return r;
    r = sd_event_add_signal(supervisor->event, NULL, SIGHUP, on_reload_signal, supervisor);
    if (r < 0)
        return r;
    r = sd_event_add_signal(supervisor->event, NULL, SIGUSR2, on_reexec_signal, supervisor);
    if (r < 0)
        return r;
    r = sd_event_add_time(
        supervisor->event, &supervisor->deadline, CLOCK_MONOTONIC, 0, DEADLINE_ACCURACY_USEC, on_deadline,
        supervisor);
    if (r < 0)
        return r;
    r = sd_event_source_set_enabled(supervisor->deadline, SD_EVENT_OFF);
    if (r < 0)
        return r;
    r = rpc_client_new(supervisor->event, on_status, supervisor, &supervisor->rpc);
    if (r < 0)
        return r;
    return statistics_client_new(supervisor->event, on_height, supervisor, &supervisor->statistics);
}

void supervisor_clear(Supervisor *supervisor) {
    tools_cancel(supervisor);
    reexec_free(&supervisor->reexec);
    examination_free(&supervisor->examination);
    processes_free(supervisor);
    watch_free(&supervisor->watch);
    supervisor->rpc = rpc_client_free(supervisor->rpc);
    supervisor->statistics = statistics_client_free(supervisor->statistics);
    (void)sd_event_source_disable_unref(supervisor->sigterm);
    (void)sd_event_source_disable_unref(supervisor->sigint);
    (void)sd_event_source_disable_unref(supervisor->sigquit);
    (void)sd_event_source_disable_unref(supervisor->deadline);
    (void)sd_event_source_disable_unref(supervisor->reload);
    (void)sd_event_source_disable_unref(supervisor->removal_retry);
    (void)release_free(supervisor->running);
    state_clear(&supervisor->state);
    free(supervisor->earlier);
    free(supervisor->last_folder);
    config_free(supervisor->config);
    (void)sd_event_unref(supervisor->event);
}

/* A loop that breaks off is no reason to leave the node behind: it is stopped, by the same loop if that can go on.
 */
static int run_loop(Supervisor *supervisor) {
    enum { TRIES = 10 };
    int r = 0;
    for (int i = 0; i < TRIES; i++) {
        r = sd_event_loop(supervisor->event);
        if (r >= 0)
            return 0;
        log_error("supervisor", "the event loop broke off; stopping the node", field_errno(r));
        if (i == 0)
            supervisor_dispatch(supervisor, (Event){.type = EVENT_STOP_ASKED});
    }
    return r;
}

int supervisor_run(
    Home *home, Inheritance *inheritance, const char *program, Config *config, ExitCode *ret, Failure *failure) {
    _cleanup_(supervisor_clear)
        Supervisor supervisor = {.home = home, .config = config, .inheritance = inheritance};
    Event begin;
    Settings settings = supervisor_settings(config);

    core_init(&supervisor.core, &settings);
    int r = attach(&supervisor);
    if (r < 0)
        return failure_set(failure, r, "cannot set up the supervision: %s", strerror(-r));
    reexec_receive(&supervisor, program);
    r = inspect_begin(&supervisor, &begin, failure);
    if (r < 0)
        return r;
    watch_start(&supervisor);
    supervisor_dispatch(&supervisor, begin);
    reexec_begin(&supervisor);
    tidying_remove(&supervisor); /* what another Visor had no time for */
    r = run_loop(&supervisor);
    if (r < 0)
        return failure_set(failure, r, "the supervision broke off: %s", strerror(-r));
    *ret = supervisor.exit_code;
    return 0;
}
