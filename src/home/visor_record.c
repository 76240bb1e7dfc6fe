#include "home/visor_record.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/strings.h"
#include "home/lock.h"

#include <string.h>

static const char *const NAMES[REEXEC_OUTCOME_COUNT] = {
#define X(outcome, name) [outcome] = name,
    REEXEC_OUTCOMES(X)
#undef X
};

/* A text that was cut to fit may end in half a character, and that would be no JSON. */
int visor_record_write(int lock_fd, const VisorRecord *record) {
    char version[sizeof record->version], why[sizeof record->text];
    _cleanup_json_ json_t *root = json_pack(
        "{s:s, s:i, s:s, s:s}", "version", string_printable(version, sizeof version, record->version), "request",
        record->token, "outcome", NAMES[record->outcome], "text", string_printable(why, sizeof why, record->text));
    _cleanup_free_ char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    return text ? lock_write_text(lock_fd, text) : -ENOMEM;
}

int visor_record_decode(const char *text, size_t length, VisorRecord *ret) {
    _cleanup_json_ json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    const char *version, *outcome, *why;
    VisorRecord record = {0};

    *ret = (VisorRecord){0};
    if (json_unpack_ex(
            root, NULL, 0, "{s:s, s:i, s:s, s:s}", "version", &version, "request", &record.token, "outcome",
            &outcome, "text", &why) < 0)
        return -EBADMSG;
    while (record.outcome < REEXEC_OUTCOME_COUNT && !streq(NAMES[record.outcome], outcome))
        record.outcome++;
    if (record.outcome == REEXEC_OUTCOME_COUNT)
        return -EBADMSG;
    (void)string_printable(record.version, sizeof record.version, version);
    (void)string_printable(record.text, sizeof record.text, why);
    *ret = record;
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
