#include "fetch/sandbox.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "fetch/landlock.h"
#include "fetch/seccomp.h"

#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    FIRST_CLOSED_FD = 3,
    KEEP_FDS_MAX = 16,
    RULES_MAX = 64,
    OPEN_FILES_MAX = 256,                 /* of the network stage: a dozen connections and their files */
    OPEN_FILES_WHILE_UNPACKING_MAX = 192, /* storage.h keeps 128 */
    UNPACK_CPU_SECONDS_MAX = 3600,        /* 8 GiB out of xz take three minutes */
};

/* xz with the greatest dictionary that its tool makes needs 700 MiB. */
#define UNPACK_MEMORY_BYTES_MAX (UINT64_C(1024) * 1024 * 1024)

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if SANITIZED
/* The leak checker works by ptrace when the program ends, and a sandboxed program may not: then it is to keep
 * still. That SIGXFSZ is ignored is what tells that sandbox_...() was here. Unit tests look for leaks without the
 * sandbox. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    struct sigaction action;
    return sigaction(SIGXFSZ, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}
#endif

/*
 * Where TLS and name resolution read, on Debian, Fedora, SUSE, Arch and Alpine. Of /etc only what is named: root
 * could read the passwords and private keys there. A file of it that is replaced meanwhile cannot be read until the
 * next run.
 */
static const char *const READABLE[] = {
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/ct_log_list.cnf",
    "/etc/pki/tls/openssl.cnf",
    "/etc/pki/tls/openssl.d",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/ssl/openssl.cnf.d",
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/usr/local/lib",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/pki",
    "/var/lib/ca-certificates",
    "/usr/share/zoneinfo",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/NetworkManager",
    "/run/connman",
    "/run/nscd",
    "/var/run/nscd",
    "/dev/null",
    "/dev/urandom",
    "/dev/random",
};

static void add_layer(SandboxReport *report, const char *layer) {
    if (report->layer_count < SANDBOX_LAYERS_MAX)
        report->layers[report->layer_count++] = layer;
}

static void add_missing(SandboxReport *report, const char *layer, const char *why) {
    if (report->missing_count < SANDBOX_LAYERS_MAX)
        (void)snprintf(report->missing[report->missing_count++], SANDBOX_TEXT_BYTES, "%s: %s", layer, why);
}

static void note(SandboxReport *report, const char *layer, int r) {
    if (r >= 0)
        add_layer(report, layer);
    else
        add_missing(
            report, layer,
            r == -ENOSYS       ? "the kernel has none"
            : r == -EOPNOTSUPP ? "it is switched off"
                               : strerror(-r));
}

/* Lowers a limit, the hard one too; one that is lower already stays. */
static int limit(__rlimit_resource_t resource, uint64_t most) {
    struct rlimit now;
    if (getrlimit(resource, &now) < 0)
        return negative_errno();
    if (now.rlim_max > most)
        now.rlim_max = most;
    if (now.rlim_cur > now.rlim_max)
        now.rlim_cur = now.rlim_max;
    return setrlimit(resource, &now) < 0 ? negative_errno() : 0;
}

/* A file that would grow beyond its limit is to be an error of write(2), not the end of the process. */
static int limit_files(uint64_t max_open, uint64_t max_file_bytes) {
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (sigaction(SIGXFSZ, &ignore, NULL) < 0)
        return negative_errno();
    int r = limit(RLIMIT_CORE, 0);
    if (r >= 0)
        r = limit(RLIMIT_NOFILE, max_open);
    return r < 0 ? r : limit(RLIMIT_FSIZE, max_file_bytes);
}

static int limit_unpacking(uint64_t max_file_bytes) {
    int r = limit_files(OPEN_FILES_WHILE_UNPACKING_MAX, max_file_bytes);
    if (r >= 0)
        r = limit(RLIMIT_NPROC, 0);
    if (r >= 0)
        r = limit(RLIMIT_CPU, UNPACK_CPU_SECONDS_MAX);
    if (r >= 0)
        r = limit(RLIMIT_MEMLOCK, 0);
    if (r >= 0 && !SANITIZED) /* the sanitizer's shadow takes terabytes of addresses */
        r = limit(RLIMIT_AS, UNPACK_MEMORY_BYTES_MAX);
    return r;
}

static int deny_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? negative_errno() : 0;
}

/* Of root's rights only those to files, which Landlock bounds: a home may belong to another user. The unpacker gets
 * them along; what it may do with files is bounded more narrowly still. */
