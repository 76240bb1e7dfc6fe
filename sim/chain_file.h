/* The height, kept in chain.json across starts: it is what the real node has in its data base. */
#pragma once

#include "sim/chain.h"

typedef struct ChainFile {
    int fd;
} ChainFile;

/**
 * Opens chain.json in the folder @home_fd and reads @chain from it; a new or damaged one leaves @chain as it is.
 * Returns 0 or -errno, described in @failure.
 */
MUST_USE int chain_file_open(ChainFile *file, int home_fd, Chain *chain, Failure *failure);

/**
 * Writes the height in place. Cheap enough for every block, so that a node that is killed goes on where it was;
 * never synced, for the simulated node need not survive the machine.
 */
void chain_file_write(const ChainFile *file, const Chain *chain);

void chain_file_close(ChainFile *file);
