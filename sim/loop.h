/*
 * The event loop: descriptors and timers over epoll. Sixty lines of our own instead of sd-event, because loading
 * libsystemd doubles the time from exec to main(), which is what the benches measure.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

typedef struct Loop Loop;
typedef struct Source Source;
typedef struct Timer Timer;

/** Called with the EPOLL... bits that are up. It may free any source, its own included. */
typedef void (*SourceHandler)(uint32_t events, void *userdata);

/** Called once the deadline is reached. */
typedef void (*TimerHandler)(void *userdata);

MUST_USE int loop_new(Loop **ret);

/** Returns NULL; the sources and timers have to be freed before. */
Loop *loop_free(Loop *loop);

/** Dispatches until loop_exit is called. Returns the code given there, or -errno. */
MUST_USE int loop_run(Loop *loop);

/** Ends loop_run after the current handler; the first code counts. */
void loop_exit(Loop *loop, int code);

bool loop_exits(const Loop *loop);

/** Watches @fd, which is borrowed, for @events. Returns 0 or -errno. */
MUST_USE int source_new(Loop *loop, int fd, uint32_t events, SourceHandler handler, void *userdata, Source **ret);

MUST_USE int source_set_events(Source *source, uint32_t events);

/** Returns NULL; NULL is fine. Call it before its descriptor is closed. */
Source *source_free(Source *source);

MUST_USE int timer_new(Loop *loop, TimerHandler handler, void *userdata, Timer **ret);

/** Arms the timer for @deadline_usec, CLOCK_MONOTONIC; the past means at once, USEC_NEVER not at all. */
void timer_set(Timer *timer, uint64_t deadline_usec);

/** Returns NULL; NULL is fine. */
Timer *timer_free(Timer *timer);
