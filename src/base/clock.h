/*
 * The two clocks. Everything that is decided uses the monotonic one, in microseconds; the realtime one is only
 * printed. Both are read here and passed down, so that the pure core never asks for the time.
 */
#pragma once

#include <stdint.h>

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)

/** A deadline that never comes. */
#define USEC_NEVER UINT64_MAX

/** CLOCK_MONOTONIC in microseconds: the clock of sd-event's timers. */
uint64_t clock_monotonic_usec(void);

/** CLOCK_REALTIME in microseconds since 1970. */
uint64_t clock_realtime_usec(void);

/** @usec + @delay_usec, USEC_NEVER instead of an overflow. */
uint64_t usec_add(uint64_t usec, uint64_t delay_usec);

/** @later_usec - @earlier_usec, 0 if it is not later. */
uint64_t usec_since(uint64_t later_usec, uint64_t earlier_usec);
