/* What can be wrong with the admin RPC, by name; the last four are right, though not in the usual form. */
#pragma once

#include "base/failure.h"

#define FAULTS(X)                                                                                                  \
    X(NONE, "none")                                                                                                \
    X(HANG, "hang")                                                                                                \
    X(REFUSE, "refuse")                                                                                            \
    X(CLOSE, "close")                                                                                              \
    X(404, "404")                                                                                                  \
    X(500, "500")                                                                                                  \
    X(HTML, "html")                                                                                                \
    X(EMPTY, "empty")                                                                                              \
    X(HALF, "half")                                                                                                \
    X(HUGE, "huge")                                                                                                \
    X(HUGE_HEADER, "huge-header")                                                                                  \
    X(TRICKLE, "trickle")                                                                                          \
    X(NULL_RESULT, "null-result")                                                                                  \
    X(STRING_ERROR, "string-error")                                                                                \
    X(OBJECT_ERROR, "object-error")                                                                                \
    X(WRONG_ID, "wrong-id")                                                                                        \
    X(STRING_ID, "string-id")                                                                                      \
    X(NO_JSON, "no-json")                                                                                          \
    X(DEEP_JSON, "deep-json")                                                                                      \
    X(ARRAY, "array")                                                                                              \
    X(BIG_HEIGHT, "big-height")                                                                                    \
    X(NEGATIVE_HEIGHT, "negative-height")                                                                          \
    X(FLOAT_HEIGHT, "float-height")                                                                                \
    X(READY_WITHOUT_INFO, "ready-without-info")                                                                    \
    X(LONG_TAG, "long-tag")                                                                                        \
    X(NUL_TAG, "nul-tag")                                                                                          \
    X(BAD_UTF8, "bad-utf8")                                                                                        \
    X(BAD_CHUNK, "bad-chunk")                                                                                      \
    X(NEGATIVE_LENGTH, "negative-length")                                                                          \
    X(TWO_LENGTHS, "two-lengths")                                                                                  \
    X(HTTP_1_0, "http-1.0")                                                                                        \
    X(CHUNKED, "chunked")                                                                                          \
    X(KEEPALIVE_CLOSE, "keepalive-close")                                                                          \
    X(CONTINUE, "continue")

typedef enum Fault {
#define X(fault, name) FAULT_##fault,
    FAULTS(X)
#undef X
        FAULT_COUNT
} Fault;

/** Returns 0, or -EINVAL if @name is no fault. */
MUST_USE int fault_parse(const char *name, Fault *ret);

const char *fault_name(Fault fault);
