/* A folder of a test's own below TMPDIR, removed with all that is in it. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Folder {
    char path[256];
    int fd;
} Folder;

/** mkdtemp; ends the test program if that fails. */
static inline void folder_make(Folder *folder) {
    const char *given = getenv("TMPDIR");
    char *parent = realpath(given && *given ? given : "/tmp", NULL); /* without links, as visor prints paths */
    (void)snprintf(folder->path, sizeof folder->path, "%s/visor-test-XXXXXX", parent ? parent : "/tmp");
    free(parent);
    if (!mkdtemp(folder->path) || (folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        abort();
}

static inline int folder_remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static inline void folder_remove(Folder *folder) {
    (void)close(folder->fd);
    (void)nftw(folder->path, folder_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/** A file in the folder with this content and mode. */
static inline void
folder_write(const Folder *folder, const char *name, const void *content, size_t length, mode_t mode) {
    int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0 || write(fd, content, length) != (ssize_t)length || fchmod(fd, mode) < 0 || close(fd) < 0)
        abort();
}

static inline void folder_write_text(const Folder *folder, const char *name, const char *text, mode_t mode) {
    folder_write(folder, name, text, strlen(text), mode);
}

/** FOLDER/@name in a buffer that the next eight calls leave alone. */
static inline const char *folder_path(const Folder *folder, const char *name) {
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder->path, name);
    return path;
}
