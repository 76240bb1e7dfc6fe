#include "home/process_record.h"

#include "base/cleanup.h"
#include "base/process_stat.h"
#include "home/lock.h"
#include "tests/unit/children.h"
#include "tests/unit/home/home.h"

#include <limits.h>

static const char LOCK[] = ".visor/vega.lock";

static const char RIGHT[] =
    "{\"format\":1,\"folder\":\"/srv/v1\",\"binary\":\"/srv/v1/vega\",\"executable\":\"/bin/vega\","
    "\"diesWithVisor\":false,\"started\":5,\"start\":\"first\",\"height\":6,\"answered\":true,"
    "\"restarts\":7,\"stopping\":\"none\"}";

static char folder_text[] = "/srv/v1", binary_text[] = "/srv/v1/vega", executable_text[] = "/bin/vega";

static ProcessRecord sample(void) {
    return (ProcessRecord){
        .folder = folder_text,
        .binary = binary_text,
        .executable = executable_text,
        .dies_with_visor = true,
        .note = {
            .started_usec = INT64_MAX,
            .start = NODE_START_UPGRADE,
            .height_blocks = 123,
            .answered = true,
            .restarts_used = 2,
            .stopping = NODE_REASON_UPGRADE}};
}

static void check_same_state(const State *a, const State *b) {
    assert_string_equal(a->folder, b->folder);
    assert_int_equal(a->previous == NULL, b->previous == NULL);
    if (a->previous)
        assert_string_equal(a->previous, b->previous);
    assert_string_equal(a->release.tag, b->release.tag);
    assert_true(a->release.height_blocks == b->release.height_blocks);
    assert_int_equal(a->release.stage, b->release.stage);
    assert_int_equal(a->release.blocks_awaited, b->release.blocks_awaited);
}

static void check_same(const ProcessRecord *a, const ProcessRecord *b) {
    assert_string_equal(a->folder, b->folder);
    assert_string_equal(a->binary, b->binary);
    assert_int_equal(a->executable == NULL, b->executable == NULL);
    if (a->executable)
        assert_string_equal(a->executable, b->executable);
    assert_int_equal(a->dies_with_visor, b->dies_with_visor);
    assert_true(a->note.started_usec == b->note.started_usec);
    assert_int_equal(a->note.start, b->note.start);
    assert_true(a->note.height_blocks == b->note.height_blocks);
    assert_int_equal(a->note.answered, b->note.answered);
    assert_true(a->note.restarts_used == b->note.restarts_used);
    assert_int_equal(a->note.stopping, b->note.stopping);
    assert_int_equal(a->state.folder == NULL, b->state.folder == NULL);
    if (a->state.folder)
        check_same_state(&a->state, &b->state);
}

static void check_empty(const ProcessRecord *record) {
    static const ProcessRecord EMPTY;
    assert_memory_equal(record, &EMPTY, sizeof EMPTY);
}

static void check_round_trip(const ProcessRecord *record) {
    ProcessRecord read;
    Failure failure = {0};
    assert_int_equal(process_record_save(&home, PROCESS_VEGA, record, &failure), 0);
    assert_int_equal(process_record_load(&home, PROCESS_VEGA, &read, &failure), 0);
    assert_int_equal(read.pid, record->pid);
    check_same(&read, record);
    process_record_clear(&read);
    check_empty(&read);
}

static void test_what_was_saved_is_loaded(void **unused) {
    (void)unused;
    ProcessRecord record = sample();
    for (NodeStart start = 0; start < NODE_START_COUNT; start++) {
        for (NodeReason reason = 0; reason < NODE_REASON_COUNT; reason++) {
            record.note.start = start;
            record.note.stopping = reason;
            record.note.answered = !record.note.answered;
            record.dies_with_visor = start % 2 == 0;
            check_round_trip(&record);
        }
    }
    record.executable = NULL; /* over one that was longer */
    record.note = (NodeNote){0};
    check_round_trip(&record);
    record.folder = (char[]){"/\" \\ \xc3\xbc \x01"};
    check_round_trip(&record);
}

