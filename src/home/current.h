/*
 * `current`: the link that names the release in use. It is never missing and never half-made because of Visor: the
 * switch is one rename of a link that was made before, and it is durable before the new release starts.
 */
#pragma once

#include "base/failure.h"
#include "home/layout.h"

#include <stdbool.h>

/**
 * Reads where `current` points.
 *
 * @ret is the absolute path of the folder, owned by the caller. Returns 0; 1 if there is no `current`; 2 if it
 * points to nothing; -ENOTDIR if it points to something that is no folder; -EEXIST if it is no link; -errno.
 * Described in @failure, with the cure.
 */
MUST_USE int current_read(const Home *home, char **ret, Failure *failure);

/** Does it lead to a folder at all? It needs no memory to tell. */
bool current_leads(const Home *home);

/** Does it lead to @folder, by whatever name? It needs no memory either. */
bool current_leads_to(const Home *home, const char *folder);

/**
 * Is `current` something that a switch may replace: a link, or missing?
 *
 * Returns 0; -EEXIST if it is a folder or a file, -errno; described in @failure, with the cure.
 */
MUST_USE int current_check(const Home *home, Failure *failure);

/**
 * Does everything of a switch to @folder (absolute) but the rename: makes the new link beside `current`, and sees
 * that `current` is a link or missing. What fails here fails while the old node still runs.
 *
 * Returns 0 or -errno described in @failure.
 */
MUST_USE int current_prepare(const Home *home, const char *folder, Failure *failure);

/**
 * Points `current` at @folder (absolute) by one rename, and makes that durable. Prepares the link itself if
 * current_prepare() was not called or was called for another folder.
 *
 * Returns 0 or -errno described in @failure; then `current` is as it was.
 */
MUST_USE int current_switch(const Home *home, const char *folder, Failure *failure);
