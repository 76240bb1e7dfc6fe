/*
 * The names an archive has used so far, as a tree: tells duplicates, files where folders are, and the reverse,
 * without asking the disk (whose file system may fold letter case), and bounds how many there are.
 */
#pragma once

#include "base/failure.h"
#include "fetch/archive_entry.h"

#include <stdint.h>

/** Files and folders, those included that are only parts of a path. */
enum { ARCHIVE_TREE_NAMES_MAX = 10000 };

typedef struct ArchiveTree ArchiveTree;

/** An empty tree; owned by the caller (archive_tree_free). Returns 0 or -ENOMEM. */
MUST_USE int archive_tree_new(ArchiveTree **ret);

/** Frees @tree; NULL is fine. Returns NULL. */
ArchiveTree *archive_tree_free(ArchiveTree *tree);

/**
 * Adds @item and the folders it lies in. A folder may be named any number of times, a file once.
 *
 * Returns 0; -EBADMSG described in @failure: there is a file of that name, a folder is where a file is to be or the
 * reverse, or there are more than ARCHIVE_TREE_NAMES_MAX; -ENOMEM.
 */
MUST_USE int archive_tree_add(ArchiveTree *tree, const ArchiveItem *item, Failure *failure);

/** Is there a file of this path? */
bool archive_tree_has_file(const ArchiveTree *tree, const char *path);

/**
 * The name number @index, from 0 in the order in which they came, each folder before what lies in it.
 * Returns false behind the last.
 */
bool archive_tree_get(const ArchiveTree *tree, size_t index, ArchiveItem *ret);

static inline void cleanup_archive_tree(ArchiveTree **tree) {
    (void)archive_tree_free(*tree);
}
#define _cleanup_archive_tree_ __attribute__((__cleanup__(cleanup_archive_tree)))
