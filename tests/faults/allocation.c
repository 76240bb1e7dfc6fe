/*
 * Preloaded into a program under test: its Nth allocation fails, and as many after it as one likes.
 *
 *     LD_PRELOAD=liballocation.so ALLOCATION_PROGRAM=visor ALLOCATION_COUNTER=FILE ALLOCATION_AT=170 visor run ...
 *
 * ALLOCATION_PROGRAM  the name of the executable that is meant; in others nothing happens
 * ALLOCATION_COUNTER  8 bytes in a file: the number of allocations so far, of the program and what it becomes
 * ALLOCATION_AT       the first that fails, from 1; 0 only counts
 * ALLOCATION_COUNT    how many fail, from that one on; 1 if it is not set
 *
 * What libc allocates itself, as strdup() does, and what C++ does with new, comes by here as well.
 */
#include "meant.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

/* The allocator behind these functions, by names of its own: dlsym() would allocate to find it. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);

static _Atomic uint64_t *counter; /* NULL: not meant */
static uint64_t first, last;

__attribute__((__constructor__)) static void begin(void) {
    const char *file = getenv("ALLOCATION_COUNTER"), *at = getenv("ALLOCATION_AT");
    const char *count = getenv("ALLOCATION_COUNT");
    if (!file || !at || !is_meant("ALLOCATION_PROGRAM"))
        return;
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(uint64_t)) < 0)
        abort();
    void *shared = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        abort();
    (void)close(fd);
    first = strtoull(at, NULL, 10);
    last = first == 0 ? 0 : first + (count ? strtoull(count, NULL, 10) : 1) - 1;
    counter = shared;
}

static bool fails(void) {
    if (!counter)
        return false;
    uint64_t number = atomic_fetch_add(counter, 1) + 1;
    if (number < first || number > last)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t bytes) {
    return fails() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
    return fails() ? NULL : __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes) {
    return fails() ? NULL : __libc_realloc(old, bytes);
}
