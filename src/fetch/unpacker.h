/*
 * unpack() in a further process, the one fork of visor-fetch: what parses an archive has no network, may write only
 * below the folder it unpacks into, and may crash, hang or be killed without the rest noticing more than an error.
 */
#pragma once

#include "base/failure.h"
#include "fetch/unpack.h"

/**
 * The same as unpack(), in a further process that dies with this one.
 *
 * @progress is called at least once a second until the call returns, also while the process waits for the disk; it
 * may be NULL. Call it while this process has no other thread.
 * Returns what unpack() returns; -ECHILD, described in @failure, if the process crashed, was killed or talked
 * nonsense; -errno of pipe and fork.
 */
MUST_USE int unpacker_run(
    const UnpackRequest *request, UnpackProgress progress, void *userdata, UnpackResult *ret, Failure *failure);
