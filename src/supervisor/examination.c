/*
 * The accepted release, examined: is its folder complete, and do its binaries report the version that the network
 * wants? Done hours before the block, so that what is missing is known while there is time.
 */
#include "base/cleanup.h"
#include "base/strings.h"
#include "home/current.h"
#include "supervisor/shell.h"
#include "supervisor/tool_output.h"

#include <string.h>

enum {
    REPEAT_EARLY_USEC = 600 * 1000 * 1000, /* the block is far: rarely */
    REPEAT_LATE_USEC = 60 * 1000 * 1000,   /* the network waits */
};

void examination_cancel(Examination *examination) {
    examination->tool = tool_cancel(examination->tool);
    examination->release = release_free(examination->release);
}

static void forget_proof(Examination *examination) {
    examination->proven = release_free(examination->proven);
    examination->proven_tag[0] = '\0';
}

void examination_free(Examination *examination) {
    examination_cancel(examination);
    forget_proof(examination);
}

static bool is_current(const Supervisor *supervisor, const char *folder) {
    _cleanup_free_ char *resolved = realpath(folder, NULL);
    return resolved && supervisor->running && streq(resolved, supervisor->running->folder);
}

/* A finding leaves as an event: at once from examination_start(), or from the end of a tool. */
typedef void (*Deliver)(Supervisor *supervisor, Event event);

static void finding_bad(Supervisor *supervisor, const char *text, Deliver deliver) {
    Examination *examination = &supervisor->examination;
    bool late = supervisor->core.upgrade.facts.ready;
    bool current = examination->release && is_current(supervisor, examination->release->folder);

    if (throttle_pass(
            &examination->complaints, text, clock_monotonic_usec(), late ? REPEAT_LATE_USEC : REPEAT_EARLY_USEC))
        log_event(
            late ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "upgrade", "the release is not ready",
            field_string("tag", examination->tag), field_string("why", text));
    examination->release = release_free(examination->release);
    forget_proof(examination);
    deliver(
        supervisor, (Event){.type = EVENT_EXAMINED, .examined = {.tag = examination->tag, .is_current = current}});
}

static void finding_good(Supervisor *supervisor, Deliver deliver) {
    Examination *examination = &supervisor->examination;

    forget_proof(examination);
    throttle_reset(&examination->complaints);
    release_log_findings(examination->release, "upgrade");
    examination->proven = TAKE_PTR(examination->release);
    tag_copy(&examination->proven_tag, examination->tag);
    deliver(
        supervisor, (Event){
                        .type = EVENT_EXAMINED,
                        .examined = {
                            .tag = examination->tag,
                            .proven = true,
                            .is_current = is_current(supervisor, examination->proven->folder),
                        }});
}

static void ask_next_binary(Supervisor *supervisor, Deliver deliver);

static int check_version(const Examination *examination, const ToolResult *result, Failure *failure) {
    const char *path = release_binary(examination->release, examination->asking)->full_path;
    char version[RELEASE_TAG_MAX + 1];

    if (result->result < 0)
        return failure_set(failure, result->result, "%s", result->summary);
    int r = version_output_parse(result->output, &version, failure);
    if (r < 0)
        return failure_prefix(failure, r, "%s was asked for its version", path);
    if (!streq(version, examination->tag))
        return failure_set(
            failure, -EBADMSG,
            "%s reports version %s, but the network wants %s: put that binary there, or name another in run-config.toml",
            path, version, examination->tag);
    return 0;
}

static void on_version(const ToolResult *result, void *userdata) {
    Supervisor *supervisor = userdata;
    Examination *examination = &supervisor->examination;
    Failure failure = {0};

    examination->tool = NULL;
    int r = check_version(examination, result, &failure);
    if (r < 0) {
        finding_bad(supervisor, failure.message, supervisor_dispatch);
        return;
    }
    examination->asking++;
    ask_next_binary(supervisor, supervisor_dispatch);
}

/* Core and data node are usually one file: then one answer is enough. */
static bool was_asked(const Release *release, ProcessName process) {
    return process == PROCESS_DATA_NODE &&
           file_identity_equal(
               &release->binary_identities[PROCESS_VEGA], &release->binary_identities[PROCESS_DATA_NODE]);
}

static void ask_next_binary(Supervisor *supervisor, Deliver deliver) {
    Examination *examination = &supervisor->examination;
    Failure failure = {0};

    const RunBinary *binary =
        examination->asking < PROCESS_COUNT ? release_binary(examination->release, examination->asking) : NULL;
    if (!binary || was_asked(examination->release, examination->asking)) {
        finding_good(supervisor, deliver);
        return;
    }
    ToolRequest request = version_request(binary->full_path);
    int r = tool_start(supervisor->event, &request, on_version, supervisor, &examination->tool, &failure);
    if (r < 0)
        finding_bad(supervisor, failure.message, deliver);
}

void examination_start(Supervisor *supervisor, const char *tag) {
    Examination *examination = &supervisor->examination;
    _cleanup_free_ char *folder = release_folder(supervisor->home, supervisor->config, tag);
    Failure failure = {0};

    examination_cancel(examination);
    if (!streq(examination->tag, tag))
        throttle_reset(&examination->complaints);
    tag_copy(&examination->tag, tag);
    examination->asking = PROCESS_VEGA;
    examination_watch(supervisor, tag);
    int r = folder ? current_check(supervisor->home, &failure) : failure_set(&failure, -ENOMEM, "out of memory");
    if (r >= 0)
        r = release_load(supervisor->home, folder, &examination->release, &failure);
    if (r < 0)
        finding_bad(supervisor, failure.message, supervisor_answer);
    else
        ask_next_binary(supervisor, supervisor_answer);
}

void examination_watch(Supervisor *supervisor, const char *tag) {
    _cleanup_free_ char *folder = release_folder(supervisor->home, supervisor->config, tag);
    if (folder)
        watch_release(supervisor, folder);
}

bool examination_stands(const Supervisor *supervisor, const char *tag) {
    const Examination *examination = &supervisor->examination;
    _cleanup_free_ char *folder = release_folder(supervisor->home, supervisor->config, tag);

    return folder && examination->proven && streq(examination->proven_tag, tag) &&
           streq(examination->proven->folder, folder) && release_unchanged(examination->proven) &&
           current_check(supervisor->home, NULL) >= 0;
}
