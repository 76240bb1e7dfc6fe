#include "fetch/unpack.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "fetch/archive_kind.h"
#include "fetch/archive_source.h"
#include "fetch/archive_tree.h"
#include "fetch/disk_space.h"
#include "fetch/storage.h"
#include "fetch/zip_directory.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    PROGRAM_MODE = 0755,
    FILE_MODE = 0644,
    COPY_BYTES = 128 * 1024,
    NAMES_TOLD = 8,
    SPACE_LOOK_BYTES = 16 * 1024 * 1024, /* how often the disk is looked at: others write to it too */
};

/* A tar brings its headers and padding too. */
#define TAR_OVERHEAD_BYTES (UINT64_C(64) * 1024 * 1024)

/* One unpacking on its way. */
typedef struct Unpacking {
    const UnpackRequest *request;
    UnpackProgress progress;
    void *userdata;
    Failure *failure;
    ArchiveKind kind;
    const char *binary;
    uint64_t asset_bytes;
    uint64_t ratio_bytes; /* what an honest archive of this size may unpack to */
    ArchiveTree *tree;
    Storage storage;
    UnpackResult result;
} Unpacking;

static void tell(const Unpacking *unpacking, UnpackPhase phase, uint64_t bytes, uint64_t of_bytes) {
    if (unpacking->progress)
        unpacking->progress(phase, bytes < of_bytes ? bytes : of_bytes, of_bytes, unpacking->userdata);
}

static void tell_stored(uint64_t stored_bytes, void *userdata) {
    const Unpacking *unpacking = userdata;
    tell(unpacking, UNPACK_PHASE_STORE, stored_bytes, unpacking->result.unpacked_bytes);
}

/* May all files together have @bytes? */
static int check_size(const Unpacking *unpacking, uint64_t bytes) {
    uint64_t max = unpacking->request->max_unpacked_bytes;
    if (bytes > max)
        return failure_set(
            unpacking->failure, -EBADMSG,
            "the asset unpacks to more than the %llu bytes that autoInstall.maxUnpackedBytes allows: raise that if the "
            "release really is so large",
            (unsigned long long)max);
    if (unpacking->kind != ARCHIVE_KIND_BARE && bytes > unpacking->ratio_bytes)
        return failure_set(
            unpacking->failure, -EBADMSG,
            "the archive has %llu bytes and unpacks to more than %llu, as only an archive does that is made to fill "
            "disks; tell the makers of the release",
            (unsigned long long)unpacking->asset_bytes, (unsigned long long)unpacking->ratio_bytes);
    return 0;
}

/* Checks the size that is declared for one more file, before a byte is written. */
static int check_declared(const Unpacking *unpacking, uint64_t bytes) {
    uint64_t all;
    if (__builtin_add_overflow(unpacking->result.unpacked_bytes, bytes, &all))
        all = UINT64_MAX;
    int r = check_size(unpacking, all);
    return r < 0 ? r : disk_space_check(unpacking->request->folder_fd, bytes, unpacking->failure);
}

static int write_failed(const Unpacking *unpacking, const char *path, int r) {
    char printable[256];
    return failure_set(
        unpacking->failure, r, "cannot write %s of the release: %s%s",
        string_printable(printable, sizeof printable, path), strerror(-r),
        r == -ENOSPC || r == -EDQUOT ? "; make room there" : "");
}

static int damaged(const Unpacking *unpacking, const char *path, const char *fault) {
    char printable[256];
    return failure_set(
        unpacking->failure, -EBADMSG, "\"%s\" in the archive %s: if it is so again, tell the makers of the release",
        string_printable(printable, sizeof printable, path), fault);
}

/* Checks one block before it is written: blocks go forward, within the size that was declared. */
static int check_block(
    const Unpacking *unpacking, const ArchiveItem *item, const ArchiveBlock *block, uint64_t written_bytes,
    uint64_t size_bytes) {
    uint64_t end;
    if (__builtin_add_overflow(block->offset, block->length, &end) || end > size_bytes)
        return damaged(unpacking, item->path, "is longer than it says");
    if (block->offset < written_bytes)
        return damaged(unpacking, item->path, "has parts that overlap");
    return size_bytes == UINT64_MAX ? check_declared(unpacking, end) : 0;
}

