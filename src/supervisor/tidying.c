/*
 * Room on the disk, and in memory. What has to go is renamed at once and removed by visor-fetch: a tree of
 * gigabytes takes longer to remove than anything that supervises may wait.
 */
#include "base/cleanup.h"
#include "base/strings.h"
#include "home/current.h"
#include "home/retention.h"
#include "home/staging.h"
#include "release/program.h"
#include "supervisor/shell.h"

#include <string.h>

#define COMPLAIN_USEC (3600 * USEC_PER_SEC)

enum {
    REMOVAL_TIMEOUT_USEC = 600 * 1000 * 1000,
    RETRY_USEC = 10 * 1000 * 1000,
    WARMING_TIMEOUT_USEC = 60 * 1000 * 1000,
};

static int run_helper(
    Supervisor *supervisor, const char *const *arguments, uint64_t timeout_usec, ToolHandler handler, Tool **ret,
    Failure *failure) {
    _cleanup_free_ char *program = NULL;
    int r = visor_fetch_path(&program, failure);
    if (r < 0)
        return r;
    ToolRequest request = {.path = program, .arguments = arguments, .timeout_usec = timeout_usec};
    return tool_start(supervisor->event, &request, handler, supervisor, ret, failure);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
    Supervisor *supervisor = userdata;
    (void)source;
    (void)usec;
    supervisor->removal_retry = sd_event_source_disable_unref(supervisor->removal_retry);
    supervisor->removals_failed = 0;
    tidying_remove(supervisor);
    return 0;
}

/* Nothing waits for it, so it is tried again at leisure; if not even that can be arranged, with the next reason. */
static void remove_later(Supervisor *supervisor, const char *why) {
    uint64_t now_usec = clock_monotonic_usec();
    if (throttle_pass(&supervisor->removal_failures, why, now_usec, COMPLAIN_USEC))
        log_warning("fetch", "what was discarded cannot be removed; trying again", field_string("error", why));
    supervisor->removal_retry = sd_event_source_disable_unref(supervisor->removal_retry);
    int r = sd_event_add_time_relative(
        supervisor->event, &supervisor->removal_retry, CLOCK_MONOTONIC, RETRY_USEC, 0, on_retry, supervisor);
    if (r < 0)
        log_debug("fetch", "no timer for the removal", field_errno(r));
}

/* What cannot be removed must not keep the others. */
static void on_removed(const ToolResult *result, void *userdata) {
    Supervisor *supervisor = userdata;
    supervisor->removal = NULL;
    if (result->result < 0) {
        supervisor->removals_failed++;
        remove_later(supervisor, result->summary);
    }
    tidying_remove(supervisor);
}

void tidying_remove(Supervisor *supervisor) {
    _cleanup_string_list_ char **folders = NULL;
    Failure failure = {0};

    if (supervisor->removal)
        return;
    int r = staging_discarded(supervisor->home, &folders, &failure);
    if (r >= 0 && supervisor->removals_failed >= string_list_length((const char *const *)folders))
        return;
    if (r >= 0) {
        const char *arguments[] = {"discard", folders[supervisor->removals_failed], NULL};
        r = run_helper(supervisor, arguments, REMOVAL_TIMEOUT_USEC, on_removed, &supervisor->removal, &failure);
    }
    if (r < 0)
        remove_later(supervisor, failure.message);
}

static void retire(const Supervisor *supervisor, char *const *folders) {
    for (; *folders; folders++) {
        Failure failure = {0};
        if (retention_retire(supervisor->home, *folders, &failure) < 0)
            log_warning("fetch", "an old release stays for now", field_string("error", failure.message));
        else
            log_info(
                "fetch", "an old release is removed: there are more than keepReleases",
                field_string("folder", *folders));
    }
}

/* What runs, what ran before it and what is to run next stay, however many are to be kept. */
static void retire_releases(const Supervisor *supervisor) {
    const char *tag = supervisor->core.upgrade.tag;
    _cleanup_string_list_ char **folders = NULL;
    _cleanup_free_ char *accepted = *tag ? release_folder(supervisor->home, supervisor->config, tag) : NULL;
    const char *protected_folders[8] = {0};
    Failure failure = {0};
    size_t used = 0;

    const char *const candidates[] = {
        supervisor->running ? supervisor->running->folder : NULL, supervisor->state.folder,
        supervisor->state.previous, accepted};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (candidates[i])
            protected_folders[used++] = candidates[i];
    int r = retention_choose(supervisor->home, supervisor->config, protected_folders, &folders, &failure);
    if (r < 0)
        log_warning("fetch", "old releases stay for now", field_string("error", failure.message));
    else
        retire(supervisor, folders);
}

void tidying_clear(Supervisor *supervisor, const char *tag) {
    Failure failure = {0};
    int r = staging_clear_others(supervisor->home, tag, &failure);
    if (r < 0)
        log_warning("fetch", "what was staged stays for now", field_string("error", failure.message));
    if (!*tag)
        retire_releases(supervisor);
    tidying_remove(supervisor);
}

static void on_warmed(const ToolResult *result, void *userdata) {
    Supervisor *supervisor = userdata;
    supervisor->warming = NULL;
    if (result->result < 0)
        log_debug("upgrade", "the new binaries were not read ahead", field_string("error", result->summary));
}

void tidying_warm(Supervisor *supervisor, const char *tag) {
    const Release *release = supervisor->examination.proven;
    Failure failure = {0};

    if (!release || !streq(supervisor->examination.proven_tag, tag))
        return;
    const RunBinary *data_node = release_binary(release, PROCESS_DATA_NODE);
    const char *arguments[] = {
        "warm", release_binary(release, PROCESS_VEGA)->full_path, data_node ? data_node->full_path : NULL, NULL};
    supervisor->warming = tool_cancel(supervisor->warming);
    if (run_helper(supervisor, arguments, WARMING_TIMEOUT_USEC, on_warmed, &supervisor->warming, &failure) < 0)
        log_debug("upgrade", "the new binaries are not read ahead", field_string("error", failure.message));
}
