#include "fetch/archive_entry.h"

#include "base/strings.h"

#include <string.h>

/* What Visor itself keeps beside the files of a release; home/. */
static const char *const VISORS_OWN[] = {"run-config.toml", ".visor-release.json"};

/* Why a path is refused, as the end of a sentence; NULL = it is fine. */
static const char *path_fault(const char *path) {
    size_t length = strlen(path);
    unsigned depth = 0;

    if (length == 0)
        return "has no name";
    if (path[0] == '/')
        return "has an absolute path";
    if (length >= ARCHIVE_PATH_BYTES)
        return "has a path of more than 4096 bytes";
    for (const char *rest = path; *rest;) {
        size_t sequence = printable_sequence_length(rest);
        if (sequence == 0 && utf8_sequence_length(rest) > 0)
            return "has control characters in its name";
        if (sequence == 0)
            return "has a name that is no UTF-8: the archive must be made anew with plain names";
        rest += sequence;
    }
    for (const char *element = path;;) {
        size_t element_length = strcspn(element, "/");
        if (element_length == 0)
            return "has an empty element in its path";
        if (element_length > ARCHIVE_ELEMENT_BYTES_MAX)
            return "has a name of more than 255 bytes in its path";
        if (element_length == 1 && element[0] == '.')
            return "has a \".\" in its path";
        if (element_length == 2 && element[0] == '.' && element[1] == '.')
            return "has a \"..\" in its path";
        if (++depth > ARCHIVE_DEPTH_MAX)
            return "lies more than 32 folders deep";
        if (!element[element_length])
            return NULL;
        element += element_length + 1;
    }
}

static const char *type_fault(const ArchiveEntry *entry) {
    if (entry->encrypted)
        return "is encrypted: nobody here knows the password";
    if (entry->hard_link)
        return "is a hard link";
    if (entry->symbolic_link)
        return "is a symbolic link";
    switch (entry->mode & S_IFMT) {
    case 0:
    case S_IFREG:
    case S_IFDIR:
        break;
    case S_IFLNK:
        return "is a symbolic link";
    case S_IFCHR:
    case S_IFBLK:
        return "is a device";
    case S_IFIFO:
        return "is a FIFO";
    case S_IFSOCK:
        return "is a socket";
    default:
        return "is neither a file nor a folder";
    }
    if (entry->mode & (S_ISUID | S_ISGID))
        return "is marked setuid or setgid";
    if (entry->mode & S_ISVTX)
        return "is marked sticky";
    return NULL;
}

/* A folder of such a name is as much in the way as a file, also where it is only part of a path. */
static const char *name_fault(const char *path) {
    size_t length = strcspn(path, "/");
    for (size_t i = 0; i < sizeof VISORS_OWN / sizeof *VISORS_OWN; i++)
        if (strlen(VISORS_OWN[i]) == length &&
            strncasecmp(path, VISORS_OWN[i], length) == 0) /* some file systems fold letter case */
            return "has the name of a file that Visor writes there itself";
    return NULL;
}

static int refuse(Failure *failure, const char *path, const char *fault) {
    char printable[256];
    if (!path)
        return failure_set(failure, -EBADMSG, "an entry of the archive %s; tell the makers of the release", fault);
    return failure_set(
        failure, -EBADMSG, "\"%s\" in the archive %s; tell the makers of the release",
        string_printable(printable, sizeof printable, path), fault);
}

/* Copies what the path is without "./" in front and, for a folder, one slash behind. False if it does not fit. */
static bool copy_path(const char *path, bool folder, char (*ret)[ARCHIVE_PATH_BYTES]) {
    const char *plain = string_after(path, "./");
    size_t length = strnlen(plain ? plain : path, sizeof *ret + 1);

    if (folder && length > 1 && (plain ? plain : path)[length - 1] == '/')
        length--;
    if (length >= sizeof *ret)
        return false;
    memcpy(*ret, plain ? plain : path, length);
    (*ret)[length] = '\0';
    return true;
}

int archive_entry_check(const ArchiveEntry *entry, ArchiveItem *ret, Failure *failure) {
    bool folder = S_ISDIR(entry->mode);

    const char *fault = type_fault(entry);
    if (fault)
        return refuse(failure, entry->path, fault);
    if (!entry->path)
        return refuse(
            failure, NULL,
            "has a name that cannot be read as UTF-8: the archive must be made anew with plain names");
    if (folder && (streq(entry->path, "./") || streq(entry->path, "."))) {
        *ret = (ArchiveItem){.kind = ARCHIVE_ENTRY_ROOT};
        return 0;
    }
    if (!copy_path(entry->path, folder, &ret->path))
        return refuse(failure, entry->path, "has a path of more than 4096 bytes");
    fault = path_fault(ret->path);
    if (!fault)
        fault = name_fault(ret->path);
    if (fault)
        return refuse(failure, entry->path, fault);
    ret->kind = folder ? ARCHIVE_ENTRY_FOLDER : ARCHIVE_ENTRY_FILE;
    ret->executable = !folder && (entry->mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
    return 0;
}

int archive_path_check(const char *path, Failure *failure) {
    char printable[256];
    const char *fault = path_fault(path);
    if (!fault)
        fault = name_fault(path);
    if (!fault)
        return 0;
    return failure_set(
        failure, -EINVAL,
        "the program's path \"%s\" %s: set autoInstall.asset.binaryName to its path in the archive",
        string_printable(printable, sizeof printable, path), fault);
}
