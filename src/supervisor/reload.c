/* config.toml, read again while running: a good one takes effect at once, of a bad one only its errors are heard.
 */
#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/strings.h"
#include "supervisor/shell.h"

#include <string.h>

enum { SETTLE_USEC = 100 * 1000 }; /* an editor's write comes as several events */

typedef struct Changes {
    size_t count;
    bool of_fetching;
} Changes;

static void log_change(const char *key, const char *from, const char *to, void *userdata) {
    Changes *changes = userdata;
    changes->count++;
    changes->of_fetching = changes->of_fetching || string_after(key, "autoInstall.");
    log_info("config", "changed", field_string("key", key), field_string("from", from), field_string("to", to));
}

static void take_over(Supervisor *supervisor, Config *config, bool asked) {
    FAIL_POINT(CONFIG_READ);
    Changes changes = {0};
    config_compare(supervisor->config, config, log_change, &changes);
    config_free(supervisor->config);
    supervisor->config = config;
    log_configure(config->log.format, config->log.level);
    if (changes.count == 0 && (asked || supervisor->config_refused))
        log_info("config", asked ? "read again; nothing has changed" : "good again; nothing has changed");
    supervisor->config_refused = false;

    if (changes.of_fetching) {
        supervisor->fetch_revision++;
        fetching_forget(&supervisor->fetching);
        throttle_reset(&supervisor->examination.complaints);
    }
    Settings settings = supervisor_settings(config);
    settings.fetch_revision = supervisor->fetch_revision;
    supervisor_dispatch(supervisor, (Event){.type = EVENT_SETTINGS, .changed = {.settings = &settings}});
    FAIL_POINT(CONFIG_TAKEN_OVER);
    supervisor_dispatch(supervisor, (Event){.type = EVENT_FOLDER_CHANGED}); /* [upgradeFolders] may name another */
}

void reload_now(Supervisor *supervisor, bool asked) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_free_ char *path = home_path(supervisor->home, HOME_CONFIG_FILE);
    Config *config = NULL;
    struct stat status;

    if (!path)
        return;
    if (stat(path, &status) == 0)
        supervisor->config_identity = file_identity(&status);
    watch_config_link(supervisor);
    int r = config_load(path, &config, &problems);
    problems_log(&problems, "config", path);
    supervisor->config_refused = supervisor->config_refused || r < 0;
    if (r < 0)
        log_error(
            "config", "the changed file is refused; the settings stay as they were",
            field_integer("errors", (int64_t)problems.error_count));
    else
        take_over(supervisor, config, asked);
}

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata) {
    (void)source;
    (void)usec;
    Supervisor *supervisor = userdata;
    supervisor->reload = sd_event_source_disable_unref(supervisor->reload);
    reload_now(supervisor, false);
    return 0;
}

void reload_soon(Supervisor *supervisor) {
    if (supervisor->reload) /* not put off by further events: they would have to end some day */
        return;
    int r = sd_event_add_time_relative(
        supervisor->event, &supervisor->reload, CLOCK_MONOTONIC, SETTLE_USEC, 1000, on_settled, supervisor);
    if (r < 0)
        reload_now(supervisor, false);
}
