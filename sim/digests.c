#include "sim/digests.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "sim/sha256.h"

#include <string.h>

typedef struct Digest Digest;

struct Digest {
    Digest *next;
    FileIdentity identity;
    int fd; /* while it is not yet computed, otherwise -1 */
    char hex[SHA256_HEX_BYTES];
};

struct Digests {
    Loop *loop;
    Digest *first;
    Digest *current; /* the one that is being computed, or NULL */
    Sha256 sha256;
    Source *source;
};

static void start_next(Digests *digests);

static void on_output(uint32_t events, void *userdata) {
    Digests *digests = userdata;
    (void)events;
    /* The descriptor is closed within: the watch has to go before, and comes back if it is not yet done. */
    digests->source = source_free(digests->source);
    int r = sha256_read(&digests->sha256, &digests->current->hex);
    if (r == 0) {
        if (source_new(digests->loop, digests->sha256.output_fd, EPOLLIN, on_output, digests, &digests->source) >=
            0)
            return;
        sha256_cancel(&digests->sha256);
    }
    digests->current->fd = close_fd(digests->current->fd);
    digests->current = NULL;
    start_next(digests);
}

static int start(Digests *digests, const Digest *digest) {
    int r = sha256_start(digest->fd, &digests->sha256);
    if (r < 0)
        return r;
    r = source_new(digests->loop, digests->sha256.output_fd, EPOLLIN, on_output, digests, &digests->source);
    if (r < 0)
        sha256_cancel(&digests->sha256);
    return r;
}

static void start_next(Digests *digests) {
    for (Digest *digest = digests->first; digest && !digests->current; digest = digest->next) {
        if (digest->fd < 0)
            continue;
        if (start(digests, digest) >= 0)
            digests->current = digest;
        else
            digest->fd = close_fd(digest->fd);
    }
}

static Digest *find(const Digests *digests, const FileIdentity *identity) {
    for (Digest *digest = digests->first; digest; digest = digest->next)
        if (file_identity_equal(&digest->identity, identity))
            return digest;
    return NULL;
}

static int add(Digests *digests, int folder_fd, const Route *release, const char *name, Digest **ret) {
    Route route = *release;
    struct stat status;
    Digest *digest = calloc(1, sizeof *digest);
    if (!digest)
        return -ENOMEM;
    digest->fd = -1;
    strcpy(route.asset, name);
    int r = release_files_open(folder_fd, &route, &digest->fd, &status);
    if (r < 0) {
        free(digest);
        return r;
    }
    digest->identity = file_identity(&status);
    digest->next = digests->first;
    digests->first = digest;
    start_next(digests);
    *ret = digest;
    return 0;
}

int digests_fill(Digests *digests, int folder_fd, const Route *route, ReleaseFile *list, size_t count) {
    int known = 1;
    for (size_t i = 0; i < count; i++) {
        FileIdentity identity = file_identity(&list[i].status);
        Digest *digest = find(digests, &identity);
        int r = digest ? 0 : add(digests, folder_fd, route, list[i].name, &digest);
        if (r == -ENOMEM)
            return r;
        if (r < 0)
            continue;
        if (digest->fd >= 0)
            known = 0;
        memcpy(list[i].sha256, digest->hex, sizeof list[i].sha256);
    }
    return known;
}

int digests_new(Loop *loop, Digests **ret) {
    Digests *digests = calloc(1, sizeof *digests);
    if (!digests)
        return -ENOMEM;
    digests->loop = loop;
    *ret = digests;
    return 0;
}

Digests *digests_free(Digests *digests) {
    if (!digests)
        return NULL;
    if (digests->current) {
        (void)source_free(digests->source);
        sha256_cancel(&digests->sha256);
    }
    while (digests->first) {
        Digest *digest = digests->first;
        digests->first = digest->next;
        (void)close_fd(digest->fd);
        free(digest);
    }
    free(digests);
    return NULL;
}
