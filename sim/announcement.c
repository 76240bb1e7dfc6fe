#include "sim/announcement.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <string.h>

static json_t *describe(const char *tag, int64_t height) {
    return json_pack("{s:s, s:I}", "tag", tag ? tag : "", "height", (json_int_t)height);
}

static bool is_same(const Announcement *announcement, const ChainStatus *status) {
    if (!announcement->tag)
        return !*status->tag;
    return streq(announcement->tag, status->tag) && announcement->height == status->height;
}

void announcement_update(Announcement *announcement, const ChainStatus *status, const EventLog *log) {
    bool was_ready = announcement->ready;

    if (!is_same(announcement, status)) {
        bool accepted = *status->tag != '\0';
        if (accepted)
            event_log_write(log, "accepted", describe(status->tag, status->height));
        else
            event_log_write(log, "retracted", describe(announcement->tag, announcement->height));
        free(announcement->tag);
        announcement->tag = accepted ? strdup(status->tag) : NULL;
        announcement->height = status->height;
        was_ready = was_ready && !accepted; /* ready for something else is news */
    }
    announcement->ready = status->ready;
    if (status->ready && !was_ready)
        event_log_write(log, "ready", describe(status->tag, status->height));
}

void announcement_free(Announcement *announcement) {
    free(TAKE_PTR(announcement->tag));
}
