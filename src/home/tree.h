/*
 * What a release folder holds, without reading a file: the paths, sizes and times of everything in it. Bounded,
 * because the resident process must not be kept busy by a folder that somebody filled.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    TREE_ENTRIES_MAX = 10000, /* files and folders */
    TREE_DEPTH_MAX = 32,
};

typedef struct TreeEntry {
    char *path;          /* relative to the folder */
    mode_t mode;         /* of a regular file or a folder, never anything else */
    uint64_t size_bytes; /* of a file; 0 of a folder, where it says nothing */
    uint64_t mtime_nsec; /* likewise */
} TreeEntry;

typedef struct Tree {
    TreeEntry *entries; /* sorted by path, as bytes */
    size_t count;
    size_t capacity;
} Tree;

/**
 * Lists everything below the folder @fd.
 *
 * @ret is owned by the caller (tree_clear). Returns 0; 1 if there is something that is neither file nor folder,
 * lies on another file system, or is too much or too deep, described in @failure with @name for the folder; -errno,
 * likewise.
 */
MUST_USE int tree_list(int fd, const char *name, Tree *ret, Failure *failure);

/** The entry at @path, or NULL. */
const TreeEntry *tree_find(const Tree *tree, const char *path);

void tree_clear(Tree *tree);

#define _cleanup_tree_ __attribute__((__cleanup__(tree_clear)))
