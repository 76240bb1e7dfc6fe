#include "fetch/disk_space.h"

#include "base/strings.h"

#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#define MIB (UINT64_C(1024) * 1024)

/* A small part of the disk, so that a test's tiny one has it too. */
#define RESERVE_DIVISOR UINT64_C(64)
#define RESERVE_BYTES_MAX (256 * MIB)

/* Programs in Go and Rust shrink to a third or less; more would refuse where there is room. */
enum { UNPACKED_FACTOR = 3 };

int disk_space_check(int fd, uint64_t bytes, Failure *failure) {
    struct statvfs disk;
    if (fstatvfs(fd, &disk) < 0)
        return failure_set(failure, negative_errno(), "the free space of the disk cannot be told: %m");
    uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    uint64_t reserve_bytes = (uint64_t)disk.f_blocks * disk.f_frsize / RESERVE_DIVISOR;
    if (reserve_bytes > RESERVE_BYTES_MAX)
        reserve_bytes = RESERVE_BYTES_MAX;
    if (free_bytes >= reserve_bytes && free_bytes - reserve_bytes >= bytes)
        return 0;
    return failure_set(
        failure, -ENOSPC,
        "the disk of the home folder has %" PRIu64 " MiB free, but %" PRIu64 " MiB for the release and %" PRIu64
        " MiB for the node to go on are needed: make room",
        free_bytes / MIB, bytes / MIB + (bytes % MIB > 0), reserve_bytes / MIB);
}

uint64_t disk_space_unpacked_bytes(const char *asset, uint64_t bytes, uint64_t unpacked_bytes_max) {
    static const char *const ARCHIVES[] = {".zip", ".gz", ".tgz", ".xz", ".txz", ".zst", ".tar"};
    const char *suffix = strrchr(asset, '.');
    uint64_t factor = 1; /* a bare program */
    for (size_t i = 0; suffix && i < sizeof ARCHIVES / sizeof *ARCHIVES; i++)
        if (streq(suffix, ARCHIVES[i]))
            factor = UNPACKED_FACTOR;
    uint64_t unpacked_bytes = bytes > UINT64_MAX / factor ? UINT64_MAX : bytes * factor;
    return unpacked_bytes < unpacked_bytes_max ? unpacked_bytes : unpacked_bytes_max;
}
