#include "native_call.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>
#include <valgrind/valgrind.h>

/* Without libc: on valgrind's own stack there is neither errno nor a canary of the stack protector. */
__attribute__((__no_stack_protector__, __noinline__)) static long make_call(const Call *call) {
    register long fourth __asm__("r10") = call->arguments[3];
    register long fifth __asm__("r8") = call->arguments[4];
    register long sixth __asm__("r9") = call->arguments[5];
    long result = call->number;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(call->arguments[0]), "S"(call->arguments[1]), "d"(call->arguments[2]), "r"(fourth),
                       "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
}

__attribute__((__no_stack_protector__)) static long make_calls(long thread, const Call *calls, size_t count) {
    long result = 0;
    (void)thread;
    for (size_t i = 0; result >= 0 && i < count; i++)
        result = make_call(&calls[i]);
    return result;
}

long native_calls(const Call *calls, size_t count) {
    if (!RUNNING_ON_VALGRIND)
        return make_calls(0, calls, count);
    return (long)VALGRIND_NON_SIMD_CALL2(make_calls, calls, count);
}

long seen_call(Call call) {
    return make_call(&call);
}

long as_libc(long result) {
    if (result >= 0 || result < -4095)
        return result;
    errno = (int)-result;
    return -1;
}

/* execveat is known, but valgrind gives up where a sandbox refuses it. */
static bool is_unknown(long number) {
    return number == SYS_pidfd_open || number == SYS_pidfd_send_signal || number == SYS_seccomp ||
           number == SYS_execveat ||
           (number >= SYS_landlock_create_ruleset && number <= SYS_landlock_restrict_self);
}

long syscall(long number, ...) {
    Call call = {.number = number};
    va_list more;
    va_start(more, number);
    for (size_t i = 0; i < sizeof call.arguments / sizeof *call.arguments; i++)
        call.arguments[i] = va_arg(more, long);
    va_end(more);
    return as_libc(is_unknown(number) ? native_calls(&call, 1) : seen_call(call));
}

/* valgrind would make it a kill(2) of its own, and dies where a sandbox forbids that. */
int raise(int number) {
    const Call call = {SYS_tgkill, {getpid(), gettid(), number}};
    return (int)as_libc(number == SIGKILL ? native_calls(&call, 1) : seen_call(call));
}
