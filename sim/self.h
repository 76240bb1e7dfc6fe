/* What a process finds around itself when it starts: the proof that whoever started it did it properly. */
#pragma once

#include "base/json.h"
#include "sim/commands.h"

#include <signal.h>

/**
 * The members of the event "main": argv, cwd, ppid, pgid, sid, fds, stdin, signals_blocked, signals_ignored and
 * environment. To be called before anything of this is changed or any file is opened. NULL when memory is out.
 */
json_t *self_describe(const Program *program);
