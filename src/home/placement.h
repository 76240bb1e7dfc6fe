/*
 * A staged release is put in place: as a whole by one rename, so that no half-made folder ever bears the name of a
 * release, or its binary alone into the folder of an operator that lacks it.
 */
#pragma once

#include "base/failure.h"
#include "home/layout.h"
#include "home/staged.h"

/**
 * Puts @staged, which was completed by staging_compose(), into @folder (absolute), as far as release_absence() says
 * that something is missing there. Nothing that is there is replaced but an empty folder. Durable; a repetition
 * after a crash at any point ends in the same place.
 *
 * Returns 0, also if the release there is complete already, whoever put it there; -EXDEV if the two lie on
 * different file systems, -EBADMSG if @staged is not complete, whatever release_load() says of a folder that is the
 * operator's matter, -errno; described in @failure.
 */
MUST_USE int placement_put(const Home *home, const Staged *staged, const char *folder, Failure *failure);
