#include "fetch/unpack.h"

#include "tests/unit/fetch/archive.h"

#include <errno.h>

static Folder folder; /* the archive "asset" and the folder "out" */
static UnpackResult result;
static Failure failure;

static int make(void **unused) {
    (void)unused;
    folder_make(&folder);
    return mkdirat(folder.fd, "out", 0755);
}

static int clear(void **unused) {
    (void)unused;
    folder_remove(&folder);
    return 0;
}

static int run(const char *binary, uint64_t max_unpacked_bytes) {
    int asset_fd = openat(folder.fd, "asset", O_RDONLY | O_CLOEXEC);
    int folder_fd = openat(folder.fd, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(asset_fd >= 0 && folder_fd >= 0);
    const UnpackRequest request = {
        .asset_fd = asset_fd,
        .folder_fd = folder_fd,
        .asset = "vega-linux-amd64",
        .binary = binary,
        .max_unpacked_bytes = max_unpacked_bytes,
    };
    failure = (Failure){0};
    result = (UnpackResult){0};
    int r = unpack(&request, NULL, NULL, &result, &failure);
    (void)close(asset_fd);
    (void)close(folder_fd);
    return r;
}

static void check_good(const char *binary) {
    if (run(binary, 1 << 20) != 0)
        fail_msg("%s", failure.message);
}

static void check_refused(const char *binary, int expected, const char *said) {
    assert_int_equal(run(binary, 1 << 20), expected);
    if (!strstr(failure.message, said))
        fail_msg("'%s' does not say '%s'", failure.message, said);
}

static void check_file(const char *path, const char *content, mode_t mode) {
    char text[256] = "";
    struct stat status;
    int fd = openat(folder.fd, path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(read(fd, text, sizeof text - 1) >= 0);
    assert_string_equal(text, content);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_mode, S_IFREG | mode);
    (void)close(fd);
}

static const Packed GOOD[] = {
    {"bin/", S_IFDIR | 0700, NULL, NULL},
    {"bin/vega", S_IFREG | 0600, "the node", NULL}, /* the program is made executable whatever the archive says */
    {"bin/helper", S_IFREG | 0711, "a helper", NULL},
    {"docs/README", S_IFREG | 0666, "read me", NULL},
    {"empty", S_IFREG | 0600, "", NULL},
};

static void check_good_content(void) {
    struct stat status;
    check_good("bin/vega");
    check_file("out/bin/vega", "the node", 0755);
    check_file("out/bin/helper", "a helper", 0755);
    check_file("out/docs/README", "read me", 0644);
    check_file("out/empty", "", 0644);
    assert_int_equal(fstatat(folder.fd, "out/docs", &status, 0), 0);
    assert_int_equal(status.st_mode, S_IFDIR | 0755);
    assert_int_equal(result.files, 4);
    assert_int_equal(result.unpacked_bytes, 8 + 8 + 7);
    assert_string_equal(result.binary, "bin/vega");
}

static void pack(ArchiveSetting format, ArchiveSetting compression, const Packed *entries, size_t count) {
    archive_write(&folder, "asset", format, compression, entries, count);
}

static void test_zip(void **unused) {
    (void)unused;
    mode_t before = umask(0077); /* modes are what is promised, whatever the umask is */
    pack(archive_write_set_format_zip, NULL, GOOD, 5);
    check_good_content();
    (void)umask(before);
}

static void test_tar_gz(void **unused) {
    (void)unused;
    pack(archive_write_set_format_pax_restricted, archive_write_add_filter_gzip, GOOD, 5);
    check_good_content();
}

static void test_tar_xz(void **unused) {
    (void)unused;
    pack(archive_write_set_format_ustar, archive_write_add_filter_xz, GOOD, 5);
    check_good_content();
}

static void test_tar_zstd(void **unused) {
    (void)unused;
    pack(archive_write_set_format_gnutar, archive_write_add_filter_zstd, GOOD, 5);
    check_good_content();
}

static void test_bare(void **unused) {
    (void)unused;
    folder_write_text(&folder, "asset", "#!/bin/sh\nexit 0\n", 0600);
    check_good("");
    check_file("out/vega-linux-amd64", "#!/bin/sh\nexit 0\n", 0755);
    assert_string_equal(result.binary, "vega-linux-amd64");
    assert_int_equal(result.files, 1);
    assert_int_equal(result.unpacked_bytes, 17);
    check_good("vega");
    check_file("out/vega", "#!/bin/sh\nexit 0\n", 0755);
    assert_int_equal(run("vega", 16), -EBADMSG);
    assert_non_null(strstr(failure.message, "maxUnpackedBytes"));
}

static void test_names_in_utf8(void **unused) {
    (void)unused;
    static const Packed ENTRIES[] = {
        {"vega", S_IFREG | 0755, "x", NULL}, {"d\xc3\xa9j\xc3\xa0", S_IFREG, "y", NULL}};
    /* The writer speaks the C locale here, which knows no such letters: it writes the bytes as they are. */
    pack(archive_write_set_format_gnutar, archive_write_add_filter_gzip, ENTRIES, 2);
    check_good("vega");
    check_file("out/d\xc3\xa9j\xc3\xa0", "y", 0644);
}

static void test_the_program_must_be_there(void **unused) {
    (void)unused;
    pack(archive_write_set_format_zip, NULL, GOOD, 5);
    check_refused("vega", -EBADMSG, "bin/vega, bin/helper, docs/README, empty: set autoInstall.asset.binaryName");
}

static void test_the_programs_name_must_be_known(void **unused) {
    (void)unused;
    pack(archive_write_set_format_zip, NULL, GOOD, 5);
    check_refused("", -EINVAL, "set autoInstall.asset.binaryName");
    check_refused("../vega", -EINVAL, "binaryName");
}

static void test_the_program_must_be_a_file(void **unused) {
    (void)unused;
    static const Packed ENTRIES[] = {{"vega", S_IFDIR | 0755, NULL, NULL}, {"x", S_IFREG, "y", NULL}};
    pack(archive_write_set_format_zip, NULL, ENTRIES, 2);
    check_refused("vega", -EBADMSG, "not in the archive");
}

static void test_empty(void **unused) {
    (void)unused;
    pack(archive_write_set_format_zip, NULL, NULL, 0);
    check_refused("vega", -EBADMSG, "no file");
    pack(archive_write_set_format_ustar, archive_write_add_filter_gzip, NULL, 0);
    check_refused("vega", -EBADMSG, "no file");
    folder_write_text(&folder, "asset", "", 0600);
    check_refused("vega", -EBADMSG, "an empty file");
}

static void check_entry_refused(Packed entry, const char *said) {
    const Packed entries[] = {{"vega", S_IFREG | 0755, "x", NULL}, entry};
    pack(archive_write_set_format_pax_restricted, archive_write_add_filter_gzip, entries, 2);
    check_refused("vega", -EBADMSG, said);
    assert_int_equal(unlinkat(folder.fd, "out/vega", 0), 0);
}

static void test_entries(void **unused) {
    (void)unused;
    check_entry_refused((Packed){"/tmp/x", S_IFREG, "x", NULL}, "absolute");
    check_entry_refused((Packed){"../x", S_IFREG, "x", NULL}, "\"..\"");
    check_entry_refused((Packed){"x", S_IFLNK | 0777, NULL, "vega"}, "symbolic link");
    check_entry_refused((Packed){"x", S_IFREG | 0644, NULL, "vega"}, "hard link");
    check_entry_refused((Packed){"x", S_IFCHR | 0644, NULL, NULL}, "device");
    check_entry_refused((Packed){"x", S_IFIFO | 0644, NULL, NULL}, "FIFO");
    check_entry_refused((Packed){"x", S_IFREG | S_ISUID | 0755, "x", NULL}, "setuid");
    check_entry_refused((Packed){"vega", S_IFREG, "y", NULL}, "twice");
    check_entry_refused((Packed){"vega/x", S_IFREG, "y", NULL}, "both");
    check_entry_refused((Packed){"run-config.toml", S_IFREG, "y", NULL}, "Visor");
}

static void test_size(void **unused) {
    (void)unused;
    pack(archive_write_set_format_zip, NULL, GOOD, 5);
    assert_int_equal(run("bin/vega", 22), -EBADMSG);
    assert_non_null(strstr(failure.message, "maxUnpackedBytes"));
    assert_int_equal(run("bin/vega", 23), 0);
}

static void empty_out(void) {
    static const char *const PATHS[] = {"out/bin/vega", "out/bin/helper", "out/docs/README", "out/empty"};
    for (size_t i = 0; i < 4; i++)
        (void)unlinkat(folder.fd, PATHS[i], 0);
}

/* However an archive is cut, that is noticed, behind its last file too. */
static void check_cuts(ArchiveSetting format, ArchiveSetting compression) {
    struct stat status;
    pack(format, compression, GOOD, 5);
    assert_int_equal(fstatat(folder.fd, "asset", &status, 0), 0);
    for (off_t length = status.st_size - 1; length >= 0; length--) {
        assert_int_equal(truncate(folder_path(&folder, "asset"), length), 0);
        int r = run("bin/vega", 1 << 20);
        if (r != -EBADMSG)
            fail_msg("cut at %d of %d: %d %s", (int)length, (int)status.st_size, r, failure.message);
        empty_out();
    }
}

static void test_cuts(void **unused) {
    (void)unused;
    check_cuts(archive_write_set_format_zip, NULL);
    check_cuts(archive_write_set_format_ustar, archive_write_add_filter_gzip);
    check_cuts(archive_write_set_format_ustar, archive_write_add_filter_xz);
    check_cuts(archive_write_set_format_ustar, archive_write_add_filter_zstd);
}

static void test_compressed_twice(void **unused) {
    (void)unused;
    struct archive *archive = archive_write_new();
    assert_int_equal(archive_write_set_format_ustar(archive), ARCHIVE_OK);
    assert_int_equal(archive_write_add_filter_gzip(archive), ARCHIVE_OK);
    assert_int_equal(archive_write_add_filter_gzip(archive), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(archive, folder_path(&folder, "asset")), ARCHIVE_OK);
    assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
    check_refused("vega", -EBADMSG, "more than once");
}

static void test_gzip_without_tar(void **unused) {
    (void)unused;
    static const Packed ENTRIES[] = {{"x", S_IFREG | 0644, "this is no tar, but a text that was compressed", NULL}};
    pack(archive_write_set_format_raw, archive_write_add_filter_gzip, ENTRIES, 1);
    check_refused("vega", -EBADMSG, "Unrecognized");
}

int main(void) {
#define unpack_test(function) cmocka_unit_test_setup_teardown(function, make, clear)
    const struct CMUnitTest tests[] = {
        unpack_test(test_zip),
        unpack_test(test_tar_gz),
        unpack_test(test_tar_xz),
        unpack_test(test_tar_zstd),
        unpack_test(test_bare),
        unpack_test(test_names_in_utf8),
        unpack_test(test_the_program_must_be_there),
        unpack_test(test_the_programs_name_must_be_known),
        unpack_test(test_the_program_must_be_a_file),
        unpack_test(test_empty),
        unpack_test(test_entries),
        unpack_test(test_size),
        unpack_test(test_cuts),
        unpack_test(test_compressed_twice),
        unpack_test(test_gzip_without_tar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
