#include "base/cleanup.h"
#include "cli/check.h"

void check_problems(Check *check, FindingCheck what, const char *path, const Problems *problems) {
    for (size_t i = 0; i < problems->count; i++) {
        const Problem *problem = &problems->items[i];
        char place[1024];
        problem_place(place, sizeof place, path, problem);
        findings_add(
            &check->findings, what, problem->severity == PROBLEM_ERROR ? FINDING_PROBLEM : FINDING_WARNING, place,
            NULL, "%s", problem->text);
    }
}

void check_config(Check *check) {
    _cleanup_free_ char *path = home_path(&check->home, HOME_CONFIG_FILE);
    _cleanup_problems_ Problems problems = {0};

    int r = path ? config_load(path, &check->config, &problems) : -ENOMEM;
    if (r == -ENOMEM) {
        check_problem(check, CHECK_CONFIG, HOME_CONFIG_FILE, NULL, "cannot be read: out of memory");
        return;
    }
    check_problems(check, CHECK_CONFIG, path, &problems);
    if (r >= 0)
        check_ok(check, CHECK_CONFIG, path, "can be used");
}
