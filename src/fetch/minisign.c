#include "fetch/minisign.h"

#include "base/strings.h"

#include <string.h>

enum {
    ALGORITHM_BYTES = 2,
    PREFIX_BYTES = ALGORITHM_BYTES + MINISIGN_KEY_ID_BYTES, /* of a key and of a signature */
    LINES = 4,
};

/* A line of the text, without its end. */
typedef struct Line {
    const char *text;
    size_t length;
} Line;

static int digit_value(char digit) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *place = digit ? strchr(DIGITS, digit) : NULL;
    return place ? (int)(place - DIGITS) : -1;
}

/*
 * Base64 (RFC 4648, 4) of exactly @size bytes, padding included, nothing before, after or between, and unused bits
 * zero: two texts of one signature would be one too many.
 */
static bool decode(Line line, uint8_t *bytes, size_t size) {
    size_t digits = (size * 8 + 5) / 6;
    uint32_t bits = 0;
    unsigned bit_count = 0;

    if (line.length != (size + 2) / 3 * 4)
        return false;
    for (size_t i = 0; i < digits; i++) {
        int value = digit_value(line.text[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            *bytes++ = (uint8_t)(bits >> bit_count);
            bits &= (1U << bit_count) - 1;
        }
    }
    for (size_t i = digits; i < line.length; i++)
        if (line.text[i] != '=')
            return false;
    return bits == 0;
}

static Line next_line(const char **text, size_t *length) {
    const char *end = memchr(*text, '\n', *length);
    Line line = {*text, end ? (size_t)(end - *text) : *length};
    size_t used = end ? line.length + 1 : line.length;
    *text += used;
    *length -= used;
    if (line.length > 0 && line.text[line.length - 1] == '\r')
        line.length--;
    return line;
}

static bool begins_with(Line line, const char *prefix) {
    size_t length = strlen(prefix);
    return line.length >= length && memcmp(line.text, prefix, length) == 0;
}

static bool is_blank(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r\n", text[i]) || !text[i])
            return false;
    return true;
}

int minisign_parse_key(const char *text, MinisignKey *ret, Failure *failure) {
    uint8_t bytes[PREFIX_BYTES + MINISIGN_KEY_BYTES];
    size_t length = strnlen(text, MINISIGN_TEXT_BYTES_MAX);
    Line line = next_line(&text, &length);

    if (begins_with(line, "untrusted comment:"))
        line = next_line(&text, &length);
    if (!decode(line, bytes, sizeof bytes) || !is_blank(text, length))
        return failure_set(
            failure, -EINVAL,
            "the public key is not minisign's: set autoInstall.asset.publicKey to the line that begins with RW of "
            "the release makers' minisign.pub");
    if (memcmp(bytes, "Ed", ALGORITHM_BYTES) != 0)
        return failure_set(
            failure, -EINVAL,
            "the public key is of a kind that is not known (it begins with %.2s, not RW): set "
            "autoInstall.asset.publicKey to a key made by minisign",
            line.text);
    memcpy(ret->id, bytes + ALGORITHM_BYTES, sizeof ret->id);
    memcpy(ret->key, bytes + PREFIX_BYTES, sizeof ret->key);
    return 0;
}

static int malformed(Failure *failure, const char *what) {
    return failure_set(
        failure, -EBADMSG, "the signature is not minisign's: %s; tell the makers of the release", what);
}

static int read_signature(Line line, MinisignSignature *ret, Failure *failure) {
    uint8_t bytes[PREFIX_BYTES + MINISIGN_SIGNATURE_BYTES];

    if (!decode(line, bytes, sizeof bytes))
        return malformed(failure, "its second line is no signature");
    if (memcmp(bytes, "Ed", ALGORITHM_BYTES) != 0 && memcmp(bytes, "ED", ALGORITHM_BYTES) != 0)
        return malformed(failure, "its algorithm is not known");
    ret->prehashed = bytes[1] == 'D';
    memcpy(ret->key_id, bytes + ALGORITHM_BYTES, sizeof ret->key_id);
    memcpy(ret->signature, bytes + PREFIX_BYTES, sizeof ret->signature);
    return 0;
}

static int read_trusted_comment(Line line, MinisignSignature *ret, Failure *failure) {
    static const char PREFIX[] = "trusted comment: ";
    size_t prefix_length = sizeof PREFIX - 1;

    if (!begins_with(line, PREFIX))
        return malformed(failure, "its third line is no trusted comment");
    ret->trusted_comment_length = line.length - prefix_length;
    if (ret->trusted_comment_length >= sizeof ret->trusted_comment)
        return malformed(failure, "its trusted comment is too long");
    memcpy(ret->trusted_comment, line.text + prefix_length, ret->trusted_comment_length);
    ret->trusted_comment[ret->trusted_comment_length] = '\0';
    return 0;
}

int minisign_parse_signature(const char *text, size_t length, MinisignSignature *ret, Failure *failure) {
    Line lines[LINES];
    int r;

    if (length > MINISIGN_TEXT_BYTES_MAX)
        return malformed(failure, "it is too long");
    if (length > 0 && memchr(text, '\0', length))
        return malformed(failure, "it is no text");
    for (size_t i = 0; i < LINES; i++)
        lines[i] = next_line(&text, &length);
    if (!begins_with(lines[0], "untrusted comment:"))
        return malformed(failure, "its first line is no comment");
    r = read_signature(lines[1], ret, failure);
    if (r >= 0)
        r = read_trusted_comment(lines[2], ret, failure);
    if (r < 0)
        return r;
    if (!decode(lines[3], ret->global_signature, sizeof ret->global_signature))
        return malformed(failure, "its fourth line is no signature");
    if (!is_blank(text, length))
        return malformed(failure, "something follows its fourth line");
    return 0;
}
