#include "fetch/request.h"

#include "base/strings.h"
#include "fetch/url.h"

#include <ctype.h>
#include <string.h>

enum {
    NAME_BYTES_MAX = 127, /* tag, owner, repository */
    FILE_NAME_BYTES_MAX = 255,
    PATH_BYTES_MAX = 4095,
    BASE_URL_BYTES_MAX = 1023,
    STALL_TIMEOUT_SECONDS_MAX = 24 * 3600,
    PUBLIC_KEY_BYTES = 56, /* base64 of minisign's 42 bytes */
    QUOTE_BYTES = 161,
};

static const char *const POLICY_NAMES[] = {
#define X(policy, name) [policy] = (name),
    VERIFY_POLICIES(X)
#undef X
};

/* Its tag, owner and repository become parts of URLs and names of folders. */
static bool name_is_plain(const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length > NAME_BYTES_MAX || !isalnum((unsigned char)*name) || strstr(name, ".."))
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("._+-", *name))
            return false;
    return true;
}

/* As config.toml understands it: repositories may begin with a dot. */
static bool is_github_name(const char *name) {
    size_t length = strlen(name);
    return length > 0 && length <= NAME_BYTES_MAX && !streq(name, ".") && !streq(name, "..") &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

static bool text_is_printable(const char *text) {
    while (*text) {
        size_t length = printable_sequence_length(text);
        if (length == 0)
            return false;
        text += length;
    }
    return true;
}

static bool is_file_name(const char *name) {
    size_t length = strlen(name);
    return length > 0 && length <= FILE_NAME_BYTES_MAX && !strchr(name, '/') && !streq(name, ".") &&
           !streq(name, "..") && text_is_printable(name);
}

/* Empty, or a path that stays below the folder it is taken from. */
static bool is_inner_path(const char *path) {
    char part[FILE_NAME_BYTES_MAX + 1];
    if (!*path)
        return true;
    if (strlen(path) > PATH_BYTES_MAX)
        return false;
    for (;;) {
        size_t length = strcspn(path, "/");
        if (length > FILE_NAME_BYTES_MAX)
            return false;
        memcpy(part, path, length);
        part[length] = '\0';
        if (!is_file_name(part))
            return false;
        if (path[length] == '\0')
            return true;
        path += length + 1;
    }
}

static bool is_base_url(const char *text) {
    Url url;
    return strlen(text) <= BASE_URL_BYTES_MAX && !strchr(text, '?') && url_parse(text, &url, NULL) >= 0;
}

static bool is_absent_or_absolute(const char *path) {
    return !*path || (*path == '/' && strlen(path) <= PATH_BYTES_MAX);
}

static bool is_absent_or_digest(const char *digest) {
    return !*digest || (strlen(digest) == 64 && strspn(digest, "0123456789abcdefABCDEF") == 64);
}

static bool is_absent_or_public_key(const char *key) {
    return !*key || (strlen(key) == PUBLIC_KEY_BYTES && string_after(key, "RW"));
}

/* member of the JSON, of Request, its check, what is expected */
#define STRING_MEMBERS(X)                                                                                          \
    X("tag", tag, name_is_plain, "a plain version name like \"v0.80.0\"")                                          \
    X("owner", owner, is_github_name, "the owner of a repository")                                                 \
    X("repository", repository, is_github_name, "the name of a repository")                                        \
    X("asset", asset, is_file_name, "the name of a file (autoInstall.asset.name)")                                 \
    X("binary", binary, is_inner_path, "a path inside the archive (autoInstall.asset.binaryName)")                 \
    X("apiURL", api_url, is_base_url, "a URL with https://, http:// or file:// (autoInstall.apiURL)")              \
    X("downloadURL", download_url, is_base_url,                                                                    \
      "a URL with https://, http:// or file:// "                                                                   \
      "(autoInstall.downloadURL)")                                                                                 \
    X("tokenFile", token_file, is_absent_or_absolute, "an absolute path or \"\" (autoInstall.tokenFile)")          \
    X("sha256", sha256, is_absent_or_digest, "64 hexadecimal digits or \"\" (autoInstall.asset.sha256)")           \
    X("publicKey", public_key, is_absent_or_public_key,                                                            \
      "a minisign public key, \"RW...\" with 56 characters, "                                                      \
      "or \"\" (autoInstall.asset.publicKey)")

/* member of the JSON, of Request, its most */
#define NUMBER_MEMBERS(X)                                                                                          \
    X("stallTimeoutSeconds", stall_timeout_seconds, STALL_TIMEOUT_SECONDS_MAX)                                     \
    X("maxAssetBytes", asset_bytes_max, INT64_MAX)                                                                 \
    X("maxUnpackedBytes", unpacked_bytes_max, INT64_MAX)

typedef struct StringMember {
    const char *key;
    size_t offset_bytes;
    bool (*fits)(const char *value);
    const char *expected;
} StringMember;

typedef struct NumberMember {
    const char *key;
    size_t offset_bytes;
    int64_t most;
} NumberMember;

static const StringMember STRINGS[] = {
#define X(key, member, fits, expected) {key, offsetof(Request, member), fits, expected},
    STRING_MEMBERS(X)
#undef X
};

static const NumberMember NUMBERS[] = {
#define X(key, member, most) {key, offsetof(Request, member), most},
    NUMBER_MEMBERS(X)
#undef X
};

enum {
    STRING_COUNT = sizeof STRINGS / sizeof *STRINGS,
    NUMBER_COUNT = sizeof NUMBERS / sizeof *NUMBERS,
    MEMBER_COUNT = STRING_COUNT + NUMBER_COUNT + 1, /* and "verify" */
};

static int refuse(const char *key, const char *expected, Failure *failure) {
    return failure_set(failure, -EINVAL, "the request's \"%s\" should be %s", key, expected);
}

static int read_string(Request *request, const StringMember *member, Failure *failure) {
    const char *value = json_string_value(json_object_get(request->json, member->key));
    Url url;
    if (value && member->fits == is_base_url && url_parse(value, &url, failure) < 0)
        return failure_prefix(failure, -EINVAL, "the request's \"%s\"", member->key);
    if (!value || !member->fits(value))
        return refuse(member->key, member->expected, failure);
    *(const char **)(void *)((char *)request + member->offset_bytes) = value;
    return 0;
}

static int read_number(Request *request, const NumberMember *member, Failure *failure) {
    json_t *value = json_object_get(request->json, member->key);
    if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > member->most)
        return refuse(member->key, "a whole number above 0 and within its limit", failure);
    *(uint64_t *)(void *)((char *)request + member->offset_bytes) = (uint64_t)json_integer_value(value);
    return 0;
}

