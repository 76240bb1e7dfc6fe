#include "fetch/part.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    ABOUT_FORMAT = 1,
    ABOUT_BYTES_MAX = 64 * 1024,
    HASH_CHUNK_BYTES = 256 * 1024,
    WRITE_OUT_BYTES = 8 * 1024 * 1024, /* what one wait for the disk is for: short of a second on a slow one */
    SYNC_BYTES = 64 * 1024 * 1024,     /* what a lost power supply may cost */
};

static int write_error(const Part *part, int error, Failure *failure) {
    return failure_set(
        failure, error, "%s/" STAGING_PART " cannot be written: %s%s", part->staging->path, strerror(-error),
        error == -ENOSPC || error == -EDQUOT ? "; make room" : "");
}

/* --- asset.json ------------------------------------------------------------------------------------------------
 */

static int save_about(const Part *part, Failure *failure) {
    _cleanup_json_ json_t *about = NULL;
    _cleanup_free_ char *text = NULL;
    about = json_pack(
        "{s:i, s:s, s:s, s:o, s:s, s:I}", "format", ABOUT_FORMAT, "url", part->url, "validator", part->validator,
        "bytes", part->total_bytes == BYTES_UNKNOWN ? json_null() : json_integer((json_int_t)part->total_bytes),
        "boot", part->staging->boot_id, "syncedBytes", (json_int_t)part->synced_bytes);
    text = about ? json_dumps(about, JSON_INDENT(2)) : NULL;
    if (!text)
        return write_error(part, -ENOMEM, failure);
    int r = file_replace(part->staging->fd, STAGING_PART_ABOUT, text, strlen(text), 0600, failure);
    return r < 0 ? failure_prefix(failure, r, "in %s", part->staging->path) : 0;
}

/* Fills in what asset.json says if it is about the same URL, and how much of the file surely is as it says. */
static bool load_about(Part *part, uint64_t *ret_sure_bytes) {
    _cleanup_free_ char *path = string_format("%s/" STAGING_PART_ABOUT, part->staging->path);
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *about = NULL;
    const char *url, *validator, *boot_id;
    json_int_t synced_bytes;
    json_t *total;
    int format;
    size_t length;

    if (!path || file_read(path, ABOUT_BYTES_MAX, &text, &length, NULL) < 0)
        return false;
    about = json_loadb(text, length, 0, NULL);
    if (json_unpack(
            about, "{s:i, s:s, s:s, s:o, s:s, s:I}", "format", &format, "url", &url, "validator", &validator,
            "bytes", &total, "boot", &boot_id, "syncedBytes", &synced_bytes) < 0)
        return false;
    if (format != ABOUT_FORMAT || !streq(url, part->url) || strlen(validator) >= sizeof part->validator ||
        synced_bytes < 0 || (json_is_integer(total) && json_integer_value(total) < 0))
        return false;
    memcpy(part->validator, validator, strlen(validator) + 1);
    part->total_bytes = json_is_integer(total) ? (uint64_t)json_integer_value(total) : BYTES_UNKNOWN;
    part->synced_bytes = (uint64_t)synced_bytes;
    bool same_boot = *boot_id && streq(boot_id, part->staging->boot_id);
    *ret_sure_bytes = same_boot ? UINT64_MAX : (uint64_t)synced_bytes;
    return true;
}

/* --- what is there ---------------------------------------------------------------------------------------------
 */

