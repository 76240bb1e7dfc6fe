/* `asset`: makes an asset of a release out of this executable. */
#include "sim/asset.h"
#include "sim/report.h"

#include <ctype.h>
#include <stdlib.h>

static int read_bytes(const char *text, uint64_t *ret) {
    char *end;
    *ret = 0;
    if (!text)
        return 0;
    errno = 0;
    *ret = strtoull(text, &end, 10);
    return errno == 0 && isdigit((unsigned char)*text) && *end == '\0' ? 0 : -EINVAL;
}

int command_asset(Program *program) {
    const Arguments *arguments = &program->arguments;
    AssetRequest request = {.version = arguments->version, .binary = arguments->binary};
    Failure failure = {0};

    int code = report_surplus(program, 1);
    if (code != 0)
        return code;
    if (!request.version || !request.binary || arguments->word_count == 0)
        return report_error(
            EXIT_CODE_USAGE, "expected: vega-sim asset --version VERSION --binary NAME [--bytes N] [--sums] FILE");
    request.path = arguments->words[0];
    if (read_bytes(arguments->bytes, &request.bytes) < 0)
        return report_error(EXIT_CODE_USAGE, "--bytes %s: no number of bytes", arguments->bytes);
    int r = asset_write(&request, &failure);
    if (r >= 0 && arguments->sums)
        r = asset_write_sum(request.path, &failure);
    return r < 0 ? report_error(r == -EINVAL ? EXIT_CODE_USAGE : EXIT_CODE_FAILED, "%s", failure.message) : 0;
}
