#include "fetch/checksum_list.h"

#include "base/strings.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* A piece of the list; it ends where its length says. */
typedef struct Span {
    const char *text;
    size_t length;
} Span;

/* What one line says. */
typedef struct ChecksumLine {
    Span hex;
    Span name;     /* empty: the digest alone */
    bool sha256;   /* the line says that it is SHA-256, or may be */
    bool sensible; /* of one of the known forms */
} ChecksumLine;

/* What was found so far: in the asset's own name, or in its name behind a folder. */
typedef struct Found {
    bool found;
    char hex[DIGEST_HEX_BYTES];
    char other[DIGEST_HEX_BYTES]; /* a second digest, "" for none */
} Found;

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static Span trimmed(Span span) {
    while (span.length > 0 && is_blank(span.text[0])) {
        span.text++;
        span.length--;
    }
    while (span.length > 0 && is_blank(span.text[span.length - 1]))
        span.length--;
    return span;
}

static Span skip(Span span, size_t length) {
    return (Span){span.text + length, span.length - length};
}

static size_t hex_length(Span span) {
    size_t length = 0;
    while (length < span.length && isxdigit((unsigned char)span.text[length]))
        length++;
    return length;
}

/* Of MD5, SHA-1, SHA-224, SHA-384 and SHA-512: honest digests, only not the one that is looked for. */
static bool is_other_digest_length(size_t length) {
    return length == 32 || length == 40 || length == 56 || length == 96 || length == 128;
}

/* "HEX  NAME", "HEX *NAME" or "HEX"; sha256sum(1). */
static ChecksumLine read_gnu(Span line) {
    ChecksumLine read = {.hex = {line.text, hex_length(line)}};
    Span rest = skip(line, read.hex.length);

    if (rest.length > 0 && !is_blank(rest.text[0])) { /* the first word is no number */
        while (rest.length > 0 && !is_blank(rest.text[0]))
            rest = skip(rest, 1);
        read.hex.length = 0;
    }
    read.name = trimmed(rest);
    if (read.name.length > 1 && read.name.text[0] == '*')
        read.name = skip(read.name, 1);
    read.sha256 = read.hex.length == DIGEST_HEX_BYTES - 1;
    read.sensible = read.sha256 || is_other_digest_length(read.hex.length);
    return read;
}

/* "ALGORITHM (NAME) = HEX", as BSDs write it; the name may itself hold ") = ". Returns whether it is of that form.
 */
static bool read_bsd(Span line, ChecksumLine *ret) {
    static const char END[] = ") = ";
    const char *open = memchr(line.text, '(', line.length);
    if (!open || open < line.text + 2 || open[-1] != ' ')
        return false;

    Span rest = skip(line, (size_t)(open + 1 - line.text));
    for (size_t i = rest.length; i >= sizeof END - 1; i--) {
        if (memcmp(rest.text + i - (sizeof END - 1), END, sizeof END - 1) != 0)
            continue;
        Span hex = skip(rest, i);
        Span algorithm = {line.text, (size_t)(open - 1 - line.text)};
        *ret = (ChecksumLine){
            .hex = hex,
            .name = {rest.text, i - (sizeof END - 1)},
            .sha256 = algorithm.length == 6 && strncasecmp(algorithm.text, "SHA256", 6) == 0,
        };
        ret->sensible = !ret->sha256 || (hex.length == DIGEST_HEX_BYTES - 1 && hex_length(hex) == hex.length);
        return true;
    }
    return false;
}

static bool is_name(Span name, const char *asset) {
    return name.length == strlen(asset) && memcmp(name.text, asset, name.length) == 0;
}

/* NAME behind "./" or a folder: lists are often made one folder up. */
static bool is_name_in_folder(Span name, const char *asset) {
    size_t length = strlen(asset);
    return name.length > length && name.text[name.length - length - 1] == '/' &&
           is_name(skip(name, name.length - length), asset);
}

static void take(Found *found, Span hex) {
    char lower[DIGEST_HEX_BYTES] = "";
    for (size_t i = 0; i < sizeof lower - 1; i++)
        lower[i] = (char)tolower((unsigned char)hex.text[i]);
    if (!found->found || !streq(found->hex, lower))
        memcpy(found->found ? found->other : found->hex, lower, sizeof lower);
    found->found = true;
}

static int read_line(Span line, const char *asset, Found *exact, Found *in_folder, Failure *failure) {
    ChecksumLine read;
    bool escaped = line.text[0] == '\\'; /* coreutils: the name holds a newline, a return or a backslash */

    if (escaped)
        line = skip(line, 1);
    if (line.length == 0 || line.text[0] == '#')
        return 0;
    if (!read_bsd(line, &read))
        read = read_gnu(line);

    bool ours = is_name(read.name, asset);
    if (!ours && !is_name_in_folder(read.name, asset))
        return 0;
    if (escaped || !read.sensible)
        return failure_set(
            failure, -EBADMSG,
            "the line of the checksum list about %s is malformed: tell the makers of the release", asset);
    if (read.sha256)
        take(ours ? exact : in_folder, read.hex);
    return 0;
}

/* The next line that is not empty; an empty span at the end. */
static Span next_line(Span *rest) {
    while (rest->length > 0) {
        const char *end = memchr(rest->text, '\n', rest->length);
        size_t length = end ? (size_t)(end - rest->text) : rest->length;
        Span line = trimmed((Span){rest->text, length});
        *rest = skip(*rest, end ? length + 1 : length);
        if (line.length > 0)
            return line;
    }
    return (Span){rest->text, 0};
}

/* The whole list is one digest: NAME.sha256 as some tools write it. */
static bool is_lone_digest(Span list, Span *ret) {
    Span first = next_line(&list);
    *ret = first;
    return first.length == DIGEST_HEX_BYTES - 1 && hex_length(first) == first.length &&
           next_line(&list).length == 0;
}

int checksum_list_find(
    const char *text, size_t length, const char *asset, char (*ret_hex)[DIGEST_HEX_BYTES], Failure *failure) {
    static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";
    Found exact = {0}, in_folder = {0};
    Span rest = {text, length};
    Span line;

    if (length > CHECKSUM_LIST_BYTES_MAX)
        return failure_set(
            failure, -EBADMSG, "the checksum list has %zu bytes, at most %zu are read", length,
            CHECKSUM_LIST_BYTES_MAX);
    if (length > 0 && memchr(text, '\0', length))
        return failure_set(failure, -EBADMSG, "the checksum list is no text: something else lies under its name");
    if (length >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0)
        rest = skip(rest, 3);

    if (is_lone_digest(rest, &line)) {
        take(&exact, line);
        rest.length = 0;
    }
    while ((line = next_line(&rest)).length > 0) {
        int r = read_line(line, asset, &exact, &in_folder, failure);
        if (r < 0)
            return r;
    }
    const Found *best = exact.found ? &exact : &in_folder;
    if (!best->found)
        return 1;
    if (*best->other)
        return failure_set(
            failure, -EBADMSG,
            "the checksum list names two digests of %s, %s and %s: tell the makers of the release", asset,
            best->hex, best->other);
    memcpy(*ret_hex, best->hex, sizeof *ret_hex);
    return 0;
}
