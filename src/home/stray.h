/*
 * A process of the home whose lock file has lost its name: somebody has cleared up, moved or restored HOME/.visor,
 * and a new file of that name would be free. The lock lasts, and the file can still be read through its holder's
 * descriptor: it tells of which home and process it is.
 */
#pragma once

#include "home/lock_holder.h"
#include "home/process_record.h"

/** What was found. */
typedef struct Stray {
    ProcessRecord record; /* if one of the holders is the very process that it tells of; otherwise its pid is 0 */
    pid_t holders[LOCK_HOLDERS_SHOWN];
    size_t count;      /* of all holders */
    const char *doubt; /* then: what there is to say of the holders, and the cure */
} Stray;

/**
 * Looks for those that hold a lock of the process @name of the home, whatever its file is called by now; so also
 * for those that hold it under its name. @ret is owned by the caller (stray_clear). Returns 0, or -errno if it was
 * not possible to look.
 */
MUST_USE int stray_find(const Home *home, ProcessName name, Stray *ret);

/** Does the process @pid hold such a lock? Returns 1, 0, or -errno if it was not possible to look. */
MUST_USE int stray_is_held_by(const Home *home, ProcessName name, pid_t pid);

/** Signals all of them. */
void stray_signal(const Home *home, ProcessName name, int signal_number);

void stray_clear(Stray *stray);

#define _cleanup_stray_ _cleanup_(stray_clear)