static int write_content(
    Unpacking *unpacking, ArchiveSource *source, const ArchiveItem *item, uint64_t size_bytes, StoredFile *file) {
    ArchiveBlock block;
    uint64_t looked_bytes = 0;
    for (;;) {
        int r = archive_source_read(source, &block, unpacking->failure);
        if (r != 0)
            return r < 0 ? r : 0;
        r = check_block(unpacking, item, &block, file->length, size_bytes);
        if (r >= 0 && file->length - looked_bytes >= SPACE_LOOK_BYTES) {
            looked_bytes = file->length;
            r = disk_space_check(unpacking->request->folder_fd, block.length, unpacking->failure);
        }
        if (r < 0)
            return r;
        r = storage_write(file, block.bytes, block.length, block.offset);
        if (r < 0)
            return write_failed(unpacking, item->path, r);
        tell(unpacking, UNPACK_PHASE_UNPACK, archive_source_bytes_read(source), unpacking->asset_bytes);
    }
}

static mode_t file_mode(const Unpacking *unpacking, const ArchiveItem *item) {
    return item->executable || streq(item->path, unpacking->binary) ? PROGRAM_MODE : FILE_MODE;
}

static int
unpack_file(Unpacking *unpacking, ArchiveSource *source, const ArchiveItem *item, uint64_t declared_bytes) {
    StoredFile file;

    int r = declared_bytes == UINT64_MAX ? 0 : check_declared(unpacking, declared_bytes);
    if (r >= 0)
        r = storage_create(&unpacking->storage, item->path, file_mode(unpacking, item), &file, unpacking->failure);
    if (r < 0)
        return r;
    r = write_content(unpacking, source, item, declared_bytes, &file);
    uint64_t size_bytes = declared_bytes == UINT64_MAX ? file.length : declared_bytes;
    /* Only a tar may leave out the zeroes at the end of a sparse file. */
    if (r >= 0 && unpacking->kind == ARCHIVE_KIND_ZIP && file.length != size_bytes)
        r = damaged(unpacking, item->path, "is shorter than it says");
    if (r < 0) {
        storage_drop_file(&file);
        return r;
    }
    unpacking->result.files++;
    unpacking->result.unpacked_bytes += size_bytes;
    return storage_finish_file(&unpacking->storage, &file, size_bytes, unpacking->failure);
}

static int unpack_entries(Unpacking *unpacking, ArchiveSource *source) {
    ArchiveEntry entry;
    ArchiveItem item;
    uint64_t declared_bytes;

    for (;;) {
        int r = archive_source_next(source, &entry, &declared_bytes, unpacking->failure);
        if (r != 0)
            return r < 0 ? r : 0;
        r = archive_entry_check(&entry, &item, unpacking->failure);
        if (r >= 0)
            r = archive_tree_add(unpacking->tree, &item, unpacking->failure);
        if (r >= 0 && item.kind == ARCHIVE_ENTRY_FOLDER)
            r = storage_make_folder(&unpacking->storage, item.path, unpacking->failure);
        if (r >= 0 && item.kind == ARCHIVE_ENTRY_FILE)
            r = unpack_file(unpacking, source, &item, declared_bytes);
        if (r < 0)
            return r;
    }
}

/* The names of some of the files, for who has to choose one. */
static void list_files(const ArchiveTree *tree, char *text, size_t size_bytes) {
    ArchiveItem item;
    size_t told = 0;
    int used = 0;

    text[0] = '\0';
    for (size_t i = 0; archive_tree_get(tree, i, &item); i++) {
        char printable[64];
        if (item.kind != ARCHIVE_ENTRY_FILE)
            continue;
        if (told == NAMES_TOLD) {
            (void)snprintf(text + used, size_bytes - (size_t)used, ", ...");
            return;
        }
        used += snprintf(
            text + used, size_bytes - (size_t)used, "%s%s", told++ > 0 ? ", " : "",
            string_printable(printable, sizeof printable, item.path));
    }
}