static void test_the_copy_of_the_state(void **unused) {
    ProcessRecord record = sample();
    (void)unused;
    record.state = (State){
        .release = {.tag = "v0.80.0", .height_blocks = INT64_MAX, .blocks_awaited = true},
        .folder = (char[]){"/srv/\" \\ v2"},
        .previous = folder_text};
    for (ReleaseStage stage = 0; stage < RELEASE_STAGE_COUNT; stage++) {
        record.state.release.stage = stage;
        check_round_trip(&record);
    }
    record.state = (State){.folder = folder_text};
    check_round_trip(&record);
}

static void test_who_it_is(void **unused) {
    ProcessRecord read, record = sample();
    Failure failure = {0};
    (void)unused;
    record.pid = getpid();
    record.start_ticks = 1; /* as it was known by; whoever has its number by now is another */
    assert_int_equal(process_record_save(&home, PROCESS_DATA_NODE, &record, &failure), 0);
    assert_int_equal(process_record_load(&home, PROCESS_DATA_NODE, &read, &failure), 0);
    assert_int_equal(read.pid, getpid());
    assert_true(read.start_ticks == 1);
    process_record_clear(&read);

    record.pid = 0;
    assert_int_equal(process_record_save(&home, PROCESS_DATA_NODE, &record, &failure), 0);
    assert_int_equal(process_record_load(&home, PROCESS_DATA_NODE, &read, &failure), 0);
    assert_int_equal(read.pid, 0);
    assert_true(read.start_ticks == 0);
    process_record_clear(&read);
    assert_int_equal(process_record_load(&home, PROCESS_VEGA, &read, &failure), 1); /* each has its own */
}

static int decode(const char *text, ProcessRecord *ret) {
    memset(ret, 7, sizeof *ret);
    return process_record_decode(text, strlen(text), ret);
}

/* An older Visor did not say which process it is: what is taken over from it is written again nevertheless. */
static void test_what_does_not_tell_its_process(void **unused) {
    (void)unused;
    Failure failure = {0};
    ProcessRecord record, again;
    assert_int_equal(decode(RIGHT, &record), 0);
    assert_int_equal(record.name, PROCESS_COUNT);
    assert_int_equal(process_record_save(&home, PROCESS_VEGA, &record, &failure), 0);
    assert_int_equal(process_record_load(&home, PROCESS_VEGA, &again, &failure), 0);
    assert_int_equal(again.name, PROCESS_COUNT);
    check_same(&record, &again);
    process_record_clear(&record);
    process_record_clear(&again);
}

static void test_every_truncation_is_damage(void **unused) {
    ProcessRecord record;
    (void)unused;
    assert_int_equal(decode(RIGHT, &record), 0);
    assert_string_equal(record.folder, "/srv/v1");
    assert_true(record.note.started_usec == 5 && record.note.height_blocks == 6 && record.note.restarts_used == 7);
    process_record_clear(&record);
    for (size_t length = 0; length < sizeof RIGHT - 1; length++) {
        assert_int_equal(process_record_decode(RIGHT, length, &record), -EBADMSG);
        check_empty(&record);
    }
}

/* RIGHT with one part of it replaced. */
static const char *with(const char *part, const char *other) {
    static char text[1024];
    const char *at = strstr(RIGHT, part);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - RIGHT), RIGHT, other, at + strlen(part));
    return text;
}

static void test_what_is_wrong(void **unused) {
    static const struct {
        const char *part, *other;
    } CASES[] = {
        {"\"format\":1", "\"format\":0"},
        {"\"format\":1", "\"format\":-1"},
        {"\"format\":1", "\"format\":\"1\""},
        {"\"format\":1", "\"format\":1.0"},
        {"\"format\":1", "\"format\":1,\"format\":1"},
        {"\"format\":1,", ""},
        {"\"/srv/v1\"", "\"srv/v1\""},
        {"\"/srv/v1\"", "\"\""},
        {"\"/srv/v1\"", "null"},
        {"\"/srv/v1/vega\"", "\"vega\""},
        {"\"/srv/v1/vega\"", "[]"},
        {"\"/bin/vega\"", "5"},
        {"\"diesWithVisor\":false", "\"diesWithVisor\":0"},
        {"\"diesWithVisor\":false,", ""},
        {"\"started\":5", "\"started\":-5"},
        {"\"started\":5", "\"started\":\"5\""},
        {"\"started\":5", "\"started\":99999999999999999999"},
        {"\"started\":5,", ""},
        {"\"first\"", "\"second\""},
        {"\"first\"", "\"\""},
        {"\"first\"", "0"},
        {"\"height\":6", "\"height\":-6"},
        {"\"height\":6", "\"height\":6.5"},
        {"\"answered\":true", "\"answered\":\"true\""},
        {"\"answered\":true,", ""},
        {"\"restarts\":7", "\"restarts\":-7"},
        {"\"restarts\":7", "\"restarts\":null"},
        {"\"none\"", "\"None\""},
        {"\"none\"", "\"no\""},
        {",\"stopping\":\"none\"", ""},
        {"{", "[{"},
        {"}", "}}"},
    };
    ProcessRecord record;
    (void)unused;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        if (decode(with(CASES[i].part, CASES[i].other), &record) != -EBADMSG)
            fail_msg("%s taken", CASES[i].other);
        check_empty(&record);
    }
}

