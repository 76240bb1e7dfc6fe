/*
 * Files that are watched for changes. The folders are watched, not the files: an editor replaces a file, and a
 * watch on it would go with the old one. Where inotify cannot see (its limits are used up, or config.toml is a link
 * to elsewhere) a slow timer looks by itself, after one warning.
 */
#include "base/cleanup.h"
#include "base/strings.h"
#include "supervisor/shell.h"

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>

enum {
    LOOK_USEC = 1000 * 1000, /* a changed config acts within a second, however it is noticed */
    CHANGES = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB,
};

static void release_may_have_changed(Supervisor *supervisor) {
    supervisor_dispatch(supervisor, (Event){.type = EVENT_FOLDER_CHANGED});
}

static void warn_once(Watch *watch, int error) {
    if (watch->warned)
        return;
    watch->warned = true;
    log_warning(
        "watch",
        "inotify refuses (see fs.inotify.max_user_watches): changes of settings and releases are looked for once a "
        "second, and what becomes of HOME/.visor is not seen",
        field_errno(error));
}

static bool config_changed(const Supervisor *supervisor) {
    struct stat status;
    if (fstatat(supervisor->home->fd, HOME_CONFIG_FILE, &status, 0) < 0)
        return false; /* between an editor's unlink and its rename; if it stays away, reload says so */
    FileIdentity now = file_identity(&status);
    return !file_identity_equal(&now, &supervisor->config_identity);
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata) {
    Supervisor *supervisor = userdata;
    int r = sd_event_source_set_time(source, usec + LOOK_USEC);
    if (r >= 0)
        r = sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    if (r < 0)
        log_error("watch", "cannot arm the timer that looks for changes", field_errno(r));
    if (config_changed(supervisor))
        reload_now(supervisor, false);
    if (!supervisor->watch.release && supervisor->core.upgrade.facts.accepted)
        release_may_have_changed(supervisor);
    return 0;
}

static void look_by_timer(Supervisor *supervisor) {
    if (supervisor->watch.timer)
        return;
    int r = sd_event_add_time_relative(
        supervisor->event, &supervisor->watch.timer, CLOCK_MONOTONIC, LOOK_USEC, 0, on_look, supervisor);
    if (r < 0)
        log_error("watch", "changes of config.toml cannot be noticed; send SIGHUP after each", field_errno(r));
}

static int on_release(sd_event_source *source, const struct inotify_event *event, void *userdata) {
    Supervisor *supervisor = userdata;
    (void)source;
    if (event->mask &
        (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) /* gone: the home tells when there is a new one */
        supervisor->watch.release = sd_event_source_disable_unref(supervisor->watch.release);
    release_may_have_changed(supervisor);
    return 0;
}

static void watch_release_folder(Supervisor *supervisor) {
    Watch *watch = &supervisor->watch;
    watch->release = sd_event_source_disable_unref(watch->release);
    int r = sd_event_add_inotify(
        supervisor->event, &watch->release, watch->release_folder,
        CHANGES | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR, on_release, supervisor);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR) {
        warn_once(watch, r);
        look_by_timer(supervisor);
    }
}

static bool is_about(const struct inotify_event *event, const char *name) {
    return event->mask & IN_Q_OVERFLOW || (event->len > 0 && name && streq(event->name, name));
}

static bool is_about_process(const struct inotify_event *event) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
        if (is_about(event, lock))
            return true;
    }
    return false;
}

/*
 * By us, which is seen to, or by somebody who brings back a backup, as cp or rsync does. Whoever tries to take
 * Visor's lock, as we would, has opened it for writing: that is no reason to try.
 */
static void private_was_written(Supervisor *supervisor, const struct inotify_event *event) {
    if (is_about_process(event))
        records_keep_text(supervisor);
    if (is_about(event, HOME_STATE_FILE))
        records_keep_state(supervisor);
    if (is_about(event, HOME_LOCK_FILE) && event->mask & IN_MOVED_TO)
        reexec_write_again(supervisor);
    else if (is_about(event, HOME_LOCK_FILE))
        reexec_keep_told(supervisor);
}

/* A process keeps its lock, but of a file without a name, or one that tells of another: a new Visor would not know
 * it. */
static int on_private(sd_event_source *source, const struct inotify_event *event, void *userdata) {
    Failure failure = {0};
    (void)source;
    if (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) {
        private_was_written(userdata, event);
        return 0;
    }
    if (!is_about_process(event) && !is_about(event, HOME_STATE_FILE) && !is_about(event, HOME_LOCK_FILE))
        return 0;
    log_warning(
        "watch", "a file of HOME/.visor was removed while visor runs; it is made anew",
        field_string("file", event->len > 0 ? event->name : "unknown"));
    (void)records_write_again(userdata, &failure);
    reexec_write_again(userdata);
    return 0;
}

static void watch_private(Supervisor *supervisor) {
    _cleanup_free_ char *path = home_path(supervisor->home, HOME_PRIVATE_FOLDER);
    supervisor->watch.private = sd_event_source_disable_unref(supervisor->watch.private);
    int r = path
                ? sd_event_add_inotify(
                      supervisor->event, &supervisor->watch.private, path,
                      IN_DELETE | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR, on_private, supervisor)
                : -ENOMEM;
    if (r < 0)
        warn_once(&supervisor->watch, r);
}

static int on_home(sd_event_source *source, const struct inotify_event *event, void *userdata) {
    Supervisor *supervisor = userdata;
    (void)source;

    if (is_about(event, HOME_CONFIG_FILE))
        reload_soon(supervisor);
    if (is_about(event, HOME_PRIVATE_FOLDER)) {
        reexec_write_again(supervisor);
        watch_private(supervisor);
    }
    if (is_about(event, supervisor->watch.release_name) || is_about(event, HOME_CURRENT_LINK))
        release_may_have_changed(supervisor);
    return 0;
}

void watch_start(Supervisor *supervisor) {
    struct stat status;
    if (fstatat(supervisor->home->fd, HOME_CONFIG_FILE, &status, 0) == 0)
        supervisor->config_identity = file_identity(&status);
    int r = sd_event_add_inotify(
        supervisor->event, &supervisor->watch.home, supervisor->home->path, CHANGES | IN_ONLYDIR, on_home,
        supervisor);
    if (r < 0)
        warn_once(&supervisor->watch, r);
    if (r < 0)
        look_by_timer(supervisor);
    watch_private(supervisor);
    watch_config_link(supervisor);
}

/* What a link points to can change without a word in the home. */
void watch_config_link(Supervisor *supervisor) {
    struct stat status;
    if (fstatat(supervisor->home->fd, HOME_CONFIG_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(status.st_mode))
        look_by_timer(supervisor);
}

void watch_release(Supervisor *supervisor, const char *folder) {
    Watch *watch = &supervisor->watch;
    if (!watch->release_folder || !streq(watch->release_folder, folder)) {
        free(watch->release_folder);
        free(watch->release_name);
        watch->release_folder = strdup(folder);
        watch->release_name = strdup(basename(folder));
        watch->release = sd_event_source_disable_unref(watch->release);
    }
    if (watch->release_folder && !watch->release)
        watch_release_folder(supervisor);
}

void watch_free(Watch *watch) {
    (void)sd_event_source_disable_unref(watch->home);
    (void)sd_event_source_disable_unref(watch->private);
    (void)sd_event_source_disable_unref(watch->release);
    (void)sd_event_source_disable_unref(watch->timer);
    free(watch->release_folder);
    free(watch->release_name);
}