static int refuse_empty(const Unpacking *unpacking) {
    return failure_set(
        unpacking->failure, -EBADMSG, "there is no file in the archive; tell the makers of the release");
}

static int check_binary(Unpacking *unpacking) {
    char names[NAMES_TOLD * 66 + 8];
    if (archive_tree_has_file(unpacking->tree, unpacking->binary))
        return 0;
    list_files(unpacking->tree, names, sizeof names);
    if (!*names)
        return refuse_empty(unpacking);
    return failure_set(
        unpacking->failure, -EBADMSG,
        "the program \"%s\" is not in the archive, which holds %s: set autoInstall.asset.binaryName to the program's "
        "path in it",
        unpacking->binary, names);
}

static int unpack_archive(Unpacking *unpacking) {
    _cleanup_archive_source_ ArchiveSource *source = NULL;
    uint64_t max = unpacking->request->max_unpacked_bytes;
    uint64_t stream_bytes_max;
    int r;

    if (__builtin_add_overflow(max, TAR_OVERHEAD_BYTES, &stream_bytes_max) ||
        stream_bytes_max > unpacking->ratio_bytes)
        stream_bytes_max = unpacking->ratio_bytes;
    if (unpacking->kind == ARCHIVE_KIND_ZIP) {
        ZipDirectory directory;
        r = zip_directory_check(
            unpacking->request->asset_fd, unpacking->asset_bytes, ARCHIVE_TREE_NAMES_MAX, &directory,
            unpacking->failure);
        if (r >= 0 && directory.entries == 0)
            r = refuse_empty(unpacking); /* libarchive would not know it for a zip */
        if (r >= 0)
            r = check_declared(unpacking, directory.unpacked_bytes);
        if (r < 0)
            return r;
    }
    r = archive_source_open(
        unpacking->request->asset_fd, unpacking->kind, stream_bytes_max, &source, unpacking->failure);
    if (r >= 0)
        r = unpack_entries(unpacking, source);
    return r < 0 ? r : check_binary(unpacking);
}

