/* The answer to protocolupgrade.UpgradeStatus: refused in printable words, or within what the struct promises. */
#include "base/json.h"
#include "rpc/upgrade_status.h"
#include "tests/fuzz/input.h"

enum { ID = 7 };

/* The answer that @status stands for is read as the same again. */
static void check_again(const UpgradeStatus *status) {
    UpgradeStatus again;
    json_t *answer = json_pack(
        "{s:{s:{s:s, s:I}, s:b}, s:n, s:i}", "result", "AcceptedReleaseInfo", "VegaReleaseTag", status->tag,
        "UpgradeBlockHeight", (json_int_t)status->height_blocks, "ReadyToUpgrade", status->ready, "error", "id",
        ID);
    char *text = json_dumps(answer, JSON_COMPACT);
    json_decref(answer);
    if (!text) /* its tag was cut in the middle of a character: nothing that could be written */
        return;
    expect(upgrade_status_parse(text, strlen(text), ID, &again, NULL) == 0);
    expect(again.has_release == status->has_release && streq(again.tag, status->tag));
    expect(again.height_blocks == status->height_blocks && again.ready == status->ready);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = input_text(data, size);
    Failure failure = {0};
    UpgradeStatus status;

    int r = upgrade_status_parse(text, size, ID, &status, &failure);
    free(text);
    expect(r == 0 || r == -EBADMSG);
    if (r < 0) {
        expect(*failure.message);
        expect_printable(failure.message);
        return 0;
    }
    expect(memchr(status.tag, '\0', sizeof status.tag) != NULL);
    expect(status.has_release == (*status.tag != '\0'));
    expect(status.height_blocks <= INT64_MAX && (status.has_release || status.height_blocks == 0));
    check_again(&status);
    return 0;
}