static int drop_capabilities(void) {
    static const uint32_t KEPT = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH | 1U << CAP_FOWNER;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, sets) < 0)
        return negative_errno();
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        sets[i].permitted &= i == 0 ? KEPT : 0;
        sets[i].effective &= sets[i].permitted;
        sets[i].inheritable = 0;
    }
    return syscall(SYS_capset, &header, sets) < 0 ? negative_errno() : 0;
}

static int deny_privileges(void) {
    int r = deny_new_privileges(); /* first: the layers below need it */
    return r < 0 ? r : drop_capabilities();
}

static int compare_fds(const void *left, const void *right) {
    int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

static int close_between(int first, int last) {
    if (first > last)
        return 0;
    return syscall(SYS_close_range, first, last, 0) < 0 ? negative_errno() : 0;
}

/* Closes all from 3 up but @folder_fd and those of @keep_fds; negative ones are nothing to keep. */
static int close_others(int folder_fd, const int *keep_fds, size_t keep_fd_count) {
    int kept[KEEP_FDS_MAX + 1];
    size_t count = 0;
    int next = FIRST_CLOSED_FD;

    if (keep_fd_count > KEEP_FDS_MAX)
        return -E2BIG;
    kept[count++] = folder_fd;
    for (size_t i = 0; i < keep_fd_count; i++)
        kept[count++] = keep_fds[i];
    qsort(kept, count, sizeof *kept, compare_fds);
    for (size_t i = 0; i < count; i++) {
        if (kept[i] < next)
            continue;
        int r = close_between(next, kept[i] - 1);
        if (r < 0)
            return r;
        next = kept[i] + 1;
    }
    return close_between(next, INT32_MAX);
}

static void allow_reading(LandlockRule *rules, size_t *count, const char *path) {
    if (path && *path && *count < RULES_MAX)
        rules[(*count)++] = (LandlockRule){.path = path, .fd = -1, .use = LANDLOCK_USE_READ};
}

/* SSL_CERT_DIR is a list with colons, as OpenSSL takes it; openssl-env(7). @copy is what is cut into pieces. */
static void allow_certificates(LandlockRule *rules, size_t *count, char *copy) {
    char *rest = copy;
    allow_reading(rules, count, getenv("SSL_CERT_FILE"));
    for (const char *folder; rest && (folder = strsep(&rest, ":"));)
        allow_reading(rules, count, folder);
}

static int restrict_files(const SandboxRequest *request) {
    LandlockRule rules[RULES_MAX];
    const char *certificate_folders = getenv("SSL_CERT_DIR");
    _cleanup_free_ char *copy = certificate_folders ? strdup(certificate_folders) : NULL;
    size_t count = 0;

    if (request->writable_fd >= 0)
        rules[count++] = (LandlockRule){.fd = request->writable_fd, .use = LANDLOCK_USE_STAGE};
    for (size_t i = 0; i < sizeof READABLE / sizeof *READABLE; i++)
        allow_reading(rules, &count, READABLE[i]);
    for (size_t i = 0; request->readable && request->readable[i]; i++)
        allow_reading(rules, &count, request->readable[i]);
    allow_certificates(rules, &count, copy);
    return landlock_restrict(rules, count);
}

void sandbox_enter(const SandboxRequest *request, SandboxReport *ret) {
    *ret = (SandboxReport){0};
    note(ret, "no_new_privs", deny_privileges());
    note(ret, "rlimits", limit_files(OPEN_FILES_MAX, request->max_file_bytes));
    note(ret, "descriptors", close_others(request->writable_fd, NULL, 0));
    note(ret, "landlock", restrict_files(request));
    note(ret, "seccomp", seccomp_restrict(SECCOMP_STAGE_NETWORK)); /* last: it also denies making the others */
}

void sandbox_narrow(
    int folder_fd, const int *keep_fds, size_t keep_fd_count, uint64_t max_file_bytes, SandboxReport *ret) {
    const LandlockRule rule = {.fd = folder_fd, .use = LANDLOCK_USE_UNPACK};

    *ret = (SandboxReport){0};
    note(ret, "no_new_privs", deny_new_privileges());
    note(ret, "rlimits", limit_unpacking(max_file_bytes));
    note(ret, "descriptors", close_others(folder_fd, keep_fds, keep_fd_count));
    note(ret, "landlock", landlock_restrict(&rule, 1));
    note(ret, "seccomp", seccomp_restrict(SECCOMP_STAGE_UNPACK));
}
