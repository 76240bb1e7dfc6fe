#include "home/visor_record.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/strings.h"
#include "home/lock.h"

#include <stdio.h>
#include <string.h>

static const char *const NAMES[REEXEC_OUTCOME_COUNT] = {
#define X(outcome, name) [outcome] = name,
    REEXEC_OUTCOMES(X)
#undef X
};

int visor_record_write(int lock_fd, const VisorRecord *record) {
    _cleanup_json_ json_t *root = json_pack(
        "{s:s, s:i, s:s, s:s}", "version", record->version, "request", record->token, "outcome",
        NAMES[record->outcome], "text", record->text);
    _cleanup_free_ char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    return text ? lock_write_text(lock_fd, text) : -ENOMEM;
}

int visor_record_decode(const char *text, size_t length, VisorRecord *ret) {
    _cleanup_json_ json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    const char *version, *outcome, *why;

    *ret = (VisorRecord){0};
    if (json_unpack_ex(
            root, NULL, 0, "{s:s, s:i, s:s, s:s}", "version", &version, "request", &ret->token, "outcome", &outcome,
            "text", &why) < 0)
        return -EBADMSG;
    while (ret->outcome < REEXEC_OUTCOME_COUNT && !streq(NAMES[ret->outcome], outcome))
        ret->outcome++;
    if (ret->outcome == REEXEC_OUTCOME_COUNT)
        return -EBADMSG;
    (void)snprintf(ret->version, sizeof ret->version, "%s", version);
    (void)snprintf(ret->text, sizeof ret->text, "%s", why);
    return 0;
}

int visor_record_load(const Home *home, VisorRecord *ret) {
    _cleanup_free_ char *text = NULL;
    LockNote note;
    *ret = (VisorRecord){0};
    int r = lock_read(home->private_fd, HOME_LOCK_FILE, &note);
    text = note.text;
    if (r != 0)
        return r;
    return *text && visor_record_decode(text, strlen(text), ret) == 0 ? 0 : 1;
}
