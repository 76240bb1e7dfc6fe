/*
 * Reads a file into the page cache, so that the start of a new release does not wait for the disk.
 */
#pragma once

#include "base/failure.h"

/**
 * Reads the regular file @path once; nothing of it is kept in this process.
 * Returns 0, or -errno described in @failure.
 */
MUST_USE int warm(const char *path, Failure *failure);
