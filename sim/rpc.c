#include "sim/rpc.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "sim/framing.h"

#define PLAIN_TEXT "text/plain; charset=utf-8"

Fault rpc_fault(const Scenario *scenario) {
    Fault fault = FAULT_NONE;
    /* The scenario was checked when it was read: a name that is there is a fault. */
    (void)!fault_parse(scenario_string(scenario, "rpc_fault", "none"), &fault);
    return fault;
}

/* Written before the answer is sent: "polled" is never later than what the client does about it. */
static void log_poll(Rpc *rpc, Fault fault, const ChainStatus *status) {
    json_t *polled = json_pack(
        "{s:s?, s:I, s:b, s:s}", "tag", status->has_info ? status->tag : NULL, "height", (json_int_t)status->height,
        "ready", status->ready, "fault", fault_name(fault));
    if (!json_equal(polled, rpc->last_polled))
        event_log_write(rpc->log, "polled", json_incref(polled));
    json_decref(rpc->last_polled);
    rpc->last_polled = polled;
}

/* The id of a question as JSON text; NULL for what is no question that the real node answers. */
static char *read_id(const HttpRequest *request) {
    _cleanup_json_ json_t *question = json_loadb(request->body, request->body_length, 0, NULL);
    const json_t *method = json_object_get(question, "method");
    const json_t *id = json_object_get(question, "id");
    if (!json_is_string(method) || !streq(json_string_value(method), "protocolupgrade.UpgradeStatus"))
        return NULL;
    if (!json_is_array(json_object_get(question, "params")) || !id)
        return NULL;
    return json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT);
}

int rpc_handle(const HttpRequest *request, Reply *ret, void *userdata) {
    Rpc *rpc = userdata;
    _cleanup_free_ char *id = NULL;
    Fault fault = rpc_fault(rpc->scenario);
    ChainStatus status = chain_status(rpc->chain, rpc->scenario, clock_monotonic_usec());

    if (!streq(request->path, scenario_string(rpc->scenario, "http_path", "/rpc")))
        return reply_plain(ret, "404 Not Found", PLAIN_TEXT, "404 page not found\n");
    if (!streq(request->method, "POST"))
        return reply_plain(ret, "405 Method Not Allowed", PLAIN_TEXT, "only POST is answered here\n");
    if (!request->is_json)
        return reply_plain(ret, "415 Unsupported Media Type", PLAIN_TEXT, "application/json is expected\n");
    id = read_id(request);
    if (!id)
        return reply_plain(
            ret, "400 Bad Request", PLAIN_TEXT, "expected: protocolupgrade.UpgradeStatus with params and an id\n");
    log_poll(rpc, fault, &status);
    return framing_reply(fault, &status, id, ret);
}

void rpc_free(Rpc *rpc) {
    json_decref(TAKE_PTR(rpc->last_polled));
}
