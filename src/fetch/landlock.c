#include "fetch/landlock.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's interface, include/uapi/linux/landlock.h; the numbers of system calls are the same everywhere. */
enum {
    CALL_CREATE_RULESET = 444,
    CALL_ADD_RULE = 445,
    CALL_RESTRICT_SELF = 446,
    CREATE_VERSION = 1,
    RULE_PATH_BENEATH = 1,
    SCOPE_ABSTRACT_UNIX_SOCKET = 1,
    SCOPE_SIGNAL = 2,
    ABI_SCOPES = 6,
};

#define ACCESS_EXECUTE (UINT64_C(1) << 0)
#define ACCESS_WRITE_FILE (UINT64_C(1) << 1)
#define ACCESS_READ_FILE (UINT64_C(1) << 2)
#define ACCESS_READ_DIR (UINT64_C(1) << 3)
#define ACCESS_REMOVE_DIR (UINT64_C(1) << 4)
#define ACCESS_REMOVE_FILE (UINT64_C(1) << 5)
#define ACCESS_MAKE_DIR (UINT64_C(1) << 7)
#define ACCESS_MAKE_REG (UINT64_C(1) << 8)
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)
#define ACCESS_IOCTL_DEV (UINT64_C(1) << 15)

#define ACCESS_OF_FILES (ACCESS_EXECUTE | ACCESS_WRITE_FILE | ACCESS_READ_FILE | ACCESS_TRUNCATE | ACCESS_IOCTL_DEV)

/* How many of the rights, counted from the lowest bit, the kernel knows, by its ABI; the last is for all later
 * ones: their new rights are not ours to deny before we know them. */
static const uint8_t RIGHTS_BY_ABI[] = {0, 13, 14, 15, 15, 16};

struct ruleset_attributes {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; /* ABI 4; always 0 */
    uint64_t scoped;             /* ABI 6 */
};

struct path_beneath_attributes {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((__packed__));

static uint64_t known_rights(long abi) {
    size_t last = sizeof RIGHTS_BY_ABI / sizeof *RIGHTS_BY_ABI - 1;
    return (UINT64_C(1) << RIGHTS_BY_ABI[(size_t)abi < last ? (size_t)abi : last]) - 1;
}

static uint64_t rights_of(LandlockUse use) {
    uint64_t read = ACCESS_READ_FILE | ACCESS_READ_DIR;
    uint64_t make = ACCESS_WRITE_FILE | ACCESS_TRUNCATE | ACCESS_MAKE_DIR | ACCESS_MAKE_REG;
    switch (use) {
    case LANDLOCK_USE_READ:
        return read;
    case LANDLOCK_USE_STAGE:
        return read | make | ACCESS_REMOVE_DIR | ACCESS_REMOVE_FILE;
    case LANDLOCK_USE_UNPACK:
        return make | ACCESS_READ_DIR;
    }
    return 0;
}

static int add_rule(int ruleset_fd, const LandlockRule *rule, uint64_t known) {
    _cleanup_fd_ int opened_fd = rule->path ? open(rule->path, O_PATH | O_CLOEXEC) : -1;
    int fd = rule->path ? opened_fd : rule->fd;
    struct stat status;

    if (fd < 0)
        return rule->path ? 0 : -EBADF; /* not every machine has every folder */
    if (fstat(fd, &status) < 0)
        return negative_errno();
    struct path_beneath_attributes attributes = {
        .allowed_access = rights_of(rule->use) & known & (S_ISDIR(status.st_mode) ? UINT64_MAX : ACCESS_OF_FILES),
        .parent_fd = fd,
    };
    return syscall(CALL_ADD_RULE, ruleset_fd, RULE_PATH_BENEATH, &attributes, 0) < 0 ? negative_errno() : 0;
}

int landlock_restrict(const LandlockRule *rules, size_t count) {
    _cleanup_fd_ int ruleset_fd = -1;

    long abi = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_VERSION);
    if (abi <= 0)
        return abi < 0 ? negative_errno() : -ENOSYS;
    uint64_t known = known_rights(abi);
    /* A kernel that does not know the later members wants them to be 0, and they are. */
    struct ruleset_attributes attributes = {
        .handled_access_fs = known,
        .scoped = abi >= ABI_SCOPES ? SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL : 0,
    };
    ruleset_fd =
        (int)syscall(CALL_CREATE_RULESET, &attributes, sizeof attributes, 0); /* close-on-exec by definition */
    if (ruleset_fd < 0)
        return negative_errno();
    for (size_t i = 0; i < count; i++) {
        int r = add_rule(ruleset_fd, &rules[i], known);
        if (r < 0)
            return r;
    }
    return syscall(CALL_RESTRICT_SELF, ruleset_fd, 0) < 0 ? negative_errno() : 0;
}