static int copy_content(Unpacking *unpacking, StoredFile *file) {
    char buffer[COPY_BYTES];
    for (;;) {
        ssize_t count = pread(unpacking->request->asset_fd, buffer, sizeof buffer, (off_t)file->length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failure_set(unpacking->failure, negative_errno(), "cannot read the download: %m");
        if (count == 0)
            return 0;
        int r = storage_write(file, buffer, (size_t)count, file->length);
        if (r < 0)
            return write_failed(unpacking, unpacking->binary, r);
        tell(unpacking, UNPACK_PHASE_UNPACK, file->length, unpacking->asset_bytes);
    }
}

/* The asset is the program itself. */
static int unpack_bare(Unpacking *unpacking) {
    ArchiveItem item = {.kind = ARCHIVE_ENTRY_FILE, .executable = true};
    StoredFile file;

    (void)snprintf(item.path, sizeof item.path, "%s", unpacking->binary);
    int r = check_declared(unpacking, unpacking->asset_bytes);
    if (r >= 0)
        r = archive_tree_add(unpacking->tree, &item, unpacking->failure);
    if (r >= 0)
        r = storage_create(&unpacking->storage, item.path, PROGRAM_MODE, &file, unpacking->failure);
    if (r < 0)
        return r;
    r = copy_content(unpacking, &file);
    if (r < 0) {
        storage_drop_file(&file);
        return r;
    }
    unpacking->result.files = 1;
    unpacking->result.unpacked_bytes = file.length;
    return storage_finish_file(&unpacking->storage, &file, file.length, unpacking->failure);
}

/* Everything on the disk: the files, then each folder, then the folder that they are in. */
static int store(Unpacking *unpacking) {
    ArchiveItem item;

    unpacking->storage.progress = tell_stored;
    int r = storage_flush(&unpacking->storage, unpacking->failure);
    for (size_t i = 0; r >= 0 && archive_tree_get(unpacking->tree, i, &item); i++)
        if (item.kind == ARCHIVE_ENTRY_FOLDER)
            r = storage_sync_folder(&unpacking->storage, item.path, unpacking->failure);
    return r < 0 ? r : storage_sync_folder(&unpacking->storage, "", unpacking->failure);
}

/* Tells what the asset is; chooses the program's name by that. */
static int examine(Unpacking *unpacking) {
    const UnpackRequest *request = unpacking->request;
    char looks_like[ARCHIVE_KIND_TEXT_BYTES];
    char head[ARCHIVE_KIND_BYTES];
    struct stat status;

    if (fstat(request->asset_fd, &status) < 0)
        return failure_set(unpacking->failure, negative_errno(), "cannot examine the download: %m");
    ssize_t length = pread(request->asset_fd, head, sizeof head, 0);
    if (length < 0)
        return failure_set(unpacking->failure, negative_errno(), "cannot read the download: %m");
    unpacking->asset_bytes = (uint64_t)status.st_size;
    if (__builtin_mul_overflow(unpacking->asset_bytes, UNPACK_RATIO_MAX, &unpacking->ratio_bytes) ||
        __builtin_add_overflow(unpacking->ratio_bytes, UNPACK_RATIO_FREE_BYTES, &unpacking->ratio_bytes))
        unpacking->ratio_bytes = UINT64_MAX;
    unpacking->kind = archive_kind(head, (size_t)length, &looks_like);
    if (unpacking->kind == ARCHIVE_KIND_OTHER)
        return failure_set(
            unpacking->failure, -EBADMSG,
            "%s is neither a program nor a zip, tar.gz, tar.xz or tar.zst: it looks like %s; see that "
            "autoInstall.asset.name is right and that nothing between here and the server answers in its place",
            request->asset, looks_like);
    unpacking->binary = request->binary;
    if (!*unpacking->binary && unpacking->kind != ARCHIVE_KIND_BARE)
        return failure_set(
            unpacking->failure, -EINVAL,
            "%s is %s, so the program's path in it must be known: set autoInstall.asset.binaryName", request->asset,
            looks_like);
    if (!*unpacking->binary)
        unpacking->binary = request->asset;
    return archive_path_check(unpacking->binary, unpacking->failure);
}

static int run(Unpacking *unpacking) {
    int r = examine(unpacking);
    if (r >= 0)
        r = unpacking->kind == ARCHIVE_KIND_BARE ? unpack_bare(unpacking) : unpack_archive(unpacking);
    return r < 0 ? r : store(unpacking);
}

/*
 * libarchive translates names into the encoding of the locale: for this thread that is UTF-8, whatever the
 * machine's is. Returns the locale before, 0 if nothing was changed.
 */
static locale_t use_utf8(void) {
    if (streq(nl_langinfo(CODESET), "UTF-8"))
        return (locale_t)0;
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return utf8 ? uselocale(utf8) : (locale_t)0;
}

static void leave_utf8(locale_t before) {
    if (before)
        freelocale(uselocale(before));
}

int unpack(
    const UnpackRequest *request, UnpackProgress progress, void *userdata, UnpackResult *ret, Failure *failure) {
    _cleanup_archive_tree_ ArchiveTree *tree = NULL;

    int r = archive_tree_new(&tree);
    if (r < 0)
        return failure_set(failure, r, "cannot unpack: out of memory");
    Unpacking unpacking = {
        .request = request, .progress = progress, .userdata = userdata, .failure = failure, .tree = tree};
    storage_init(&unpacking.storage, request->folder_fd, NULL, &unpacking);

    locale_t before = use_utf8();
    r = run(&unpacking);
    storage_clear(&unpacking.storage);
    leave_utf8(before);
    if (r < 0)
        return r;
    (void)snprintf(unpacking.result.binary, sizeof unpacking.result.binary, "%s", unpacking.binary);
    *ret = unpacking.result;
    return 0;
}
