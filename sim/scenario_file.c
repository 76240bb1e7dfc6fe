#include "sim/scenario_file.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

enum { SCENARIO_LIMIT_BYTES = 16 * 1024 * 1024 };

struct ScenarioFile {
    int inotify_fd;
    Source *source;
    Scenario *scenario;
    const char *path;
    const char *name; /* the last part of the path */
    const EventLog *log;
    ScenarioHandler handler;
    void *userdata;
};

/* -- reading --------------------------------------------------------------------------------------------------- */

static char *path_beside_executable(void) {
    char executable[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", executable, sizeof executable - 1);
    if (length < 0)
        return NULL;
    executable[length] = '\0';
    char *slash = strrchr(executable, '/');
    if (slash)
        *slash = '\0';
    return string_format("%s/scenario.json", executable);
}

char *scenario_path(const Program *program) {
    const char *from_environment = getenv("VEGA_SIM_SCENARIO");
    if (program->arguments.scenario)
        return strdup(program->arguments.scenario);
    if (program->arguments.home)
        return string_format("%s/scenario.json", program->arguments.home);
    if (from_environment)
        return strdup(from_environment);
    return path_beside_executable();
}

int scenario_load(Scenario *scenario, const char *path, Failure *failure) {
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *members = NULL;
    json_error_t error;
    size_t length = 0;

    int r = file_read(path, SCENARIO_LIMIT_BYTES, &text, &length, failure);
    if (r < 0 && r != -ENOENT)
        return r;
    members = r < 0 ? json_object() : json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!members)
        return failure_set(failure, -EINVAL, "%s: line %d: %s", path, error.line, error.text);
    r = scenario->scheme->check_file(members, failure);
    if (r < 0)
        return failure_prefix(failure, r, "%s", path);
    scenario_replace(scenario, TAKE_PTR(members));
    return 0;
}

/* -- watching -------------------------------------------------------------------------------------------------- */

static int load(const ScenarioFile *file) {
    Failure failure;
    int r = scenario_load(file->scenario, file->path, &failure);
    if (r < 0)
        event_log_write(file->log, "bad-scenario", json_pack("{s:s}", "error", failure.message));
    return r;
}

/* Reads what happened in the folder; true if some of it happened to the file. */
static bool read_changes(const ScenarioFile *file) {
    char buffer[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
        __attribute__((__aligned__(__alignof__(struct inotify_event))));
    bool changed = false;
    ssize_t length;

    while ((length = read(file->inotify_fd, buffer, sizeof buffer)) > 0) {
        const char *end = buffer + length;
        for (const char *at = buffer; at < end;) {
            const struct inotify_event *event = (const void *)at;
            changed =
                changed || (event->mask & IN_Q_OVERFLOW) || (event->len > 0 && streq(event->name, file->name));
            at += sizeof *event + event->len;
        }
    }
    return changed;
}

static void on_change(uint32_t events, void *userdata) {
    const ScenarioFile *file = userdata;
    (void)events;
    if (!read_changes(file) || load(file) < 0)
        return;
    file->handler(file->userdata);
    event_log_write(file->log, "scenario", NULL); /* last: it says that the scenario has taken effect */
}

/* The folder is watched, not the file: a file that is replaced by a rename would take its watch along. */
static int watch_folder(const ScenarioFile *file, Failure *failure) {
    /* Not IN_MODIFY: half a scenario is none, and the event log grows in the same folder all the time. */
    const uint32_t changes = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
    _cleanup_free_ char *folder = NULL;

    folder = file->name == file->path ? strdup(".") : strndup(file->path, (size_t)(file->name - file->path));
    if (!folder)
        return failure_set(failure, -ENOMEM, "out of memory");
    if (file->inotify_fd < 0 || inotify_add_watch(file->inotify_fd, folder, changes | IN_ONLYDIR) < 0)
        return failure_set(failure, negative_errno(), "cannot watch the folder %s: %m", folder);
    return 0;
}

int scenario_file_new(
    Loop *loop, Scenario *scenario, const char *path, const EventLog *log, ScenarioHandler handler, void *userdata,
    ScenarioFile **ret, Failure *failure) {
    const char *slash = strrchr(path, '/');
    ScenarioFile *file = malloc(sizeof *file);
    if (!file)
        return failure_set(failure, -ENOMEM, "out of memory");
    *file = (ScenarioFile){
        .inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
        .scenario = scenario,
        .path = path,
        .name = slash ? slash + 1 : path,
        .log = log,
        .handler = handler,
        .userdata = userdata,
    };
    int r = watch_folder(file, failure);
    if (r >= 0) {
        r = source_new(loop, file->inotify_fd, EPOLLIN, on_change, file, &file->source);
        if (r < 0)
            (void)failure_set(failure, r, "cannot watch %s: %s", path, strerror(-r));
    }
    if (r < 0) {
        (void)scenario_file_free(file);
        return r;
    }
    /* Read after the watch is set, so that no change falls in between. A bad one is followed by a good one. */
    (void)load(file);
    *ret = file;
    return 0;
}

ScenarioFile *scenario_file_free(ScenarioFile *file) {
    if (!file)
        return NULL;
    (void)source_free(file->source);
    (void)close_fd(file->inotify_fd);
    free(file);
    return NULL;
}
