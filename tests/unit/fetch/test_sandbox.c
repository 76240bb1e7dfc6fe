#include "fetch/sandbox.h"

#include "tests/unit/fetch/sandboxed.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

static void enter(void) {
    const SandboxRequest request = {.writable_fd = inside_fd, .max_file_bytes = 4096};
    SandboxReport report;
    sandbox_enter(&request, &report);
    expect("as many layers as there are", report.layer_count + report.missing_count == SANDBOX_LAYERS_MAX);
    expect("only what the kernel lacks is missing", report.missing_count == (kernel_has_landlock() ? 0 : 1));
}

static void narrow(void) {
    int kept = fcntl(inside_fd, F_DUPFD_CLOEXEC, 40), other = fcntl(inside_fd, F_DUPFD_CLOEXEC, 60);
    int third = fcntl(inside_fd, F_DUPFD_CLOEXEC, 100);
    const int keep[] = {third, -1, kept};
    SandboxReport report;
    sandbox_narrow(inside_fd, keep, 3, 4096, &report);
    ALLOWED(fcntl(kept, F_GETFD));
    ALLOWED(fcntl(third, F_GETFD));
    DENIED(fcntl(other, F_GETFD), EBADF);
    expect("as many layers as there are", report.layer_count + report.missing_count == SANDBOX_LAYERS_MAX);
    expect("only what the kernel lacks is missing", report.missing_count == (kernel_has_landlock() ? 0 : 1));
}

static void other_layers_of_entering(void) {
    struct rlimit limit;
    char big[8192] = "";
    int other = fcntl(inside_fd, F_DUPFD_CLOEXEC, 60);
    const SandboxRequest request = {.writable_fd = inside_fd, .max_file_bytes = 4096};
    SandboxReport report;

    sandbox_enter(&request, &report);
    ALLOWED(fcntl(inside_fd, F_GETFD));
    ALLOWED(fcntl(STDERR_FILENO, F_GETFD));
    DENIED(fcntl(other, F_GETFD), EBADF);
    DENIED(fcntl(folder.fd, F_GETFD), EBADF);
    expect("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    expect("no core dump", getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
    expect("few files", getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max <= 256);
    DENIED(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP), EPERM); /* root's, and nobody's any more */
    int fd = create(inside_fd, "file");
    expect("up to the limit", write(fd, big, sizeof big) == 4096);
    DENIED(write(fd, big, 1), EFBIG); /* an error, not a signal */
    for (size_t i = 0; i < report.layer_count; i++)
        expect("a layer has a name", report.layers[i][0] != '\0');
}

static void test_entering(void **unused) {
    (void)unused;
    in_child(other_layers_of_entering);
}

static void enter_and_read(void) {
    char secret[512];
    (void)snprintf(secret, sizeof secret, "%s/outside/secret", folder.path);
    const char *const readable[] = {secret, "/there/is/none", NULL};
    const SandboxRequest request = {.writable_fd = -1, .readable = readable, .max_file_bytes = UINT64_MAX};
    SandboxReport report;
    sandbox_enter(&request, &report);
    ALLOWED(open(secret, O_RDONLY | O_CLOEXEC));
    ALLOWED(open("/etc/hosts", O_RDONLY | O_CLOEXEC));
    ALLOWED(open("/etc/ssl/certs", O_RDONLY | O_CLOEXEC));
    if (!kernel_has_landlock())
        return;
    DENIED(open("/etc/shadow", O_RDONLY | O_CLOEXEC), EACCES);
    DENIED(open("/etc/passwd", O_RDONLY | O_CLOEXEC), EACCES);
    DENIED(open("/etc/ssl/private", O_RDONLY | O_CLOEXEC), EACCES);
    DENIED(open(secret, O_RDWR | O_CLOEXEC), EACCES);
    DENIED(open(strcat(secret, "-not"), O_RDONLY | O_CLOEXEC), ENOENT);
    DENIED(open(folder.path, O_RDONLY | O_CLOEXEC | O_DIRECTORY), EACCES);
}

static void test_what_else_may_be_read(void **unused) {
    (void)unused;
    in_child(enter_and_read);
}

static void enter_and_look_for_certificates(void) {
    char folders[1100], secret[512];
    (void)snprintf(secret, sizeof secret, "%s/outside/secret", folder.path);
    (void)snprintf(folders, sizeof folders, "/there/is/none:%s/outside", folder.path);
    ALLOWED(setenv("SSL_CERT_DIR", folders, 1));
    enter();
    ALLOWED(open(secret, O_RDONLY | O_CLOEXEC));
}

static void test_certificates_of_the_environment(void **unused) {
    (void)unused;
    in_child(enter_and_look_for_certificates);
}

static void enter_then_narrow(void) {
    struct rlimit limit;
    enter();
    ALLOWED(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    narrow();
    DENIED(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), EPERM);
    DENIED(fork(), EPERM);
    if (kernel_has_landlock())
        DENIED(open("/etc/passwd", O_RDONLY | O_CLOEXEC), EACCES);
    ALLOWED(create(inside_fd, "file"));
    expect("no process", getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_max == 0);
    expect("processor time", getrlimit(RLIMIT_CPU, &limit) == 0 && limit.rlim_max <= 3600);
}

static void test_narrowing(void **unused) {
    (void)unused;
    in_child(enter_then_narrow);
    in_child(narrow);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sandbox_test(test_entering),
        sandbox_test(test_what_else_may_be_read),
        sandbox_test(test_certificates_of_the_environment),
        sandbox_test(test_narrowing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
