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

bool visor_record_has(const VisorRecord *record, int token) {
    for (size_t i = 0; i < record->token_count; i++)
        if (record->tokens[i] == token)
            return true;
    return false;
}

void visor_record_add(VisorRecord *record, int token) {
    if (token == 0 || visor_record_has(record, token))
        return;
    if (record->token_count == VISOR_REQUESTS_MAX)
        memmove(record->tokens, record->tokens + 1, --record->token_count * sizeof *record->tokens);
    record->tokens[record->token_count++] = token;
}

int visor_record_last(const VisorRecord *record) {
    return record->token_count > 0 ? record->tokens[record->token_count - 1] : 0;
}

static json_t *list_requests(const VisorRecord *record) {
    json_t *list = json_array();
    for (size_t i = 0; i < record->token_count; i++)
        if (json_array_append_new(list, json_integer(record->tokens[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* "request" alone is what earlier versions knew. */
static void read_requests(const json_t *list, int last, VisorRecord *record) {
    const json_t *item;
    size_t i;
    json_array_foreach(list, i, item) {
        visor_record_add(record, (int)json_integer_value(item));
    }
    visor_record_add(record, last);
}

/* A text that was cut to fit may end in half a character, and that would be no JSON. */
int visor_record_write(int lock_fd, const VisorRecord *record) {
    char version[sizeof record->version], why[sizeof record->text], waits[sizeof record->waits];
    _cleanup_json_ json_t *root = json_pack(
        "{s:s, s:i, s:o, s:s, s:s, s:s}", "version", string_printable(version, sizeof version, record->version),
        "request", visor_record_last(record), "requests", list_requests(record), "outcome", NAMES[record->outcome],
        "text", string_printable(why, sizeof why, record->text), "waits",
        string_printable(waits, sizeof waits, record->waits));
    _cleanup_free_ char *text = root ? json_print(root, JSON_COMPACT) : NULL;
    return text ? lock_write_text(lock_fd, text) : -ENOMEM;
}

int visor_record_decode(const char *text, size_t length, VisorRecord *ret) {
    _cleanup_json_ json_t *root = NULL;
    const char *version, *outcome, *why, *waits = ""; /* earlier versions did not tell that they wait */
    VisorRecord record = {0};
    json_t *requests = NULL;
    int last = 0;

    *ret = (VisorRecord){0};
    int r = json_parse(text, length, JSON_REJECT_DUPLICATES, &root, NULL);
    if (r >= 0)
        r = json_take(
            root, "{s:s, s:i, s?:o, s:s, s:s, s?:s}", "version", &version, "request", &last, "requests", &requests,
            "outcome", &outcome, "text", &why, "waits", &waits);
    if (r < 0)
        return r;
    while (record.outcome < REEXEC_OUTCOME_COUNT && !streq(NAMES[record.outcome], outcome))
        record.outcome++;
    if (record.outcome == REEXEC_OUTCOME_COUNT)
        return -EBADMSG;
    read_requests(requests, last, &record);
    (void)string_printable(record.version, sizeof record.version, version);
    (void)string_printable(record.text, sizeof record.text, why);
    (void)string_printable(record.waits, sizeof record.waits, waits);
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
