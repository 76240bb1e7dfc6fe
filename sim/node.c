#include "sim/node.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/strings.h"
#include "sim/child.h"
#include "sim/core.h"
#include "sim/crash.h"
#include "sim/loop.h"
#include "sim/scenario_file.h"
#include "sim/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct Node {
    const Program *program;
    int home_fd;
    Scenario *scenario;
    const EventLog *log;
    Starts starts;

    Loop *loop;
    Timer *timer;
    Signals *signals;
    ScenarioFile *file;
    Core *core; /* NULL in the data node */

    bool stopping;
    uint64_t stop_usec; /* when the signal came */
    Failure failure;    /* why the loop was left, if it was not a signal */

    void *memory;
    size_t memory_bytes;
};

/* -- what is due ----------------------------------------------------------------------------------------------- */

static uint64_t earlier(uint64_t left_usec, uint64_t right_usec) {
    return left_usec < right_usec ? left_usec : right_usec;
}

static void crash_if_due(const Node *node) {
    if (crash_is_due(node->scenario, &node->starts))
        crash_now(node->scenario, node->log);
}

/* Each of these does what is due at @now_usec and returns when there is more to do. */

static uint64_t crash_after_a_time(const Node *node, uint64_t now_usec) {
    if (!scenario_find(node->scenario, "crash_after_ms"))
        return USEC_NEVER;
    uint64_t due_usec = usec_add(node->program->main_usec, scenario_usec(node->scenario, "crash_after_ms"));
    if (now_usec < due_usec)
        return due_usec;
    crash_if_due(node);
    return USEC_NEVER;
}

static uint64_t go_on_stopping(const Node *node, uint64_t now_usec) {
    uint64_t due_usec = usec_add(node->stop_usec, scenario_usec(node->scenario, "stop_ms"));
    if (now_usec < due_usec)
        return due_usec;
    loop_exit(node->loop, (int)scenario_integer(node->scenario, "exit_code", 0));
    return USEC_NEVER;
}

static uint64_t go_on_running(Node *node, uint64_t now_usec) {
    uint64_t due_usec = usec_add(node->program->main_usec, scenario_usec(node->scenario, "start_delay_ms"));
    if (!node->core)
        return USEC_NEVER;
    if (now_usec < due_usec)
        return due_usec;
    int r = core_step(node->core, now_usec, &due_usec, &node->failure);
    if (r > 0)
        crash_if_due(node);
    if (r < 0)
        loop_exit(node->loop, r);
    return due_usec;
}

/* The one place that decides: called for every signal, every change of the scenario and every deadline. */
static void step(Node *node) {
    uint64_t now_usec = clock_monotonic_usec();
    uint64_t crash_usec = crash_after_a_time(node, now_usec);
    uint64_t work_usec = node->stopping ? go_on_stopping(node, now_usec) : go_on_running(node, now_usec);
    timer_set(node->timer, earlier(crash_usec, work_usec));
}

static void on_timer(void *userdata) {
    step(userdata);
}

static void on_scenario(void *userdata) {
    step(userdata);
}

static const char *signal_event(int number) {
    return number == SIGTERM ? "sigterm" : number == SIGINT ? "sigint" : "sighup";
}

static void on_signal(int number, void *userdata) {
    Node *node = userdata;
    event_log_write(node->log, signal_event(number), NULL);
    if (node->stopping || (number == SIGTERM && scenario_boolean(node->scenario, "ignore_sigterm", false)))
        return;
    node->stopping = true;
    node->stop_usec = clock_monotonic_usec();
    if (node->core)
        core_stop_serving(node->core);
    step(node);
}

/* -- life ------------------------------------------------------------------------------------------------------ */

/* The watch is set up first, for the core wants to know its scenario. */
static int set_up(Node *node, const char *scenario_path, int64_t load_height, Failure *failure) {
    int r = loop_new(&node->loop);
    if (r >= 0)
        r = timer_new(node->loop, on_timer, node, &node->timer);
    if (r >= 0)
        r = signals_new(node->loop, on_signal, node, &node->signals);
    if (r < 0)
        return failure_set(failure, r, "cannot set up the event loop: %s", strerror(-r));
    r = scenario_file_new(
        node->loop, node->scenario, scenario_path, node->log, on_scenario, node, &node->file, failure);
    if (r >= 0 && streq(node->program->process, "vega"))
        r = core_new(
            node->loop, node->program->arguments.home, node->home_fd, node->scenario, node->log, load_height,
            &node->core, failure);
    return r;
}

int node_new(
    const Program *program, int home_fd, Scenario *scenario, const char *scenario_path, const EventLog *log,
    int64_t load_height, Node **ret, Failure *failure) {
    Node *node = malloc(sizeof *node);
    if (!node)
        return failure_set(failure, -ENOMEM, "out of memory");
    *node = (Node){.program = program, .home_fd = home_fd, .scenario = scenario, .log = log, .memory = MAP_FAILED};
    int r = set_up(node, scenario_path, load_height, failure);
    if (r < 0)
        (void)node_free(node);
    else
        *ret = node;
    return r;
}

static int take_memory(Node *node, Failure *failure) {
    node->memory_bytes = (size_t)scenario_integer(node->scenario, "memory_mb", 0) * 1024 * 1024;
    if (node->memory_bytes == 0)
        return 0;
    node->memory =
        mmap(NULL, node->memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return node->memory == MAP_FAILED ? failure_set(failure, negative_errno(), "cannot take \"memory_mb\": %m") : 0;
}

/* Straight to the descriptor: what a test looks for must come out in one piece and at once. */
static int print_output(const Scenario *scenario) {
    _cleanup_free_ char *line = NULL;
    const char *text = scenario_string(scenario, "stdout", "");
    size_t length = (size_t)scenario_integer(scenario, "stdout_bytes", 0);

    int r = write_all(STDOUT_FILENO, text, strlen(text));
    if (r < 0 || length == 0)
        return r;
    line = malloc(length + 1);
    if (!line)
        return -ENOMEM;
    memset(line, 'x', length);
    line[length] = '\n';
    return write_all(STDOUT_FILENO, line, length + 1);
}

int node_show_start(Node *node, Failure *failure) {
    int r =
        starts_count(node->home_fd, node->program->process, node->program->version.text, &node->starts, failure);
    if (r >= 0)
        r = take_memory(node, failure);
    if (r < 0)
        return r;
    r = child_fork(node->scenario, node->log);
    if (r < 0)
        return failure_set(failure, r, "cannot fork the grandchild: %s", strerror(-r));
    (void)!print_output(node->scenario); /* the real node does not mind either that nobody listens */
    return 0;
}

int node_run(Node *node, Failure *failure) {
    step(node);
    int r = loop_run(node->loop);
    if (r < 0)
        (void)failure_set(failure, r, "%s", *node->failure.message ? node->failure.message : strerror(-r));
    return r;
}

Node *node_free(Node *node) {
    if (!node)
        return NULL;
    if (node->memory != MAP_FAILED)
        (void)munmap(node->memory, node->memory_bytes);
    (void)core_free(node->core);
    (void)scenario_file_free(node->file);
    (void)signals_free(node->signals);
    (void)timer_free(node->timer);
    (void)loop_free(node->loop);
    free(node);
    return NULL;
}
