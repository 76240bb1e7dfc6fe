/*
 * A whole asset, unpacked into a folder with tight limits. Whatever comes out is files and folders only, with the
 * modes and within the sizes that are promised, and the program is there.
 */
#include "fetch/discard.h"
#include "fetch/unpack.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define UNPACKED_BYTES_MAX (UINT64_C(1) << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t files, unpacked_bytes; /* of the last look */

static int look(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)path;
    (void)type;
    (void)place;
    mode_t mode = status->st_mode;
    if (mode != (S_IFREG | 0644) && mode != (S_IFREG | 0755) && mode != (S_IFDIR | 0755))
        abort();
    files += S_ISREG(mode);
    unpacked_bytes += S_ISREG(mode) ? (uint64_t)status->st_size : 0;
    return 0;
}

static void remove_folder(void);

/* Made once, in memory where that is possible; emptied after each input. */
static const char *folder(void) {
    static char path[64];
    if (!path[0]) {
        (void)snprintf(
            path, sizeof path, "%s/visor-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(path) || atexit(remove_folder) != 0)
            abort();
    }
    return path;
}

static void remove_folder(void) {
    (void)rmdir(folder());
}

static int asset(const uint8_t *data, size_t size) {
    int fd = memfd_create("asset", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    return fd;
}

static void check(const char *path, int r, const UnpackResult *result, const Failure *failure) {
    char program[4200];
    if (r < 0 && !failure->message[0])
        abort();
    if (r < 0)
        return;
    files = unpacked_bytes = 0;
    if (nftw(path, look, 16, FTW_PHYS) != 0)
        abort();
    (void)snprintf(program, sizeof program, "%s/%s", path, result->binary);
    if (files != result->files || unpacked_bytes != result->unpacked_bytes || unpacked_bytes > UNPACKED_BYTES_MAX ||
        access(program, X_OK) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int parent_fd = open(folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent_fd < 0 || mkdirat(parent_fd, "out", 0755) < 0)
        abort();
    int folder_fd = openat(parent_fd, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int asset_fd = asset(data, size);
    const UnpackRequest request = {
        .asset_fd = asset_fd,
        .folder_fd = folder_fd,
        .asset = "asset",
        .binary = "vega",
        .max_unpacked_bytes = UNPACKED_BYTES_MAX,
    };
    UnpackResult result;
    Failure failure = {0};
    char out[80];

    int r = unpack(&request, NULL, NULL, &result, &failure);
    (void)snprintf(out, sizeof out, "%s/out", folder());
    check(out, r, &result, &failure);
    (void)close(asset_fd);
    (void)close(folder_fd);
    if (discard_at(parent_fd, "out", &failure) < 0)
        abort();
    (void)close(parent_fd);
    return 0;
}
