/* The JSON of an answer: read with every refusal in words. Shared by what we ask; pure. */
#pragma once

#include "base/failure.h"
#include "base/json.h"
#include "rpc/http_response.h"

#include <stddef.h>

/** Room for a member quoted in a failure. */
enum { ANSWER_QUOTE_BYTES = 256 };

/**
 * Reads @body as a JSON object. @ret is owned by the caller (json_decref).
 * Returns 0, or -EBADMSG described in @failure, with the beginning of what came instead.
 */
MUST_USE int answer_parse(const char *body, size_t length, json_t **ret, Failure *failure);

/** Writes @value as JSON, printable and cut to @size_bytes, into @buffer; "missing" for NULL. Returns @buffer. */
const char *answer_quote(char *buffer, size_t size_bytes, const json_t *value);

/** Describes that member @name is @value (NULL: missing) but should be @expected. Returns -EBADMSG. */
int answer_refuse_member(const char *name, const char *expected, const json_t *value, Failure *failure);

/** Writes `HTTP 404 ("404 page not found")`, the quote only of a plain text, into @buffer. Returns @buffer. */
const char *answer_http_status(char *buffer, size_t size_bytes, const HttpResponse *response);

/** Copies the first line of @text that is not empty, printable and cut to @size_bytes. Returns @buffer. */
const char *answer_first_line(char *buffer, size_t size_bytes, const char *text);
