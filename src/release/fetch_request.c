#include "release/fetch_request.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <ctype.h>
#include <string.h>

enum { SHA256_DIGITS = 64 };

/* Digests are compared as text, and tools that print them differ in letter case. */
static void read_pin(const Config *config, const char *tag, char (*ret)[SHA256_DIGITS + 1]) {
    const StringPairs *pins = &config->auto_install.asset_sha256;
    (*ret)[0] = '\0';
    for (size_t i = 0; i < pins->count; i++) {
        const char *digits = pins->items[i].value;
        if (!streq(pins->items[i].key, tag) || strlen(digits) != SHA256_DIGITS)
            continue;
        for (size_t j = 0; j <= SHA256_DIGITS; j++)
            (*ret)[j] = (char)tolower((unsigned char)digits[j]);
    }
}

int fetch_request_build(const Config *config, const char *tag, json_t **ret) {
    __auto_type settings = &config->auto_install;
    _cleanup_json_ json_t *root = json_object();
    char pin[SHA256_DIGITS + 1];
    int r = 0;

    read_pin(config, tag, &pin);
    struct {
        const char *key;
        json_t *value;
    } members[] = {
        {"tag", json_string(tag)},
        {"owner", json_string(settings->repository_owner)},
        {"repository", json_string(settings->repository)},
        {"asset", json_string(settings->asset_name)},
        {"binary", json_string(settings->asset_binary_name)},
        {"apiURL", json_string(settings->api_url)},
        {"downloadURL", json_string(settings->download_url)},
        {"tokenFile", json_string(settings->token_file)},
        {"verify", json_string(VERIFY_MODE_NAMES[settings->verify])},
        {"sha256", json_string(pin)},
        {"publicKey", json_string(settings->asset_public_key)},
        {"stallTimeoutSeconds", json_integer((json_int_t)settings->stall_timeout_seconds)},
        {"maxAssetBytes", json_integer((json_int_t)settings->max_asset_bytes)},
        {"maxUnpackedBytes", json_integer((json_int_t)settings->max_unpacked_bytes)},
    };
    /* Takes every value over, also when it fails. */
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_set_new(root, members[i].key, members[i].value) < 0)
            r = -ENOMEM;
    if (r >= 0)
        *ret = TAKE_PTR(root);
    return r;
}
