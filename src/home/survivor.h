/*
 * A node process that has outlived the Visor that started it: is it there, and is it certain that it is the one
 * that its lock file tells of?
 */
#pragma once

#include "core/event.h"
#include "home/lock_holder.h"
#include "home/process_record.h"

/**
 * Looks for the process @name of the home. To be asked only by who holds the home, or while nobody does: the lock
 * is taken for the moment of the look.
 *
 * It is known (ALIVE_ADOPTED) if its pid, start time and executable are those on record. Without its lock, which a
 * wrapper may have closed, the executable must be seen for that; if it is another, it must hold the lock itself.
 * A process whose lock file was removed, moved or replaced is known by what that file tells (stray.h).
 * ALIVE_UNKNOWN comes with the reason in @failure: somebody holds the lock, and it is not certain that it is the
 * node, or it was not possible to look. Who holds it, survivor_describe() tells.
 *
 * @ret is what the lock file tells, if it can be read, also of a dead process; owned by the caller
 * (process_record_clear).
 */
MUST_USE Alive survivor_look(const Home *home, ProcessName name, ProcessRecord *ret, Failure *failure);

/**
 * Finds what is alive of the process @name, also beside a running visor: those that hold its lock, under its name
 * or another, or else the process that the record tells of. Fills @holders with at most @capacity pids, of strays
 * with no more than LOCK_HOLDERS_SHOWN, and returns how many there are.
 */
size_t survivor_holders(const Home *home, ProcessName name, pid_t *holders, size_t capacity);

/** Writes the pids of those that hold the lock of the process @name, under its name or another, for a person. */
void survivor_describe(const Home *home, ProcessName name, char (*text)[LOCK_HOLDERS_TEXT_BYTES]);
