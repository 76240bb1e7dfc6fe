/* What a path of the release server stands for. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What rules and tokens tell apart; name in the scenario and in events. */
#define ROUTE_KINDS(X)                                                                                             \
    X(API, "api")                                                                                                  \
    X(DOWNLOAD, "download")                                                                                        \
    X(STORAGE, "storage")

typedef enum RouteKind {
#define X(kind, name) ROUTE_##kind,
    ROUTE_KINDS(X)
#undef X
} RouteKind;

typedef enum RouteTarget {
    TARGET_NONE,
    TARGET_RELEASE, /* /repos/OWNER/REPOSITORY/releases/tags/TAG */
    TARGET_ASSETS,  /* /repos/OWNER/REPOSITORY/releases/ID/assets?per_page=N&page=N */
    TARGET_ASSET,   /* /repos/OWNER/REPOSITORY/releases/assets/ID */
    TARGET_FILE, /* /OWNER/REPOSITORY/releases/download/TAG/ASSET; on the storage's port with /storage before it */
} RouteTarget;

enum { ROUTE_NAME_BYTES = 256 };

typedef struct Route {
    RouteKind kind;
    RouteTarget target;
    char owner[ROUTE_NAME_BYTES]; /* decoded, like all names; none can leave its folder */
    char repository[ROUTE_NAME_BYTES];
    char tag[ROUTE_NAME_BYTES];   /* of TARGET_RELEASE and TARGET_FILE */
    char asset[ROUTE_NAME_BYTES]; /* of TARGET_FILE */
    uint64_t id;                  /* of TARGET_ASSETS, the release's, and of TARGET_ASSET */
    uint64_t per_page;            /* 0 if it is not told */
    uint64_t page;                /* at least 1 */
    uint64_t hop;                 /* how many redirects there have been, as ours count themselves */
    char signature[32];           /* what the storage wants to see */
} Route;

/** Reads @path, as it came in the request, a whole URL included, on the storage's port if @is_storage. */
void route_parse(const char *path, bool is_storage, Route *ret);

const char *route_kind_name(RouteKind kind);