static int read_policy(Request *request, Failure *failure) {
    const char *value = json_string_value(json_object_get(request->json, "verify"));
    for (size_t i = 0; value && i < sizeof POLICY_NAMES / sizeof *POLICY_NAMES; i++) {
        if (streq(value, POLICY_NAMES[i])) {
            request->verify = (VerifyPolicy)i;
            return 0;
        }
    }
    return refuse("verify", "\"prefer\", \"require\" or \"off\" (autoInstall.verify)", failure);
}

static bool is_known(const char *key) {
    for (size_t i = 0; i < STRING_COUNT; i++)
        if (streq(key, STRINGS[i].key))
            return true;
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        if (streq(key, NUMBERS[i].key))
            return true;
    return streq(key, "verify");
}

static int refuse_unknown(json_t *json, Failure *failure) {
    char quote[QUOTE_BYTES];
    const char *key;
    json_t *value;
    if (json_object_size(json) <= MEMBER_COUNT)
        return 0; /* each known one was there, so these are all */
    json_object_foreach(json, key, value) {
        if (!is_known(key))
            return failure_set(
                failure, -EINVAL, "the request has an unknown member \"%s\"",
                string_printable(quote, sizeof quote, key));
    }
    return 0;
}

static int read_members(Request *request, Failure *failure) {
    int r = 0;
    for (size_t i = 0; i < STRING_COUNT && r >= 0; i++)
        r = read_string(request, &STRINGS[i], failure);
    for (size_t i = 0; i < NUMBER_COUNT && r >= 0; i++)
        r = read_number(request, &NUMBERS[i], failure);
    if (r >= 0)
        r = read_policy(request, failure);
    return r < 0 ? r : refuse_unknown(request->json, failure);
}

int request_parse(const char *text, Request *ret, Failure *failure) {
    Request request = {0};
    json_error_t error;

    *ret = (Request){0};
    if (strlen(text) > REQUEST_BYTES_MAX)
        return failure_set(failure, -EINVAL, "the request is longer than %d bytes", REQUEST_BYTES_MAX);
    request.json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(request.json)) {
        request_clear(&request);
        return failure_set(failure, -EINVAL, "the request is no JSON object: %s", error.text);
    }
    int r = read_members(&request, failure);
    if (r < 0) {
        request_clear(&request);
        return r;
    }
    *ret = request;
    return 0;
}

void request_clear(Request *request) {
    json_decref(request->json);
    *request = (Request){0};
}
