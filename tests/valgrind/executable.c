/*
 * What another process executes. valgrind tells a program its own executable where it asks for /proc/self/exe, but
 * of others in valgrind the kernel tells valgrind's: here their command line is asked, which names the program.
 */
#include "native_call.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <valgrind/valgrind.h>

static bool is_link_to_executable(const char *path) {
    return strncmp(path, "/proc/", 6) == 0 && isdigit((unsigned char)path[6]) &&
           strcmp(path + 6 + strspn(path + 6, "0123456789"), "/exe") == 0;
}

static bool is_valgrind(const char *target, size_t length) {
    return memmem(target, length, "/memcheck-", strlen("/memcheck-")) != NULL;
}

/* valgrind, its options, the program, and what that was given. Returns the length, or 0 if it cannot be told. */
static size_t find_program(const char *link, char *ret, size_t size_bytes) {
    char path[64], words[4096];
    (void)snprintf(path, sizeof path, "%.*s/cmdline", (int)(strlen(link) - strlen("/exe")), link);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, words, sizeof words - 1);
    if (fd >= 0)
        (void)close(fd);
    if (length <= 0)
        return 0;
    words[length] = '\0';
    for (const char *word = words; word < words + length; word += strlen(word) + 1) {
        if (word == words || word[0] == '-')
            continue;
        size_t bytes = strlen(word);
        if (word[0] != '/' || bytes > size_bytes)
            return 0;
        memcpy(ret, word, bytes);
        return bytes;
    }
    return 0;
}

ssize_t readlink(const char *path, char *ret, size_t size_bytes) {
    ssize_t length =
        as_libc(seen_call((Call){SYS_readlink, {ADDRESS(path), ADDRESS(ret), (long)(intptr_t)size_bytes}}));
    if (!RUNNING_ON_VALGRIND || length <= 0 || !is_link_to_executable(path) || !is_valgrind(ret, (size_t)length))
        return length;
    size_t bytes = find_program(path, ret, size_bytes);
    return bytes > 0 ? (ssize_t)bytes : length;
}
