/*
 * Resource limits that valgrind does not let a program set, or could not live with: a program that sets them is
 * told that it did, and is asked to believe it.
 */
#include "native_call.h"

#include <stdbool.h>
#include <sys/resource.h>
#include <valgrind/valgrind.h>

/* valgrind's own memory counts as address space; its own descriptors lie above the program's. */
static bool is_pretended(__rlimit_resource_t resource) {
    return RUNNING_ON_VALGRIND && (resource == RLIMIT_AS || resource == RLIMIT_NOFILE);
}

static struct rlimit pretended[RLIMIT_NLIMITS];
static bool is_set[RLIMIT_NLIMITS];

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limits) {
    if (!is_pretended(resource))
        return (int)as_libc(seen_call((Call){SYS_setrlimit, {(long)resource, ADDRESS(limits)}}));
    pretended[resource] = *limits;
    is_set[resource] = true;
    return 0;
}

int getrlimit(__rlimit_resource_t resource, struct rlimit *ret) {
    if (!is_pretended(resource) || !is_set[resource])
        return (int)as_libc(seen_call((Call){SYS_getrlimit, {(long)resource, ADDRESS(ret)}}));
    *ret = pretended[resource];
    return 0;
}
