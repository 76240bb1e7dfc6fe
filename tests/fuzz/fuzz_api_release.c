/* Whatever an API answers is read or refused; what was read survives being remembered in api.json. */
#include "fetch/api_release.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_remembered(const ApiRelease *release) {
    json_t *json = api_release_encode(release);
    char *text = json_dumps(json, JSON_COMPACT);
    ApiRelease again;
    if (!text || api_release_parse(text, strlen(text), &again, NULL) != 0 || again.count != release->count)
        abort();
    for (size_t i = 0; i < again.count; i++)
        if (strcmp(again.assets[i].name, release->assets[i].name) != 0 ||
            again.assets[i].bytes != release->assets[i].bytes)
            abort();
    api_release_clear(&again);
    free(text);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ApiRelease release;
    Failure failure = {0};
    char names[128];
    int r = api_release_parse((const char *)data, size, &release, &failure);
    if (r < 0 && (release.count > 0 || !*failure.message))
        abort();
    if (r >= 0)
        check_remembered(&release);
    if (strlen(api_release_names(&release, names, sizeof names)) >= sizeof names)
        abort();
    api_release_clear(&release);
    return 0;
}
