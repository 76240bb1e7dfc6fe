#include "fetch/seccomp.h"

#include "tests/unit/fetch/sandboxed.h"

#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>

static void *do_nothing(void *argument) {
    return argument;
}

static int run_thread(void) {
    pthread_t thread;
    errno = pthread_create(&thread, NULL, do_nothing, NULL);
    return errno != 0 ? -1 : -pthread_join(thread, NULL);
}

static long bare(long number) {
    return syscall(number, 0, 0, 0, 0, 0, 0);
}

static void common_denials(void) {
    char program[] = "/bin/true";
    char *const argv[] = {program, NULL};
    DENIED(execv(program, argv), EPERM);
    DENIED(syscall(SYS_execveat, AT_FDCWD, program, argv, NULL, 0), EPERM);
    DENIED(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM);
    DENIED(bare(SYS_process_vm_readv), EPERM);
    DENIED(bare(SYS_process_vm_writev), EPERM);
    DENIED(bare(SYS_mount), EPERM);
    DENIED(bare(SYS_umount2), EPERM);
    DENIED(bare(SYS_pivot_root), EPERM);
    DENIED(bare(SYS_chroot), EPERM);
    DENIED(bare(SYS_setns), EPERM);
    DENIED(bare(SYS_unshare), EPERM);
    DENIED(bare(SYS_bpf), EPERM);
    DENIED(bare(SYS_perf_event_open), EPERM);
    DENIED(bare(SYS_kexec_load), EPERM);
    DENIED(bare(SYS_init_module), EPERM);
    DENIED(bare(SYS_finit_module), EPERM);
    DENIED(bare(SYS_delete_module), EPERM);
    DENIED(bare(SYS_reboot), EPERM);
    DENIED(bare(SYS_swapon), EPERM);
    DENIED(bare(SYS_keyctl), EPERM);
    DENIED(bare(SYS_add_key), EPERM);
    DENIED(bare(SYS_request_key), EPERM);
    DENIED(bare(SYS_userfaultfd), EPERM);
    DENIED(bare(SYS_io_uring_setup), EPERM);
    DENIED(bare(SYS_io_uring_enter), EPERM);
    DENIED(bare(SYS_io_uring_register), EPERM);
    DENIED(bare(SYS_open_by_handle_at), EPERM);
    DENIED(bare(SYS_name_to_handle_at), EPERM);
    DENIED(bare(SYS_quotactl), EPERM);
    DENIED(bare(SYS_acct), EPERM);
    DENIED(bare(SYS_setuid), EPERM);
    DENIED(bare(SYS_setresgid), EPERM);
    DENIED(bare(SYS_setgroups), EPERM);
    DENIED(bare(SYS_capset), EPERM);
    DENIED(bare(SYS_fsopen), EPERM);
    DENIED(bare(SYS_move_mount), EPERM);
    DENIED(syscall(SYS_personality, 0x0040000UL), EPERM); /* ADDR_NO_RANDOMIZE */
    ALLOWED(syscall(SYS_personality, 0xffffffffUL));
    DENIED(symlinkat("/etc/passwd", inside_fd, "link"), EPERM);
    DENIED(linkat(folder.fd, "outside/secret", inside_fd, "link", 0), EPERM);
    DENIED(mknodat(inside_fd, "fifo", S_IFIFO | 0600, 0), EPERM);
    DENIED(ioctl(STDIN_FILENO, TIOCSTI, "x"), EPERM);
    DENIED(bare(SYS_accept4), EPERM);
    DENIED(bare(SYS_listen), EPERM);
    DENIED(bare(SYS_clone3), ENOSYS);
    DENIED(syscall(SYS_prlimit64, getppid(), RLIMIT_CPU, NULL, NULL), EPERM);
    ALLOWED(syscall(SYS_prlimit64, 0, RLIMIT_CPU, NULL, NULL));
    DENIED(fcntl(inside_fd, F_SETOWN, getppid()), EPERM);
    DENIED(fcntl(inside_fd, F_SETOWN_EX, NULL), EPERM);
    DENIED(bare(SYS_pidfd_send_signal), EPERM);
    ALLOWED(create(inside_fd, "file"));
#ifdef __x86_64__
    DENIED(syscall(0x40000000L + SYS_getpid), EPERM); /* x32, where the numbers are others */
#endif
}

