#include "home/binary.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* What this program itself is built for is what this machine runs. */
#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
#define MACHINE_NAME "x86-64 (amd64)"
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
#define MACHINE_NAME "aarch64 (arm64)"
#elif defined(__riscv)
enum { MACHINE = EM_RISCV };
#define MACHINE_NAME "RISC-V"
#else
#error "say here which ELF machine this architecture is"
#endif

static const char *machine_name(unsigned machine) {
    switch (machine) {
    case EM_X86_64:
        return "x86-64 (amd64)";
    case EM_AARCH64:
        return "aarch64 (arm64)";
    case EM_386:
        return "x86 (386)";
    case EM_ARM:
        return "arm";
    case EM_RISCV:
        return "RISC-V";
    default:
        return "another architecture";
    }
}

static bool lies_below(const char *path, const char *folder) {
    _cleanup_free_ char *resolved = realpath(path, NULL);
    const char *rest = resolved ? string_after(resolved, folder) : NULL;
    return rest && rest[0] == '/';
}

static int check_format(const char *path, int fd, Failure *failure) {
    union {
        unsigned char bytes[sizeof(Elf64_Ehdr)];
        Elf64_Ehdr elf;
    } head = {0};
    ssize_t count = pread(fd, &head, sizeof head, 0);

    if (count < 0)
        return failure_set(failure, negative_errno(), "cannot read %s: %m", path);
    if (count >= 2 && head.bytes[0] == '#' && head.bytes[1] == '!')
        return 0;
    if (count < (ssize_t)sizeof head || memcmp(head.elf.e_ident, ELFMAG, SELFMAG) != 0)
        return failure_set(
            failure, -ENOEXEC,
            "%s is no program: neither ELF nor a script with #!; is it still packed, or cut short?", path);
    if (head.elf.e_ident[EI_CLASS] != ELFCLASS64 || head.elf.e_machine != MACHINE)
        return failure_set(
            failure, -ENOEXEC, "%s is a program for %s, this machine is %s: put the right one there", path,
            machine_name(head.elf.e_machine), MACHINE_NAME);
    return 0;
}

/* Returns 0; 1 if x-bits are missing that may be set. */
static int look_executable(const char *path, const char *home_path, Failure *failure) {
    if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
        return 0;
    if (!lies_below(path, home_path))
        return failure_set(
            failure, -EACCES,
            "%s is not executable; it lies outside of the home, so visor leaves it alone: chmod +x it", path);
    return 1;
}

static int make_executable(const char *path, int fd, const struct stat *status, Failure *failure) {
    if (fchmod(fd, (status->st_mode & 07777) | 0111) < 0)
        return failure_set(failure, negative_errno(), "%s is not executable and cannot be made so: %m", path);
    if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
        return failure_set(
            failure, negative_errno(), "%s cannot be executed: %m; is it on a file system mounted noexec?", path);
    return 0;
}

/* It may be run but not read, as some install theirs: what it is, the kernel will say. */
static int check_unreadable(const char *path, BinaryCheck *ret, Failure *failure) {
    struct stat status;
    if (stat(path, &status) < 0)
        return failure_set(failure, negative_errno(), "cannot examine %s: %m", path);
    if (!S_ISREG(status.st_mode))
        return failure_set(failure, -EACCES, "%s is no regular file, but a program is expected there", path);
    *ret = (BinaryCheck){.identity = file_identity(&status)};
    return 0;
}

static int check(const char *path, const char *home_path, bool only_look, BinaryCheck *ret, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    struct stat status;
    int r;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == EACCES && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
        return check_unreadable(path, ret, failure);
    if (fd < 0)
        return failure_set(
            failure, negative_errno(),
            errno == ENOENT ? "the binary %s is missing: put it there" : "cannot open the binary %s: %m", path);
    if (fstat(fd, &status) < 0)
        return failure_set(failure, negative_errno(), "cannot examine %s: %m", path);
    if (!S_ISREG(status.st_mode))
        return failure_set(
            failure, -EACCES, "%s is a %s, but a program is expected there", path,
            S_ISDIR(status.st_mode) ? "folder" : "special file");
    r = check_format(path, fd, failure);
    if (r < 0)
        return r;
    r = look_executable(path, home_path, failure);
    bool lacks_bits = r > 0;
    if (lacks_bits && !only_look)
        r = make_executable(path, fd, &status, failure);
    if (r < 0)
        return r;
    if (fstat(fd, &status) < 0) /* again: chmod has changed it */
        return failure_set(failure, negative_errno(), "cannot examine %s: %m", path);
    *ret = (BinaryCheck){.identity = file_identity(&status), .made_executable = lacks_bits};
    return 0;
}

int binary_check(const char *path, const char *home_path, BinaryCheck *ret, Failure *failure) {
    return check(path, home_path, false, ret, failure);
}

int binary_look(const char *path, const char *home_path, BinaryCheck *ret, Failure *failure) {
    return check(path, home_path, true, ret, failure);
}
