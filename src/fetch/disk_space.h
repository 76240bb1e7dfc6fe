/*
 * Is there room? Asked before a download and while it runs: the node writes to the same disk, and a full one stops
 * it.
 */
#pragma once

#include "base/failure.h"

#include <stdint.h>

/**
 * Is there room for @bytes more on the file system of @fd, and the reserve beside it that a node needs to go on?
 * Returns 0; -ENOSPC, described in @failure with the cure; -errno of fstatvfs.
 */
MUST_USE int disk_space_check(int fd, uint64_t bytes, Failure *failure);

/** What unpacking an asset of this name and size takes, as far as one can know before. */
uint64_t disk_space_unpacked_bytes(const char *asset, uint64_t bytes, uint64_t unpacked_bytes_max);
