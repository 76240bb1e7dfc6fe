/*
 * What the program executes: its own kind stays in valgrind, all others become themselves.
 *
 * MEMCHECK_PROGRAMS  the names of the executables that stay, which blanks separate
 * MEMCHECK_LIFE      names valgrind's report; each program that stays gets another, since a report is begun anew
 *
 * The others are executed past valgrind. It could leave them alone itself, but it says no to some that the kernel
 * takes, and gives up where an execve(2) fails that it held for good.
 */
#include "native_call.h"
#include "remains.h"
#include "tests/faults/meant.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <valgrind/valgrind.h>

enum { ENVIRONMENT_MAX = 1024, KERNEL_SIGSET_BYTES = 8 };

static bool stays(const char *path) {
    const char *programs = getenv("MEMCHECK_PROGRAMS");
    return programs && is_listed(programs, path);
}

/* What valgrind and the tests have preloaded for here is of no use elsewhere, and is not there to be seen. */
static void strip(const char *preload, char *ret, size_t size_bytes) {
    size_t used = 0;
    ret[0] = '\0';
    for (size_t bytes; *preload; preload += bytes + strspn(preload + bytes, ": ")) {
        bytes = strcspn(preload, ": ");
        if (memmem(preload, bytes, "/vgpreload_", 11) || memmem(preload, bytes, "/libmemcheck.so", 15) ||
            used + bytes + 2 > size_bytes)
            continue;
        used += (size_t)snprintf(ret + used, size_bytes - used, "%s%.*s", used > 0 ? ":" : "", (int)bytes, preload);
    }
}

static const char PRELOAD[] = "LD_PRELOAD=", LIFE[] = "MEMCHECK_LIFE=";

static bool is_variable(const char *entry, const char *name) {
    return strncmp(entry, name, strlen(name)) == 0;
}

/* The strings are borrowed, or static. */
static void copy_environment(char *const environment[], bool stays, char *ret[ENVIRONMENT_MAX]) {
    static char preload[4096], life[64];
    struct timespec now;
    size_t count = 0;

    for (size_t i = 0; environment && environment[i] && count + 1 < ENVIRONMENT_MAX; i++) {
        ret[count++] = environment[i];
        if (stays && is_variable(environment[i], LIFE)) {
            (void)clock_gettime(CLOCK_MONOTONIC, &now);
            (void)snprintf(
                life, sizeof life, "%s%d-%lld", LIFE, (int)getpid(), now.tv_sec * 1000000000LL + now.tv_nsec);
            ret[count - 1] = life;
        } else if (!stays && is_variable(environment[i], PRELOAD)) {
            (void)strcpy(preload, PRELOAD);
            strip(environment[i] + strlen(PRELOAD), preload + strlen(PRELOAD), sizeof preload - strlen(PRELOAD));
            ret[count - 1] = preload;
            count -= preload[strlen(PRELOAD)] ? 0 : 1;
        }
    }
    ret[count] = NULL;
}

/* Like valgrind's own execve: mask and limits as the program has set them, not as valgrind lives with them. */
static long execute_natively(const char *path, char *const arguments[], char *const environment[]) {
    sigset_t mask, before;
    struct rlimit data;

    (void)seen_call((Call){SYS_rt_sigprocmask, {SIG_SETMASK, 0, ADDRESS(&mask), KERNEL_SIGSET_BYTES}});
    (void)seen_call((Call){SYS_getrlimit, {RLIMIT_DATA, ADDRESS(&data)}});
    const Call calls[] = {
        {SYS_setrlimit, {RLIMIT_DATA, ADDRESS(&data)}},
        {SYS_rt_sigprocmask, {SIG_SETMASK, ADDRESS(&mask), ADDRESS(&before), KERNEL_SIGSET_BYTES}},
        {SYS_execve, {ADDRESS(path), ADDRESS(arguments), ADDRESS(environment)}},
    };
    long result = native_calls(calls, sizeof calls / sizeof *calls);
    const Call back = {SYS_rt_sigprocmask, {SIG_SETMASK, ADDRESS(&before), 0, KERNEL_SIGSET_BYTES}};
    (void)native_calls(&back, 1);
    return result;
}

int execve(const char *path, char *const arguments[], char *const environment[]) {
    char *copied[ENVIRONMENT_MAX];
    const Call call = {SYS_execve, {ADDRESS(path), ADDRESS(arguments), ADDRESS(environment)}};

    if (!RUNNING_ON_VALGRIND)
        return (int)as_libc(seen_call(call));
    copy_environment(environment, stays(path), copied);
    if (!stays(path))
        return (int)as_libc(execute_natively(path, arguments, copied));
    remains_report_memory();
    return (int)as_libc(seen_call((Call){SYS_execve, {ADDRESS(path), ADDRESS(arguments), ADDRESS(copied)}}));
}

int execv(const char *path, char *const arguments[]) {
    return execve(path, arguments, environ);
}
