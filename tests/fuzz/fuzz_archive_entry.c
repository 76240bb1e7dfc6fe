/*
 * An archive's entries, one a line: a letter for what the entry is, and its path. Whatever is taken can be put into
 * a folder, and nowhere else: that is asked here once more, in other words than those of archive_entry.c.
 */
#include "fetch/archive_entry.h"
#include "fetch/archive_tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ArchiveEntry entry_of(char letter, const char *path) {
    ArchiveEntry entry = {.path = path, .mode = S_IFREG | 0644};
    switch (letter) {
    case 'd':
        entry.mode = S_IFDIR | 0755;
        break;
    case 'x':
        entry.mode = S_IFREG | 0755;
        break;
    case '0':
        entry.mode = 0;
        break;
    case 'l':
        entry.mode = S_IFLNK | 0777;
        break;
    case 'h':
        entry.hard_link = true;
        break;
    case 's':
        entry.symbolic_link = true;
        break;
    case 'e':
        entry.encrypted = true;
        break;
    case 'u':
        entry.mode = S_IFREG | S_ISUID | 0755;
        break;
    case 'p':
        entry.mode = S_IFIFO | 0644;
        break;
    case 'n':
        entry.path = NULL;
        break;
    default:
        break;
    }
    return entry;
}

static void check_path(const char *path) {
    char guarded[ARCHIVE_PATH_BYTES + 2];
    size_t length = strlen(path);
    if (length == 0 || length >= ARCHIVE_PATH_BYTES)
        abort();
    /* With a slash at each end every element is between two. */
    guarded[0] = '/';
    memcpy(guarded + 1, path, length);
    memcpy(guarded + 1 + length, "/", 2);
    if (strstr(guarded, "/../") || strstr(guarded, "/./") || strstr(guarded, "//"))
        abort();
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f)
            abort();
    if (strcasecmp(path, "run-config.toml") == 0)
        abort();
}

static void check_entry(ArchiveTree *tree, char letter, const char *path) {
    const ArchiveEntry entry = entry_of(letter, path);
    Failure failure = {0};
    ArchiveItem item;
    int r = archive_entry_check(&entry, &item, &failure);
    if (r < 0 && (r != -EBADMSG || !failure.message[0]))
        abort();
    if (r < 0)
        return;
    if (letter && strchr("lhseupn", letter))
        abort();
    if (item.kind == ARCHIVE_ENTRY_ROOT)
        return;
    check_path(item.path);
    bool known = archive_tree_has_file(tree, item.path);
    r = archive_tree_add(tree, &item, &failure);
    if (known && r == 0)
        abort();
    if (r == 0 && archive_tree_has_file(tree, item.path) != (item.kind == ARCHIVE_ENTRY_FILE))
        abort();
}

static void check_list(const ArchiveTree *tree) {
    ArchiveItem item;
    for (size_t i = 0; archive_tree_get(tree, i, &item); i++) {
        check_path(item.path);
        if (archive_tree_has_file(tree, item.path) != (item.kind == ARCHIVE_ENTRY_FILE))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ArchiveTree *tree = NULL;
    char *text = malloc(size + 1);
    if (!text || archive_tree_new(&tree) < 0)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));)
        check_entry(tree, line[0], line[0] ? line + 1 : line);
    check_list(tree);
    (void)archive_tree_free(tree);
    free(text);
    return 0;
}
