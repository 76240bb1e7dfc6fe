/* Release tags, "v0.80.0": which are safe to use as the name of a folder, and which is the newer of two. */
#pragma once

#include <stdbool.h>

enum { RELEASE_TAG_MAX = 127 }; /* characters; GitHub allows more, no release of Vega comes near it */

/**
 * Is @tag a plain version name? Letters, digits and ". _ + -", beginning with a letter or digit, no "..", not one
 * of the names that mean something else in the home folder ("current", "genesis"), at most RELEASE_TAG_MAX
 * characters. Anything else from the network is refused, because a tag becomes the name of a folder.
 */
bool tag_is_plain(const char *tag);

/** Copies @tag, cut at RELEASE_TAG_MAX characters. */
void tag_copy(char (*target)[RELEASE_TAG_MAX + 1], const char *tag);

/** How two tags compare. */
typedef enum TagOrder {
    TAG_OLDER,
    TAG_EQUAL,
    TAG_NEWER,
    TAG_UNORDERED, /* not both are versions, so nobody can tell */
} TagOrder;

/**
 * How @tag stands to @other by the precedence of semver.org 2.0 (11): "v0.80.0-rc.1" is older than "v0.80.0".
 * Equal text is TAG_EQUAL even if it is no version; versions that differ only in build metadata are TAG_UNORDERED.
 */
TagOrder tag_compare(const char *tag, const char *other);
