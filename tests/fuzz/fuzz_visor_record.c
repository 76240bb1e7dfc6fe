/* What HOME/.visor/lock tells of its Visor: nothing, or what is the same after it was written and read again. */
#include "home/visor_record.h"
#include "tests/fuzz/home.h"

static void check(const VisorRecord *record) {
    expect(
        memchr(record->version, '\0', sizeof record->version) && memchr(record->text, '\0', sizeof record->text));
    expect(memchr(record->waits, '\0', sizeof record->waits) && record->token_count <= VISOR_REQUESTS_MAX);
    expect(record->outcome < REEXEC_OUTCOME_COUNT);
}

static void check_written(const VisorRecord *record) {
    VisorRecord again;
    int fd = open(input_path(".visor/lock"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    expect(fd >= 0 && visor_record_write(fd, record) == 0 && close(fd) == 0);
    expect(visor_record_load(input_home(), &again) == 0);
    expect(streq(record->version, again.version) && streq(record->text, again.text));
    expect(streq(record->waits, again.waits) && record->outcome == again.outcome);
    expect(record->token_count == again.token_count);
    expect(memcmp(record->tokens, again.tokens, sizeof record->tokens) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    VisorRecord record;
    char *text = input_text(data, size);

    (void)input_home();
    int r = visor_record_decode(text, size, &record);
    free(text);
    expect(r == 0 || r == -EBADMSG);
    if (r == 0) {
        check(&record);
        check_written(&record);
    }
    input_write(".visor/lock", data, size);
    r = visor_record_load(input_home(), &record);
    if (r == 0)
        check(&record);
    return 0;
}
