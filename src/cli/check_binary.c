#include "base/cleanup.h"
#include "base/strings.h"
#include "cli/check.h"
#include "home/binary.h"
#include "proc/tool.h"
#include "release/version.h"

#include <sys/stat.h>
#include <unistd.h>

typedef struct Question {
    bool answered;
    int result;
    char version[RELEASE_TAG_MAX + 1];
    Failure failure;
} Question;

static void on_version(const ToolResult *result, void *userdata) {
    Question *question = userdata;
    question->answered = true;
    question->result = result->result < 0
                           ? failure_set(&question->failure, result->result, "%s", result->summary)
                           : version_output_parse(result->output, &question->version, &question->failure);
}

static void ask(Check *check, const char *path, Question *question) {
    ToolRequest request = version_request(path);
    Tool *tool = NULL;

    question->result = tool_start(check->event, &request, on_version, question, &tool, &question->failure);
    if (question->result < 0)
        return;
    int r = check_wait(check, &question->answered);
    if (r < 0) {
        (void)tool_cancel(tool);
        question->result = failure_set(&question->failure, r, "cannot wait for its answer");
    }
}

static bool check_version(Check *check, ReleaseCheck *release, const char *path, bool is_core) {
    Question question = {0};

    ask(check, path, &question);
    if (question.result < 0) {
        check_problem(
            check, CHECK_BINARY, path, "put a binary there that this machine can run",
            "does not report its version: %s", question.failure.message);
        return false;
    }
    if (is_core)
        tag_copy(&release->version, question.version);
    if (release->wanted && !streq(question.version, release->wanted)) {
        check_problem(
            check, CHECK_BINARY, path, "put that binary there, or name another in run-config.toml",
            "reports version %s, but the upgrade is to %s", question.version, release->wanted);
        return false;
    }
    check_ok(check, CHECK_BINARY, path, "is executable and reports version %s", question.version);
    return true;
}

/* A look must not set them, and without them it cannot be asked. */
static bool check_missing_bits(Check *check, const char *path) {
    struct stat status;
    bool known = stat(path, &status) == 0;
    bool may_set = geteuid() == 0 || (known && status.st_uid == geteuid());

    if (known && (status.st_mode & 0111) == 0111) {
        check_problem(
            check, CHECK_BINARY, path, "mount its file system without noexec, or put the binary elsewhere",
            "has all its x-bits but cannot be executed");
        return false;
    }
    if (may_set)
        check_warning(
            check, CHECK_BINARY, path, "chmod a+x it, then check again: only then it can be asked for its version",
            "is not executable yet; visor would make it so");
    else
        check_problem(
            check, CHECK_BINARY, path, "chmod a+x it, or give it to the user that runs visor",
            "is not executable, and belongs to another user: visor cannot make it so");
    return may_set;
}

bool check_binary(Check *check, ReleaseCheck *release, const RunBinary *binary, bool is_core) {
    const char *path = binary->full_path;
    BinaryCheck found = {0};
    Failure failure = {0};

    int r = binary_look(path, check->home.path, &found, &failure);
    if (r == -ENOENT && release->lacks_binary)
        return false;
    if (r < 0) {
        check_problem(check, CHECK_BINARY, path, NULL, "%s", failure.message);
        return false;
    }
    release->binary_bytes += found.identity.size_bytes;
    if (found.made_executable)
        return check_missing_bits(check, path);
    return check_version(check, release, path, is_core);
}
