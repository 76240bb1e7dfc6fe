#include "fetch/archive_tree.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 32768, /* more than three for each name */
    NAMES_AT_FIRST = 256,
    TEXT_BYTES_AT_FIRST = 16384,
    ROOT = 0, /* no node: the archive's own folder, and an empty bucket */
};

/* An element of a path; the folder it lies in is another node. Nodes count from 1. */
typedef struct Node {
    uint32_t parent;
    uint32_t text_offset;
    uint8_t length;
    bool file;
} Node;

/*
 * Elements are kept once each, so 10,000 names of the greatest length need 3 MB, not 40. A stranger who makes names
 * collide gains 50 million comparisons of a few bytes, which is nothing.
 */
struct ArchiveTree {
    uint32_t node_count;
    uint32_t node_capacity;
    Node *nodes;
    size_t text_length;
    size_t text_capacity;
    char *text;
    uint32_t buckets[BUCKETS];
};

int archive_tree_new(ArchiveTree **ret) {
    _cleanup_archive_tree_ ArchiveTree *tree = calloc(1, sizeof *tree);
    if (!tree)
        return -ENOMEM;
    tree->node_capacity = NAMES_AT_FIRST;
    tree->nodes = calloc(tree->node_capacity, sizeof *tree->nodes);
    tree->text_capacity = TEXT_BYTES_AT_FIRST;
    tree->text = malloc(tree->text_capacity);
    if (!tree->nodes || !tree->text)
        return -ENOMEM;
    *ret = TAKE_PTR(tree);
    return 0;
}

ArchiveTree *archive_tree_free(ArchiveTree *tree) {
    if (tree) {
        free(tree->nodes);
        free(tree->text);
    }
    free(tree);
    return NULL;
}

static const Node *node_at(const ArchiveTree *tree, uint32_t number) {
    return &tree->nodes[number - 1];
}

/* FNV-1a. */
static uint32_t first_bucket(uint32_t parent, const char *element, size_t length) {
    uint32_t hash = (UINT32_C(2166136261) ^ parent) * UINT32_C(16777619);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)element[i]) * UINT32_C(16777619);
    return (hash ^ hash >> 16) % BUCKETS;
}

/* The bucket that holds the element, or the empty one where it belongs. */
static uint32_t find_bucket(const ArchiveTree *tree, uint32_t parent, const char *element, size_t length) {
    uint32_t bucket = first_bucket(parent, element, length);
    for (; tree->buckets[bucket] != ROOT; bucket = (bucket + 1) % BUCKETS) {
        const Node *node = node_at(tree, tree->buckets[bucket]);
        if (node->parent == parent && node->length == length &&
            memcmp(tree->text + node->text_offset, element, length) == 0)
            break;
    }
    return bucket;
}

static int make_room(ArchiveTree *tree, size_t length) {
    if (tree->node_count == tree->node_capacity) {
        Node *larger = realloc(tree->nodes, sizeof *larger * tree->node_capacity * 2);
        if (!larger)
            return -ENOMEM;
        tree->nodes = larger;
        tree->node_capacity *= 2;
    }
    if (tree->text_length + length > tree->text_capacity) {
        char *larger = realloc(tree->text, tree->text_capacity * 2);
        if (!larger)
            return -ENOMEM;
        tree->text = larger;
        tree->text_capacity *= 2;
    }
    return 0;
}

static int add_node(ArchiveTree *tree, uint32_t bucket, Node node, const char *element) {
    int r = make_room(tree, node.length);
    if (r < 0)
        return r;
    node.text_offset = (uint32_t)tree->text_length;
    memcpy(tree->text + tree->text_length, element, node.length);
    tree->text_length += node.length;
    tree->nodes[tree->node_count++] = node;
    tree->buckets[bucket] = tree->node_count;
    return 0;
}

static int refuse(Failure *failure, const char *path, size_t length, const char *fault) {
    char plain[ARCHIVE_PATH_BYTES];
    char printable[256];
    memcpy(plain, path, length);
    plain[length] = '\0';
    return failure_set(
        failure, -EBADMSG, "\"%s\" %s; tell the makers of the release",
        string_printable(printable, sizeof printable, plain), fault);
}

int archive_tree_add(ArchiveTree *tree, const ArchiveItem *item, Failure *failure) {
    uint32_t parent = ROOT;

    if (item->kind == ARCHIVE_ENTRY_ROOT)
        return 0;
    for (const char *element = item->path;;) {
        size_t length = strcspn(element, "/");
        bool last = element[length] == '\0';
        bool file = last && item->kind == ARCHIVE_ENTRY_FILE;
        size_t path_length = (size_t)(element - item->path) + length;
        uint32_t bucket = find_bucket(tree, parent, element, length);

        if (tree->buckets[bucket] == ROOT) {
            if (tree->node_count == ARCHIVE_TREE_NAMES_MAX)
                return failure_set(
                    failure, -EBADMSG,
                    "the archive has more than %d files and folders; tell the makers of the release",
                    ARCHIVE_TREE_NAMES_MAX);
            Node node = {.parent = parent, .length = (uint8_t)length, .file = file};
            int r = add_node(tree, bucket, node, element);
            if (r < 0)
                return failure_set(failure, r, "cannot remember the names of the archive: out of memory");
        } else {
            bool known_file = node_at(tree, tree->buckets[bucket])->file;
            if (known_file && file)
                return refuse(failure, item->path, path_length, "is in the archive twice");
            if (known_file != file)
                return refuse(failure, item->path, path_length, "is both a file and a folder in the archive");
        }
        if (last)
            return 0;
        parent = tree->buckets[bucket];
        element += length + 1;
    }
}

bool archive_tree_has_file(const ArchiveTree *tree, const char *path) {
    uint32_t parent = ROOT;
    for (const char *element = path;;) {
        size_t length = strcspn(element, "/");
        uint32_t node = tree->buckets[find_bucket(tree, parent, element, length)];
        if (node == ROOT)
            return false;
        if (element[length] == '\0')
            return node_at(tree, node)->file;
        parent = node;
        element += length + 1;
    }
}

/* Puts the path of the node @number into @path, from its end. */
static void write_path(const ArchiveTree *tree, uint32_t number, char (*path)[ARCHIVE_PATH_BYTES]) {
    size_t start = sizeof *path - 1;
    while (number != ROOT) {
        const Node *node = node_at(tree, number);
        if (start < sizeof *path - 1)
            (*path)[--start] = '/';
        start -= node->length;
        memcpy(*path + start, tree->text + node->text_offset, node->length);
        number = node->parent;
    }
    size_t length = sizeof *path - 1 - start;
    memmove(*path, *path + start, length);
    (*path)[length] = '\0';
}

bool archive_tree_get(const ArchiveTree *tree, size_t index, ArchiveItem *ret) {
    if (index >= tree->node_count)
        return false;
    const Node *node = &tree->nodes[index];
    ret->kind = node->file ? ARCHIVE_ENTRY_FILE : ARCHIVE_ENTRY_FOLDER;
    ret->executable = false; /* not remembered */
    write_path(tree, (uint32_t)index + 1, &ret->path);
    return true;
}
