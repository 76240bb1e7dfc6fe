#include "config/config_file.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "config/toml_text.h"

#include <limits.h>
#include <string.h>

/* A link that leads nowhere: the file that is missing is another one. */
static bool describe_dangling(const char *path, char *target, size_t size_bytes) {
    ssize_t length = readlink(path, target, size_bytes - 1);
    if (length < 0)
        return false;
    target[length] = '\0';
    return true;
}

static const char *cure_of(int error, const char *missing_cure) {
    switch (error) {
    case -ENOENT:
        return missing_cure;
    case -EACCES:
    case -EPERM:
        return "let the user that runs Visor read it and enter its folders (chmod, chown)";
    case -EISDIR:
    case -EINVAL:
        return "move it away and put the file in its place";
    case -EFBIG:
        return "a configuration has a few kilobytes; put the right file in its place";
    case -ENOTDIR:
        return "a part of the path is no folder; correct it";
    case -ELOOP:
        return "symbolic links lead in a circle; put the file in their place";
    default:
        return "Visor tries again when the file changes";
    }
}

static int report_unreadable(
    const char *path, int error, const Failure *failure, const char *missing_cure, Problems *problems) {
    char target[PATH_MAX];
    if (error == -ENOMEM)
        return error;
    if (error == -ENOENT && describe_dangling(path, target, sizeof target))
        problems_add(
            problems, PROBLEM_ERROR, 0, 0, "%s is a link to %s, which does not exist; correct the link", path,
            target);
    else
        problems_add(problems, PROBLEM_ERROR, 0, 0, "%s; %s", failure->message, cure_of(error, missing_cure));
    return -EBADMSG;
}

static int report_empty(const char *what, const char *missing_cure, Problems *problems) {
    problems_add(problems, PROBLEM_ERROR, 0, 0, "the file %s; %s", what, missing_cure);
    return -EBADMSG;
}

int config_file_load(const char *path, const char *missing_cure, TomlNode **ret, Problems *problems) {
    _cleanup_free_ char *text = NULL;
    _cleanup_toml_ TomlNode *root = NULL;
    Failure failure = {0};
    size_t length = 0;

    int r = file_read(path, CONFIG_FILE_MAX_BYTES, &text, &length, &failure);
    if (r < 0)
        return report_unreadable(path, r, &failure, missing_cure, problems);
    if (toml_text_blank(text, length))
        return report_empty("is empty", missing_cure, problems);
    r = toml_parse(text, length, &root, problems);
    if (r < 0)
        return r;
    if (!root->children)
        return report_empty("holds no settings, only comments", missing_cure, problems);
    *ret = TAKE_PTR(root);
    return 0;
}
