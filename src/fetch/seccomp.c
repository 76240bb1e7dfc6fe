#include "fetch/seccomp.h"

#include "base/cleanup.h"

#include <asm/sockios.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * By name, since the libseccomp of the build machine may know more or less than the one here: what it does not know
 * is left out.
 */
static const char *const DENIED[] = {
    "execve",
    "execveat",
    "uselib",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "pidfd_getfd",
    "kcmp",
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "move_mount",
    "open_tree",
    "open_tree_attr",
    "mount_setattr",
    "setns",
    "unshare",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "fanotify_init",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "create_module",
    "reboot",
    "swapon",
    "swapoff",
    "iopl",
    "ioperm",
    "modify_ldt",
    "vm86",
    "vm86old",
    "syslog",
    "vhangup",
    "keyctl",
    "add_key",
    "request_key",
    "open_by_handle_at",
    "name_to_handle_at",
    "lookup_dcookie",
    "quotactl",
    "quotactl_fd",
    "acct",
    "sysfs",
    "_sysctl",
    "nfsservctl",
    "settimeofday",
    "clock_settime",
    "clock_settime64",
    "clock_adjtime",
    "clock_adjtime64",
    "adjtimex",
    "stime",
    "sethostname",
    "setdomainname",
    "setuid",
    "setuid32",
    "setgid",
    "setgid32",
    "setreuid",
    "setreuid32",
    "setregid",
    "setregid32",
    "setresuid",
    "setresuid32",
    "setresgid",
    "setresgid32",
    "setgroups",
    "setgroups32",
    "setfsuid",
    "setfsuid32",
    "setfsgid",
    "setfsgid32",
    "capset",
    "mknod",
    "mknodat",
    "symlink",
    "symlinkat",
    "link",
    "linkat",
    "chown",
    "chown32",
    "fchown",
    "fchown32",
    "lchown",
    "lchown32",
    "fchownat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "listen",
    "accept",
    "accept4",
    "migrate_pages",
    "move_pages",
    /* The node has the same owner, and nothing but this protects it before Landlock's ABI 6. */
    "kill",
    "tkill",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "pidfd_send_signal",
};

static const char *const DENIED_WHILE_UNPACKING[] = {
    "socket",     "socketpair", "socketcall",   "connect",         "bind",       "sendto",   "sendmsg", "sendmmsg",
    "recvfrom",   "recvmsg",    "recvmmsg",     "recvmmsg_time64", "setsockopt", "clone",    "fork",    "vfork",
    "pidfd_open", "rename",     "renameat",     "renameat2",       "unlink",     "unlinkat", "rmdir",   "truncate",
    "truncate64", "chmod",      "memfd_create", "memfd_secret",    "shmget",     "msgget",   "semget",  "mq_open",
};

/* Threads are made by clone too; only new namespaces are denied. */
static const uint64_t DENIED_CLONE_FLAGS[] = {
    CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET,
};

/* Names are resolved over UDP, TCP, and netlink (which addresses this machine has). nscd and systemd-resolved also
 * listen on local sockets, but so do the node, D-Bus and Docker, and libc does without the former. The families
 * above AF_NETLINK are denied by one rule, those below one by one. */
static const int DENIED_FAMILIES[] = {AF_UNIX, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15};

/* libcurl wakes itself over a pair of streams. One of datagrams could be connected to any local socket. */
static const int DENIED_PAIR_TYPES[] = {SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};

enum { SOCKET_TYPE_MASK = 0xf };

static const uint32_t REFUSED = SCMP_ACT_ERRNO(EPERM);

static void cleanup_filter(scmp_filter_ctx *filter) {
    if (*filter)
        seccomp_release(*filter);
}

static int deny(scmp_filter_ctx filter, uint32_t action, const char *name) {
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR)
        return 0;
    int r = seccomp_rule_add(filter, action, number, 0);
    return r == -EDOM ? 0 : r; /* another architecture's */
}

static int deny_all(scmp_filter_ctx filter, const char *const *names, size_t count) {
    int r = 0;
    for (size_t i = 0; r >= 0 && i < count; i++)
        r = deny(filter, REFUSED, names[i]);
    return r;
}

static int deny_if(scmp_filter_ctx filter, int number, struct scmp_arg_cmp condition) {
    int r = seccomp_rule_add_array(filter, REFUSED, number, 1, &condition);
    return r == -EDOM ? 0 : r;
}

