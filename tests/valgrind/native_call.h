/*
 * System calls that the kernel answers, not valgrind.
 *
 * valgrind 3.19 answers ENOSYS where it does not know a call, and has its own mind about some that it knows. A
 * client request lets a function run on the real processor, past valgrind, and there a call is just a call. Outside
 * valgrind all of them are.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

typedef struct Call {
    long number;
    long arguments[6];
} Call;

#define ADDRESS(pointer) ((long)(intptr_t)(pointer))

/** Makes the @count calls one after the other past valgrind, up to one that fails; returns what the kernel
 * returned. */
long native_calls(const Call *calls, size_t count);

/** Makes the call so that valgrind sees it. Returns what the kernel returned. */
long seen_call(Call call);

/** As libc tells it: -1 and errno. */
long as_libc(long result);
