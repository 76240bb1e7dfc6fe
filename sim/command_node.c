/* `start` and `datanode start`: plays a node process until somebody ends it. */
#include "base/cleanup.h"
#include "base/strings.h"
#include "sim/claim.h"
#include "sim/node.h"
#include "sim/report.h"
#include "sim/scenario_file.h"
#include "sim/self.h"
#include "sim/signals.h"

#include <fcntl.h>
#include <stdlib.h>

/* Returns -1 for none; -EINVAL. */
static int read_load_height(const char *text, int64_t *ret, Failure *failure) {
    char *end;
    *ret = -1;
    if (!text)
        return 0;
    errno = 0;
    long long height = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || height < 0)
        return failure_set(failure, -EINVAL, "--snapshot.load-from-block-height %s: no block height", text);
    *ret = height;
    return 0;
}

static int play(const Program *program, int home_fd, Scenario *scenario, const EventLog *log, Failure *failure) {
    _cleanup_free_ char *path = scenario_path(program);
    Node *node = NULL;
    int64_t load_height;
    int code = EXIT_CODE_FAILED;

    if (!path)
        return failure_set(failure, EXIT_CODE_FAILED, "out of memory");
    if (read_load_height(program->arguments.load_height, &load_height, failure) < 0)
        return EXIT_CODE_USAGE;
    if (node_new(program, home_fd, scenario, path, log, load_height, &node, failure) < 0)
        return EXIT_CODE_FAILED;
    if (node_show_start(node, failure) >= 0)
        code = node_run(node, failure);
    (void)node_free(node);
    return code < 0 ? EXIT_CODE_FAILED : code;
}

static int
claim_and_play(const Program *program, int home_fd, Scenario *scenario, const EventLog *log, Failure *failure) {
    _cleanup_fd_ int claim_fd = -1;
    pid_t holder = 0;
    int r = claim_home(home_fd, program->process, &claim_fd, &holder, failure);
    if (r < 0)
        return EXIT_CODE_FAILED;
    if (r > 0) {
        event_log_write(log, "double-start", json_pack("{s:i}", "holder", (int)holder));
        return failure_set(
            failure, EXIT_CODE_DOUBLE_START, "another %s of this home runs already, pid %d", program->process,
            (int)holder);
    }
    return play(program, home_fd, scenario, log, failure);
}

/* Everything is given back before the event "exit", which is the last thing: the death has to follow it at once. */
static int run(const Program *program, int home_fd, const EventLog *log, json_t *self, Failure *failure) {
    Scenario scenario;
    int code = EXIT_CODE_USAGE;

    event_log_write_at(log, program->main_usec, "main", self);
    if (scenario_new(program, &scenario, failure) >= 0) {
        code = claim_and_play(program, home_fd, &scenario, log, failure);
        scenario_free(&scenario);
    }
    if (*failure->message)
        (void)report_error(code, "%s", failure->message);
    event_log_write(log, "exit", json_pack("{s:i}", "code", code));
    return code;
}

int command_node(Program *program) {
    _cleanup_fd_ int home_fd = -1;
    _cleanup_json_ json_t *self = NULL;
    EventLog log;
    Failure failure = {0};

    if (!program->arguments.home)
        return report_error(EXIT_CODE_USAGE, "--home is required");
    self = self_describe(program);
    signals_block(); /* whoever sees the event "main" may send signals */
    home_fd = open(program->arguments.home, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (home_fd < 0)
        return report_error(EXIT_CODE_FAILED, "cannot open the home %s: %m", program->arguments.home);
    if (event_log_open(&log, program, home_fd, "events.jsonl", &failure) < 0)
        return report_error(EXIT_CODE_FAILED, "%s", failure.message);
    int code = run(program, home_fd, &log, TAKE_PTR(self), &failure);
    event_log_close(&log);
    return code;
}