/* Of a newer format only whose it is. */
static void check_newer(const char *text, ProcessName name, uint64_t inode) {
    ProcessRecord record;
    assert_int_equal(decode(text, &record), -EPROTO);
    assert_int_equal(record.name, name);
    assert_true(record.home.inode == inode);
    record.name = 0;
    record.home = (HomeIdentity){0};
    check_empty(&record);
}

static void test_formats(void **unused) {
    ProcessRecord record;
    (void)unused;
    check_newer(with("\"format\":1", "\"format\":2"), PROCESS_COUNT, 0);
    check_newer("{\"format\":9223372036854775807}", PROCESS_COUNT, 0); /* whatever it holds */
    check_newer("{\"format\":2,\"process\":\"data-node\",\"homeInode\":5}", PROCESS_DATA_NODE, 5);
    check_newer("{\"format\":2,\"process\":7}", 0, 0);
    assert_int_equal(decode(with("\"format\":1", "\"format\":1,\"more\":{}"), &record), 0);
    process_record_clear(&record);
}

static void check_without_state(const char *state) {
    ProcessRecord record;
    if (decode(with("\"format\":1", state), &record) != 0)
        fail_msg("%s refused", state);
    assert_string_equal(record.folder, "/srv/v1");
    assert_null(record.state.folder);
    process_record_clear(&record);
}

/* What cannot be read of the state says nothing against the rest. */
static void test_copies_of_the_state_that_are_none(void **unused) {
    (void)unused;
    check_without_state("\"format\":1,\"state\":null");
    check_without_state("\"format\":1,\"state\":[]");
    check_without_state("\"format\":1,\"state\":{}");
    check_without_state("\"format\":1,\"state\":{\"format\":99,\"releases\":[]}");
    check_without_state(
        "\"format\":1,\"state\":{\"format\":2,\"release\":{\"tag\":\"../x\",\"folder\":\"/srv/v2\",\"height\":1,"
        "\"stage\":\"answered\"}}");
}

static int load(Failure *failure) {
    ProcessRecord record;
    *failure = (Failure){0};
    int r = process_record_load(&home, PROCESS_VEGA, &record, failure);
    assert_non_null(strstr(failure->message, LOCK));
    record.name = 0;
    record.pid = 0;
    record.start_ticks = 0;
    check_empty(&record);
    return r;
}

static void test_locks_that_tell_nothing(void **unused) {
    Failure failure;
    pid_t holder = 0;
    int fd = -1;
    (void)unused;
    assert_int_equal(load(&failure), 1);
    assert_int_equal(lock_take(home.private_fd, "vega.lock", &fd, &holder, &failure), 0);
    assert_int_equal(load(&failure), 1);
    assert_int_equal(lock_sign(fd), 0); /* a tool of the node's */
    assert_int_equal(load(&failure), 1);
    assert_int_equal(lock_write_text(fd, ""), 0);
    assert_int_equal(load(&failure), 1);
    (void)close(fd);
}

static void test_locks_that_cannot_be_understood(void **unused) {
    Failure failure;
    (void)unused;
    int fd = openat(home.private_fd, "vega.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(lock_write_text(fd, "{\"format\":1}"), 0);
    assert_int_equal(load(&failure), -EBADMSG);
    assert_int_equal(lock_write_text(fd, "{\"format\":2}"), 0);
    assert_int_equal(load(&failure), -EPROTO);
    assert_non_null(strstr(failure.message, "newer visor"));
    (void)close(fd);
    assert_int_equal(unlinkat(home.private_fd, "vega.lock", 0), 0);
    assert_int_equal(mkdirat(home.private_fd, "vega.lock", 0700), 0);
    assert_int_equal(load(&failure), -EFBIG);
    const ProcessRecord record = sample();
    assert_int_equal(process_record_save(&home, PROCESS_VEGA, &record, &failure), -EISDIR);
    assert_non_null(strstr(failure.message, LOCK));
}