static bool load_file(Part *part, uint64_t sure_bytes) {
    struct stat status;
    part->fd = openat(part->staging->fd, STAGING_PART, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (part->fd < 0 || fstat(part->fd, &status) < 0 || !S_ISREG(status.st_mode))
        return false;
    part->bytes = (uint64_t)status.st_size < sure_bytes ? (uint64_t)status.st_size : sure_bytes;
    if (part->bytes > part->total_bytes)
        return false;
    /* Without a validator nobody can tell whether the rest would be of the same file. */
    if (part->bytes < part->total_bytes && !*part->validator)
        return false;
    return ftruncate(part->fd, (off_t)part->bytes) == 0;
}

static void forget(Part *part) {
    part->fd = close_fd(part->fd);
    part->digest = digest_free(part->digest);
    part->validator[0] = '\0';
    part->bytes = part->written_out_bytes = part->synced_bytes = 0;
    part->total_bytes = BYTES_UNKNOWN;
}

int part_open(const Staging *staging, const char *url, Part *ret, Failure *failure) {
    uint64_t sure_bytes = 0;
    *ret = (Part){.staging = staging, .url = url, .total_bytes = BYTES_UNKNOWN, .fd = -1};
    if (!load_about(ret, &sure_bytes) || !load_file(ret, sure_bytes))
        forget(ret);
    ret->written_out_bytes = ret->bytes;
    return digest_new(&ret->digest) < 0 ? write_error(ret, -ENOMEM, failure) : 0;
}

void part_clear(Part *part) {
    part->fd = close_fd(part->fd);
    part->digest = digest_free(part->digest);
}

bool part_is_complete(const Part *part) {
    return part->fd >= 0 && part->bytes == part->total_bytes;
}

int part_hash(Part *part, Progress *progress, Failure *failure) {
    _cleanup_free_ char *chunk = malloc(HASH_CHUNK_BYTES);
    uint64_t done_bytes = 0;
    int r = chunk ? 0 : -ENOMEM;
    if (r >= 0 && part->fd >= 0 && lseek(part->fd, 0, SEEK_SET) < 0)
        r = negative_errno();
    while (r >= 0 && done_bytes < part->bytes) {
        ssize_t count = read(part->fd, chunk, HASH_CHUNK_BYTES);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            r = count < 0 ? negative_errno() : -EIO; /* nobody else writes to it: it cannot have become shorter */
            break;
        }
        done_bytes += (uint64_t)count;
        r = digest_update(part->digest, chunk, (size_t)count);
        if (r >= 0)
            r = progress_set(progress, PHASE_VERIFY, done_bytes, part->bytes);
    }
    if (r < 0)
        return failure_set(failure, r, "%s/" STAGING_PART " cannot be read: %s", part->staging->path, strerror(-r));
    return 0;
}

/* --- more ------------------------------------------------------------------------------------------------------
 */

int part_restart(Part *part, const char *validator, uint64_t total_bytes, Failure *failure) {
    part_discard(part);
    if (digest_new(&part->digest) < 0)
        return write_error(part, -ENOMEM, failure);
    part->fd = openat(part->staging->fd, STAGING_PART, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (part->fd < 0)
        return write_error(part, negative_errno(), failure);
    (void)strncpy(part->validator, validator, sizeof part->validator - 1);
    part->total_bytes = total_bytes;
    return save_about(part, failure); /* makes the new file's name durable too: an old one never meets it */
}

/* Writing to the disk begins early and is waited for in small pieces: the last fsync is short, and the heartbeat
 * never waits for more than a piece. A file system that cannot do it makes fsync do all of it. */
static void write_out(Part *part) {
    off_t begin = (off_t)part->written_out_bytes;
    (void)sync_file_range(part->fd, begin, (off_t)part->bytes - begin, SYNC_FILE_RANGE_WRITE);
    if (begin > 0) {
        off_t before = begin > WRITE_OUT_BYTES ? begin - WRITE_OUT_BYTES : 0;
        (void)sync_file_range(
            part->fd, before, begin - before,
            SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    }
    part->written_out_bytes = part->bytes;
}

int part_append(Part *part, const char *bytes, size_t length, Failure *failure) {
    int r = write_all(part->fd, bytes, length);
    if (r >= 0)
        r = digest_update(part->digest, bytes, length);
    if (r < 0)
        return write_error(part, r, failure);
    part->bytes += length;
    if (part->bytes - part->written_out_bytes >= WRITE_OUT_BYTES)
        write_out(part);
    return part->bytes - part->synced_bytes >= SYNC_BYTES ? part_sync(part, false, failure) : 0;
}

int part_sync(Part *part, bool complete, Failure *failure) {
    if (fsync(part->fd) < 0)
        return write_error(part, negative_errno(), failure);
    part->synced_bytes = part->bytes;
    if (complete)
        part->total_bytes = part->bytes;
    return save_about(part, failure);
}

void part_discard(Part *part) {
    forget(part);
    (void)unlinkat(part->staging->fd, STAGING_PART_ABOUT, 0);
    (void)unlinkat(part->staging->fd, STAGING_PART, 0);
}