/* The kernel looks at the lower half of an int only; so must the filter, or a bit in the upper half gets by. */
static struct scmp_arg_cmp masked(unsigned index, uint64_t mask, uint64_t value) {
    return (struct scmp_arg_cmp){.arg = index, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static struct scmp_arg_cmp equals(unsigned index, uint64_t value) {
    return masked(index, UINT32_MAX, value);
}

/* Here a bit in the upper half only makes it more different. */
static struct scmp_arg_cmp differs(unsigned index, uint64_t value) {
    return (struct scmp_arg_cmp){.arg = index, .op = SCMP_CMP_NE, .datum_a = value};
}

static struct scmp_arg_cmp is_above(unsigned index, uint64_t value) {
    return (struct scmp_arg_cmp){.arg = index, .op = SCMP_CMP_GT, .datum_a = value};
}

static struct scmp_arg_cmp has_flag(unsigned index, uint64_t flag) {
    return masked(index, flag, flag);
}

static int deny_families(scmp_filter_ctx filter) {
    int r = deny_if(filter, SCMP_SYS(socket), is_above(0, AF_NETLINK));
    for (size_t i = 0; r >= 0 && i < sizeof DENIED_FAMILIES / sizeof *DENIED_FAMILIES; i++)
        r = deny_if(filter, SCMP_SYS(socket), equals(0, (uint64_t)DENIED_FAMILIES[i]));
    for (size_t i = 0; r >= 0 && i < sizeof DENIED_PAIR_TYPES / sizeof *DENIED_PAIR_TYPES; i++)
        r = deny_if(filter, SCMP_SYS(socketpair), masked(1, SOCKET_TYPE_MASK, (uint64_t)DENIED_PAIR_TYPES[i]));
    const struct scmp_arg_cmp other_netlink[] = {equals(0, AF_NETLINK), differs(2, NETLINK_ROUTE)};
    return r < 0 ? r : seccomp_rule_add_array(filter, REFUSED, SCMP_SYS(socket), 2, other_netlink);
}

/* What else reaches another process of the same owner than the calls that are denied by name. */
static int deny_reaching_others(scmp_filter_ctx filter) {
    int r = deny_if(filter, SCMP_SYS(tgkill), differs(0, (uint64_t)getpid())); /* abort() signals its own */
    if (r >= 0)
        r = deny_if(filter, SCMP_SYS(prlimit64), differs(0, 0));
    if (r >= 0)
        r = deny_if(filter, SCMP_SYS(fcntl), equals(1, F_SETOWN));
    if (r >= 0)
        r = deny_if(filter, SCMP_SYS(fcntl), equals(1, F_SETOWN_EX));
    if (r >= 0)
        r = deny_if(filter, SCMP_SYS(ioctl), equals(1, FIOSETOWN));
    return r < 0 ? r : deny_if(filter, SCMP_SYS(ioctl), equals(1, SIOCSPGRP));
}

static int deny_by_argument(scmp_filter_ctx filter) {
    int r = 0;
    for (size_t i = 0; r >= 0 && i < sizeof DENIED_CLONE_FLAGS / sizeof *DENIED_CLONE_FLAGS; i++)
        r = deny_if(filter, SCMP_SYS(clone), has_flag(0, DENIED_CLONE_FLAGS[i]));
    /* Putting characters into the terminal's input is as good as typing them. */
    if (r >= 0)
        r = deny_if(filter, SCMP_SYS(ioctl), equals(1, TIOCSTI));
    if (r >= 0)
        r = deny_if(filter, SCMP_SYS(ioctl), equals(1, TIOCLINUX));
    /* Asking is allowed. */
    if (r >= 0)
        r = deny_if(filter, SCMP_SYS(personality), differs(0, UINT32_MAX));
    /* Its arguments lie in memory, where no filter sees them; libc falls back to clone. */
    return r < 0 ? r : deny(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3");
}

static int fill(scmp_filter_ctx filter, SeccompStage stage) {
    int r = deny_all(filter, DENIED, sizeof DENIED / sizeof *DENIED);
    if (r >= 0 && stage == SECCOMP_STAGE_UNPACK)
        r = deny_all(
            filter, DENIED_WHILE_UNPACKING, sizeof DENIED_WHILE_UNPACKING / sizeof *DENIED_WHILE_UNPACKING);
    if (r >= 0 && stage == SECCOMP_STAGE_NETWORK)
        r = deny_families(filter);
    if (r >= 0)
        r = deny_reaching_others(filter);
    return r < 0 ? r : deny_by_argument(filter);
}

int seccomp_restrict(SeccompStage stage) {
    _cleanup_(cleanup_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return -ENOMEM;
    /* Calls of other architectures (32-bit, x32) are not filtered one by one, so all of them are refused. */
    int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, REFUSED);
    if (r >= 0)
        r = fill(filter, stage);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree instead of a list, where it is known */
    return r < 0 ? r : seccomp_load(filter);
}