static void network_filter(void) {
    int pair[2];
    no_new_privileges();
    expect("filtered", seccomp_restrict(SECCOMP_STAGE_NETWORK) == 0);
    common_denials();
    DENIED(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), EPERM);
    DENIED(syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0), EPERM);
    ALLOWED(run_thread());
    ALLOWED(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ALLOWED(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ALLOWED(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    DENIED(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER), EPERM);
    ALLOWED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)); /* libcurl wakes itself by one */
    DENIED(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), EPERM);     /* the node's admin socket, D-Bus, Docker */
    DENIED(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), EPERM);
    DENIED(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), EPERM); /* could be connected elsewhere */
    DENIED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), EPERM);
    DENIED(kill(getppid(), 0), EPERM);
    DENIED(kill(-1, 0), EPERM);
    DENIED(syscall(SYS_tkill, getppid(), 0), EPERM);
    DENIED(syscall(SYS_tgkill, getppid(), getppid(), 0), EPERM);
    ALLOWED(syscall(SYS_tgkill, getpid(), getpid(), 0)); /* abort() */
    DENIED(bare(SYS_rt_sigqueueinfo), EPERM);
    DENIED(bare(SYS_pidfd_send_signal), EPERM);
    DENIED(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), EPERM);
    DENIED(socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), EPERM);
    DENIED(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0), EPERM);
    DENIED(socket(AF_APPLETALK, SOCK_DGRAM | SOCK_CLOEXEC, 0), EPERM);
    DENIED(syscall(SYS_socket, (1UL << 32) + AF_APPLETALK, SOCK_DGRAM, 0), EPERM); /* the kernel sees an int */
    ALLOWED(renameat(inside_fd, "file", inside_fd, "other"));
    ALLOWED(unlinkat(inside_fd, "other", 0));
    pid_t pid = fork(); /* the one that unpacks */
    if (pid == 0)
        _exit(0);
    expect("fork", pid > 0 && waitpid(pid, NULL, 0) == pid);
}

static void test_seccomp_of_the_network_stage(void **unused) {
    (void)unused;
    in_child(network_filter);
}

static void unpack_filter(void) {
    int pair[2];
    no_new_privileges();
    expect("filtered", seccomp_restrict(SECCOMP_STAGE_UNPACK) == 0);
    common_denials();
    DENIED(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), EPERM);
    DENIED(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), EPERM);
    DENIED(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), EPERM);
    DENIED(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0), EPERM);
    DENIED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), EPERM);
    DENIED(bare(SYS_connect), EPERM);
    DENIED(bare(SYS_bind), EPERM);
    DENIED(bare(SYS_sendto), EPERM);
    DENIED(bare(SYS_sendmsg), EPERM);
    DENIED(bare(SYS_recvfrom), EPERM);
    DENIED(fork(), EPERM);
    DENIED(run_thread(), EPERM);
    DENIED(kill(getppid(), 0), EPERM);
    DENIED(syscall(SYS_tgkill, getppid(), getppid(), 0), EPERM);
    ALLOWED(syscall(SYS_tgkill, getpid(), getpid(), 0));
    DENIED(bare(SYS_pidfd_open), EPERM);
    DENIED(renameat(inside_fd, "file", inside_fd, "other"), EPERM);
    DENIED(unlinkat(inside_fd, "file", 0), EPERM);
    DENIED(bare(SYS_memfd_create), EPERM);
    ALLOWED(mkdirat(inside_fd, "new", 0755));
}

static void test_seccomp_of_the_unpacker(void **unused) {
    (void)unused;
    in_child(unpack_filter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sandbox_test(test_seccomp_of_the_network_stage),
        sandbox_test(test_seccomp_of_the_unpacker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
