/* An HTTP response in pieces: what comes of it is bounded, and does not depend on the pieces. */
#include "rpc/answer.h"
#include "rpc/http_response.h"
#include "tests/fuzz/input.h"

enum { BODY_LIMIT_BYTES = 2048 };

typedef struct Outcome {
    int result;
    size_t used;
    HttpResponse response;
} Outcome;

static void check(const Outcome *outcome, const Failure *failure) {
    const HttpResponse *response = &outcome->response;
    char text[ANSWER_QUOTE_BYTES];

    expect(response->body.length <= BODY_LIMIT_BYTES);
    expect(response->line.length <= HTTP_HEAD_LIMIT_BYTES + BODY_LIMIT_BYTES);
    if (outcome->result < 0) {
        expect(outcome->result == -EBADMSG || outcome->result == -EMSGSIZE || outcome->result == -ECONNRESET);
        expect(*failure->message && response->state == HTTP_BROKEN);
        expect_printable(failure->message);
    } else if (outcome->result == 1) {
        expect(response->state == HTTP_COMPLETE && response->status >= 200 && response->status <= 599);
        expect(http_response_body(response)[response->body.length] == '\0');
        expect_printable(answer_http_status(text, sizeof text, response));
    }
}

/* Feeds all of it; with @closed the peer closes the connection then. Cleared by the caller. */
static Outcome feed(Pieces pieces, bool closed) {
    Outcome outcome = {0};
    Failure failure = {0};
    size_t length, used;

    http_response_init(&outcome.response, BODY_LIMIT_BYTES);
    for (char *piece; outcome.result == 0 && (piece = pieces_next(&pieces, &length));) {
        outcome.result = http_response_feed(&outcome.response, piece, length, &used, &failure);
        expect(used <= length && (outcome.result != 0 || used == length));
        outcome.used += used;
        free(piece);
    }
    if (closed && outcome.result == 0)
        outcome.result = http_response_end(&outcome.response, &failure);
    if (outcome.result < 0)
        expect(http_response_feed(&outcome.response, "H", 1, &used, NULL) < 0);
    check(&outcome, &failure);
    return outcome;
}

static void compare(const Outcome *left, const Outcome *right) {
    expect(left->result == right->result);
    if (left->result < 1)
        return;
    expect(left->used == right->used);
    expect(left->response.status == right->response.status);
    expect(left->response.keep_alive == right->response.keep_alive);
    expect(left->response.body.length == right->response.body.length);
    expect(streq(http_response_body(&left->response), http_response_body(&right->response)));
}

static void clear(Outcome *outcome) {
    http_response_clear(&outcome->response);
    expect(outcome->response.state == HTTP_STATUS_LINE && !outcome->response.body.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Pieces pieces = pieces_of(data, size), whole = pieces;
    whole.length_count = 0;
    for (int closed = 0; closed <= 1; closed++) {
        Outcome in_pieces = feed(pieces, closed), at_once = feed(whole, closed);
        compare(&in_pieces, &at_once);
        clear(&in_pieces);
        clear(&at_once);
    }
    return 0;
}
