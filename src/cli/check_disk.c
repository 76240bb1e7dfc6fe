#include "base/cleanup.h"
#include "cli/check.h"
#include "home/release.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define MEBIBYTE UINT64_C(1048576)

enum { INODES_MIN = 1000 };

/* Room for the records of Visor itself, and to breathe. */
#define SPARE_BYTES (64 * MEBIBYTE)
#define LOW_BYTES (1024 * MEBIBYTE)

/* The asset, and beside it what is in it: not known before, so taken to be what runs now, or more. */
static uint64_t needed_bytes(const Check *check) {
    bool fetches =
        check->upgrade_fetched || (!check->upgrade && check->config && check->config->auto_install.enabled);
    if (!fetches)
        return SPARE_BYTES;
    uint64_t asset = check->asset_bytes > 0 ? check->asset_bytes : check->binary_bytes;
    uint64_t unpacked = check->binary_bytes > 2 * asset ? check->binary_bytes : 2 * asset;
    return asset + unpacked + unpacked / 10 + SPARE_BYTES;
}

static void check_space(Check *check, const char *path, uint64_t needed, const struct statvfs *status) {
    uint64_t free_bytes = (uint64_t)status->f_bavail * status->f_frsize;

    if (free_bytes < needed)
        findings_add(
            &check->findings, CHECK_DISK, check->upgrade ? FINDING_PROBLEM : FINDING_WARNING, path,
            "make room, or remove releases that are not needed any more",
            "%" PRIu64 " MiB are free, an upgrade needs about %" PRIu64 " MiB", free_bytes / MEBIBYTE,
            needed / MEBIBYTE);
    else if (free_bytes < LOW_BYTES)
        check_warning(
            check, CHECK_DISK, path, "make room before the node fills it", "only %" PRIu64 " MiB are free",
            free_bytes / MEBIBYTE);
    else
        check_ok(
            check, CHECK_DISK, path, "%" PRIu64 " MiB are free, an upgrade needs about %" PRIu64 " MiB",
            free_bytes / MEBIBYTE, needed / MEBIBYTE);
}

/* What is told of any file system: the home's, and the one that a release outside of the home comes to. */
static void check_file_system(Check *check, const char *path, uint64_t needed) {
    struct statvfs status;

    if (statvfs(path, &status) < 0) {
        check_warning(check, CHECK_DISK, path, NULL, "the free space cannot be told: %m");
        return;
    }
    if (status.f_flag & ST_RDONLY)
        check_problem(check, CHECK_DISK, path, "mount it read-write", "the file system is mounted read-only");
    if (status.f_flag & ST_NOEXEC)
        check_problem(
            check, CHECK_DISK, path, "mount it without noexec, or keep the binaries elsewhere",
            "the file system is mounted noexec: no binary can be run from it");
    if (status.f_files > 0 && status.f_favail < INODES_MIN) /* some file systems have no such limit and tell 0 */
        check_warning(
            check, CHECK_DISK, path, "remove files that are not needed any more", "only %llu files can be made",
            (unsigned long long)status.f_favail);
    check_space(check, path, needed, &status);
}

/* The folder that the one of the release lies in, or the nearest that is there: owned by the caller; NULL = in
 * none. */
static char *find_parent(const char *folder) {
    char *parent = strdup(folder);
    char *slash;

    while (parent && (slash = strrchr(parent, '/')) && slash != parent) {
        *slash = '\0';
        if (faccessat(AT_FDCWD, parent, F_OK, 0) == 0)
            return parent;
    }
    free(parent);
    return NULL;
}

/* A release is staged on the file system that it belongs to; NULL if that is the home's. */
static char *find_elsewhere(const Check *check) {
    _cleanup_free_ char *folder =
        check->upgrade_fetched ? release_folder(&check->home, check->config, check->upgrade) : NULL;
    _cleanup_free_ char *parent = folder ? find_parent(folder) : NULL;
    struct stat home, other;

    if (!parent || fstat(check->home.fd, &home) < 0 || stat(parent, &other) < 0 || home.st_dev == other.st_dev)
        return NULL;
    return TAKE_PTR(parent);
}

void check_disk(Check *check) {
    _cleanup_free_ char *elsewhere = find_elsewhere(check);

    check_file_system(check, check->home.path, elsewhere ? SPARE_BYTES : needed_bytes(check));
    if (elsewhere)
        check_file_system(check, elsewhere, needed_bytes(check));
}
