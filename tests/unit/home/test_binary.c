#include "home/binary.h"

#include "tests/unit/home/home.h"

#include <elf.h>

static char own_program[4096]; /* the head of this test itself: surely of this machine */

static void write_program(const char *name, unsigned char elf_class, unsigned machine, mode_t mode) {
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, own_program, sizeof own_program), sizeof own_program);
    (void)close(fd);
    Elf64_Ehdr head;
    memcpy(&head, own_program, sizeof head);
    if (elf_class)
        head.e_ident[EI_CLASS] = elf_class;
    if (machine)
        head.e_machine = (Elf64_Half)machine;
    memcpy(own_program, &head, sizeof head);
    folder_write(&folder, name, own_program, sizeof own_program, mode);
}

static void check(const char *name, int expected, const char *said, bool made_executable) {
    BinaryCheck result = {0};
    Failure failure = {0};
    int r = binary_check(folder_path(&folder, name), home.path, &result, &failure);
    if (r != expected || !strstr(failure.message, said))
        fail_msg("%s: %d, %s", name, r, failure.message);
    assert_int_equal(result.made_executable, made_executable);
}

static void test_programs(void **unused) {
    (void)unused;
    write_program("vega", 0, 0, 0755);
    check("vega", 0, "", false);
    folder_write_text(&folder, "script", "#!/bin/sh\nexit 0\n", 0755);
    check("script", 0, "", false);
    assert_int_equal(symlinkat("vega", folder.fd, "link"), 0);
    check("link", 0, "", false);
}

static void test_identity_is_that_after_chmod(void **unused) {
    (void)unused;
    struct stat status;
    BinaryCheck result = {0};
    Failure failure = {0};
    write_program("vega", 0, 0, 0640);
    assert_int_equal(binary_check(folder_path(&folder, "vega"), home.path, &result, &failure), 0);
    assert_true(result.made_executable);
    assert_int_equal(fstatat(folder.fd, "vega", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0751); /* a+x, and nothing else */
    FileIdentity now = file_identity(&status);
    assert_true(file_identity_equal(&result.identity, &now));
    check("vega", 0, "", false); /* once */
}

static void test_a_look_changes_nothing(void **unused) {
    (void)unused;
    struct stat before, after;
    BinaryCheck result = {0};
    Failure failure = {0};
    write_program("vega", 0, 0, 0640);
    assert_int_equal(fstatat(folder.fd, "vega", &before, 0), 0);
    assert_int_equal(binary_look(folder_path(&folder, "vega"), home.path, &result, &failure), 0);
    assert_true(result.made_executable); /* it would be */
    assert_int_equal(fstatat(folder.fd, "vega", &after, 0), 0);
    assert_int_equal(after.st_mode & 07777, 0640);
    assert_memory_equal(&before.st_ctim, &after.st_ctim, sizeof before.st_ctim);
    FileIdentity identity = file_identity(&after);
    assert_true(file_identity_equal(&result.identity, &identity));

    check("vega", 0, "", true);
    assert_int_equal(binary_look(folder_path(&folder, "vega"), home.path, &result, &failure), 0);
    assert_false(result.made_executable);
    assert_int_equal(binary_look(folder_path(&folder, "none"), home.path, &result, &failure), -ENOENT);
}

static void test_wrong_machines(void **unused) {
    (void)unused;
#if defined(__x86_64__)
    write_program("other", 0, EM_AARCH64, 0755);
    check("other", -ENOEXEC, "arm64", false);
#else
    write_program("other", 0, EM_X86_64, 0755);
    check("other", -ENOEXEC, "amd64", false);
#endif
    write_program("other", ELFCLASS32, EM_386, 0755);
    check("other", -ENOEXEC, "386", false);
    write_program("other", 0, EM_S390, 0755);
    check("other", -ENOEXEC, "another architecture", false);
}

static void test_no_programs(void **unused) {
    (void)unused;
    folder_write_text(&folder, "empty", "", 0755);
    check("empty", -ENOEXEC, "empty is no program", false);
    folder_write_text(&folder, "text", "MZ this is no program at all, whatever one may think of it, really", 0755);
    check("text", -ENOEXEC, "no program", false);
    folder_write_text(&folder, "zip", "PK\x03\x04", 0644);
    check("zip", -ENOEXEC, "packed", false);
    folder_write(&folder, "cut", "\177ELF\2\1", 6, 0755);
    check("cut", -ENOEXEC, "cut short", false);
    struct stat status;
    assert_int_equal(fstatat(folder.fd, "zip", &status, 0), 0);
    assert_int_equal(status.st_mode & 0111, 0); /* what is no program is not made executable */
}

static void test_no_files(void **unused) {
    (void)unused;
    check("missing", -ENOENT, "missing", false);
    assert_int_equal(symlinkat("nowhere", folder.fd, "dangling"), 0);
    check("dangling", -ENOENT, "missing", false);
    assert_int_equal(mkdirat(folder.fd, "folder", 0755), 0);
    check("folder", -EACCES, "is a folder", false);
    assert_int_equal(mkfifoat(folder.fd, "fifo", 0755), 0);
    check("fifo", -EACCES, "special file", false);
}

static void test_outside_of_the_home(void **unused) {
    (void)unused;
    Folder outside;
    BinaryCheck result = {0};
    Failure failure = {0};
    struct stat status;
    folder_make(&outside);
    folder_write_text(&outside, "vega", "#!/bin/sh\n", 0644);
    assert_int_equal(binary_check(folder_path(&outside, "vega"), home.path, &result, &failure), -EACCES);
    assert_non_null(strstr(failure.message, "chmod +x"));
    assert_int_equal(symlinkat(folder_path(&outside, "vega"), folder.fd, "linked"), 0);
    check("linked", -EACCES, "outside of the home", false); /* a link inside does not make it ours */
    assert_int_equal(fstatat(outside.fd, "vega", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0644);

    assert_int_equal(fchmodat(outside.fd, "vega", 0755, 0), 0);
    assert_int_equal(binary_check(folder_path(&outside, "vega"), home.path, &result, &failure), 0);
    folder_remove(&outside);
}

static void test_folder_beside_the_home_with_its_name_as_prefix(void **unused) {
    (void)unused;
    char beside[300], path[320];
    BinaryCheck result = {0};
    Failure failure = {0};
    (void)snprintf(beside, sizeof beside, "%s-other", folder.path);
    (void)snprintf(path, sizeof path, "%s/vega", beside);
    assert_int_equal(mkdir(beside, 0755), 0);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
    (void)close(fd);
    assert_int_equal(binary_check(path, home.path, &result, &failure), -EACCES);
    (void)unlink(path);
    (void)rmdir(beside);
}

static void test_unreadable(void **unused) {
    (void)unused;
    folder_write_text(&folder, "vega", "#!/bin/sh\n", 0100); /* it may be run: for others than root that is all */
    check("vega", 0, "", false);
    folder_write_text(&folder, "other", "#!/bin/sh\n", 0200);
    if (geteuid() != 0) /* root reads everything, and sets the missing bit */
        check("other", -EACCES, "cannot open", false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_programs),
        home_test(test_identity_is_that_after_chmod),
        home_test(test_a_look_changes_nothing),
        home_test(test_wrong_machines),
        home_test(test_no_programs),
        home_test(test_no_files),
        home_test(test_outside_of_the_home),
        home_test(test_folder_beside_the_home_with_its_name_as_prefix),
        home_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