/* The last note is often that of a stop; over it the next process would be taken for one that is to be stopped. */
static void test_what_cannot_be_written_leaves_nothing_of_the_last(void **unused) {
    char long_path[70000];
    ProcessRecord record = sample(), next = sample(), read;
    Failure failure = {0};
    (void)unused;
    record.pid = getpid();
    assert_int_equal(process_record_save(&home, PROCESS_VEGA, &record, &failure), 0);
    memset(long_path, '/', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    next.binary = long_path;
    assert_int_equal(process_record_save(&home, PROCESS_VEGA, &next, &failure), -EFBIG);
    _cleanup_fd_ int fd = openat(home.private_fd, "vega.lock", O_RDWR | O_CLOEXEC);
    assert_int_equal(lock_sign(fd), 0); /* as the next process does by itself */
    assert_int_equal(process_record_load(&home, PROCESS_VEGA, &read, &failure), -EBADMSG);
    assert_int_equal(read.pid, getpid());
    assert_null(read.folder);
}

/* Nor is it shortened: on a full disk, what was given back could not be had again. */
static void test_saving_keeps_the_size(void **unused) {
    char long_text[6000];
    struct stat before, after;
    Failure failure = {0};
    (void)unused;
    _cleanup_fd_ int fd = openat(home.private_fd, "vega.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    memset(long_text, 'l', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(lock_write_text(fd, long_text), 0);
    assert_int_equal(fstat(fd, &before), 0);
    const ProcessRecord record = sample();
    assert_int_equal(process_record_save(&home, PROCESS_VEGA, &record, &failure), 0);
    assert_int_equal(fstat(fd, &after), 0);
    assert_int_equal(after.st_size, before.st_size);
}

/* The file is written over as it is: replacing it would take the lock away from who holds it. */
static void test_saving_leaves_the_lock_held(void **unused) {
    Failure failure = {0};
    struct stat before, after;
    pid_t holder = 0;
    int fd = -1;
    (void)unused;
    assert_int_equal(lock_take(home.private_fd, "vega.lock", &fd, &holder, &failure), 0);
    assert_int_equal(fstat(fd, &before), 0);
    pid_t pid = fork_still();
    (void)close(fd);
    assert_int_equal(lock_look(home.private_fd, "vega.lock"), 1);

    ProcessRecord record = sample();
    record.pid = pid;
    for (int i = 0; i < 3; i++) {
        check_round_trip(&record);
        assert_int_equal(lock_look(home.private_fd, "vega.lock"), 1);
    }
    assert_int_equal(fstatat(home.private_fd, "vega.lock", &after, 0), 0);
    assert_int_equal(after.st_ino, before.st_ino);
    kill_and_reap(pid);
    assert_int_equal(lock_look(home.private_fd, "vega.lock"), 0); /* and saving has not become a holder */
}

static void test_writing_to_what_cannot_be_written(void **unused) {
    Failure failure = {0};
    const ProcessRecord record = sample();
    (void)unused;
    folder_write_text(&folder, LOCK, "", 0600);
    _cleanup_fd_ int fd = openat(home.private_fd, "vega.lock", O_RDONLY | O_CLOEXEC);
    assert_int_equal(process_record_write(fd, &record, &failure), -EBADF);
    assert_non_null(strstr(failure.message, "cannot write down what runs"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_what_was_saved_is_loaded),
        home_test(test_the_copy_of_the_state),
        home_test(test_copies_of_the_state_that_are_none),
        home_test(test_who_it_is),
        home_test(test_every_truncation_is_damage),
        home_test(test_what_is_wrong),
        home_test(test_formats),
        home_test(test_what_does_not_tell_its_process),
        home_test(test_locks_that_tell_nothing),
        home_test(test_locks_that_cannot_be_understood),
        home_test(test_what_cannot_be_written_leaves_nothing_of_the_last),
        home_test(test_saving_keeps_the_size),
        home_test(test_saving_leaves_the_lock_held),
        home_test(test_writing_to_what_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
