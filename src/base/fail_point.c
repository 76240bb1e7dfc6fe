#include "base/fail_point.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const char *const NAMES[] = {
#define X(name, who, meaning) [FAIL_POINT_##name] = #name,
    FAIL_POINTS(X)
#undef X
};

/* Of the environment; of builds for tests only. */
static const char *wanted;
static size_t wanted_length;
static unsigned long wanted_pass;
static atomic_ulong *passes; /* shared with forks: a child is killed once, not whenever it is started anew */

__attribute__((__constructor__)) static void begin(void) {
    const char *text = getenv("VISOR_FAIL_POINT");
    if (!text)
        return;
    void *shared = mmap(NULL, sizeof *passes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return;
    passes = shared;
    wanted = text;
    wanted_length = strcspn(text, ":");
    wanted_pass = text[wanted_length] ? strtoul(text + wanted_length + 1, NULL, 10) : 1;
}

void fail_point_pass(FailPoint point) {
    const char *name = NAMES[point];
    if (!wanted || strlen(name) != wanted_length || strncmp(name, wanted, wanted_length) != 0)
        return;
    if (atomic_fetch_add(passes, 1) + 1 == wanted_pass)
        (void)raise(SIGKILL); /* kill(2) is denied to visor-fetch */
}
