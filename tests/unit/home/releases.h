/* Release folders as Visor, its helper and operators make them. */
#pragma once

#include "base/cleanup.h"
#include "base/files.h"
#include "base/json.h"
#include "base/strings.h"
#include "home/marker.h"
#include "home/staging.h"
#include "tests/unit/home/elsewhere.h"
#include "tests/unit/home/home.h"

#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define RUN_CONFIG                                                                                                 \
    "# mine\nname = 'v1.0.0'\n[vega.binary]\npath = 'vega'\nargs = ['start']\n[vega.rpc]\nsocketPath = '/s'\n"
#define SCRIPT "#!/bin/sh\nexit 0\n" /* the smallest program */

/* Writes PARENT/NAME, making one folder if NAME has a slash. */
static inline void write_file(const char *parent, const char *name, const char *text, mode_t mode) {
    char path[1024], subfolder[1024];
    (void)snprintf(path, sizeof path, "%s/%s", parent, name);
    (void)snprintf(subfolder, sizeof subfolder, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (mkdir(subfolder, 0755) < 0 && errno != EEXIST)
        fail_msg("cannot make %s: %m", subfolder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fchmod(fd, mode) < 0 || close(fd) < 0)
        fail_msg("cannot write %s: %m", path);
}

static inline bool exists(const char *parent, const char *name) {
    char path[1024];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/%s", parent, name);
    return lstat(path, &status) == 0;
}

/* Owned by the caller. */
static inline char *read_file(const char *parent, const char *name) {
    _cleanup_free_ char *path = string_format("%s/%s", parent, name);
    char *text = NULL;
    size_t length = 0;
    if (file_read(path, 1 << 20, &text, &length, NULL) < 0)
        fail_msg("cannot read %s", path);
    return text;
}

static inline void check_content(const char *parent, const char *name, const char *expected) {
    _cleanup_free_ char *text = read_file(parent, name);
    assert_string_equal(text, expected);
}

/* As Visor asks its helper. Owned by the caller. */
static inline json_t *make_request(const char *binary) {
    return json_pack("{s:s, s:s, s:s}", "tag", "v2.0.0", "asset", "vega.zip", "binary", binary);
}

/* What the helper leaves when it is done, for the request with the binary "bin/vega", in the folder @staging. */
static inline void stage(const char *staging) {
    _cleanup_free_ char *release = string_format("%s/" STAGED_FOLDER, staging);
    assert_int_equal(mkdir(release, 0755), 0);
    write_file(release, "bin/vega", SCRIPT, 0755);
    write_file(release, "README", "read me\n", 0644);
    write_file(
        staging, STAGED_FILE,
        "{\"format\":1,\"request\":{\"tag\":\"v2.0.0\",\"asset\":\"vega.zip\",\"binary\":\"bin/vega\"},"
        "\"asset\":\"vega.zip\",\"url\":\"https://host/vega.zip\",\"sha256\":\"" SHA256
        "\",\"bytes\":7,"
        "\"verified\":[\"the digest that the API tells\"],\"files\":2,\"unpackedBytes\":25}",
        0600);
}

/* A complete staged release of v2.0.0 for @release_folder. */
static inline Staged *stage_for(const char *release_folder) {
    Failure failure = {0};
    _cleanup_free_ char *staging = NULL;
    _cleanup_json_ json_t *request = make_request("bin/vega");
    Staged *staged = NULL;
    write_file(folder.path, "old-run-config.toml", RUN_CONFIG, 0600);
    if (staging_locate(&home, release_folder, "v2.0.0", &staging, &failure) < 0)
        fail_msg("%s", failure.message);
    stage(staging);
    if (staging_read(staging, request, &staged, &failure) != 0 ||
        staging_compose(staged, folder_path(&folder, "old-run-config.toml"), "v2.0.0", &failure) < 0)
        fail_msg("%s", failure.message);
    return staged;
}

static inline void check_says(const Failure *failure, const char *said) {
    if (!strstr(failure->message, said))
        fail_msg("'%s' does not say '%s'", failure->message, said);
}
