/* What the tests of configuration files share: a folder of their own, and findings as one text to compare. */
#pragma once

#include "tests/unit/test.h"

#include "base/cleanup.h"
#include "config/config.h"
#include "config/problems.h"
#include "config/run_config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Workspace {
    char folder[PATH_MAX - 64];
    char path[PATH_MAX]; /* of the file under test */
} Workspace;

static inline void workspace_open(Workspace *workspace, const char *name) {
    const char *parent = getenv("TMPDIR");
    (void)snprintf(workspace->folder, sizeof workspace->folder, "%s/visor-config.XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(workspace->folder));
    (void)snprintf(workspace->path, sizeof workspace->path, "%s/%s", workspace->folder, name);
}

/* The file may be a folder, a link, or missing. */
static inline void workspace_close(Workspace *workspace) {
    (void)remove(workspace->path);
    assert_int_equal(rmdir(workspace->folder), 0);
}

static inline void workspace_write(const Workspace *workspace, const char *text, size_t length) {
    int fd = open(workspace->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), length);
    assert_int_equal(close(fd), 0);
}

/* All findings, one a line: "error 2:5 what is wrong". Owned by the caller. */
static inline char *findings_text(const Problems *problems) {
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    for (size_t i = 0; i < problems->count; i++)
        (void)fprintf(
            stream, "%s %u:%u %s\n", problems->items[i].severity == PROBLEM_ERROR ? "error" : "warning",
            problems->items[i].line, problems->items[i].column, problems->items[i].text);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static inline void assert_findings(const Problems *problems, const char *expected) {
    char *text = findings_text(problems);
    assert_string_equal(text, expected);
    free(text);
}

/* Is there exactly one finding, with @fragment in its text? */
static inline void assert_one_finding(const Problems *problems, ProblemSeverity severity, const char *fragment) {
    char *text = findings_text(problems);
    if (problems->count != 1 || problems->items[0].severity != severity || !strstr(text, fragment))
        fail_msg("expected one finding with \"%s\", found:\n%s", fragment, text);
    free(text);
}

/* Reads @text as config.toml; the result must fit the findings. Owned by the caller; NULL if it was refused. */
static inline Config *load_config_bytes(const char *text, size_t length, Problems *problems) {
    Workspace workspace;
    Config *config = NULL;
    workspace_open(&workspace, "config.toml");
    workspace_write(&workspace, text, length);
    int r = config_load(workspace.path, &config, problems);
    workspace_close(&workspace);
    assert_int_equal(r, problems->error_count > 0 ? -EBADMSG : 0);
    assert_int_equal(config != NULL, r == 0);
    return config;
}

static inline Config *load_config(const char *text, Problems *problems) {
    return load_config_bytes(text, strlen(text), problems);
}

/* Reads @text as config.toml: exactly @expected must be found, "" if it is fine. */
static inline void assert_config_findings(const char *text, const char *expected) {
    _cleanup_problems_ Problems problems = {0};
    config_free(load_config(text, &problems));
    assert_findings(&problems, expected);
}
