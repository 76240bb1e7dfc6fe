#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/check.h"
#include "release/fetch.h"
#include "release/fetch_request.h"
#include "release/program.h"

#include <inttypes.h>

/* One look of visor-fetch. */
typedef struct Look {
    Check *check;
    const char *tag;
    FindingResult severity; /* of what keeps the release from being fetched */
    bool ended;
} Look;

static void join(const FetchList *list, char *buffer, size_t size_bytes) {
    size_t used = 0;
    buffer[0] = '\0';
    for (size_t i = 0; i < list->count && used < size_bytes; i++) {
        int length = snprintf(buffer + used, size_bytes - used, "%s%s", i > 0 ? ", " : "", list->items[i]);
        used += length > 0 ? (size_t)length : 0;
    }
}

static void add(const Look *look, const char *cure, const char *text) {
    findings_add(&look->check->findings, CHECK_AUTO_INSTALL, look->severity, look->tag, cure, "%s", text);
}

static void on_event(const FetchEvent *event, void *userdata) {
    const Look *look = userdata;
    char layers[512], missing[512];

    if (event->type == FETCH_EVENT_WARNING) {
        check_warning(look->check, CHECK_AUTO_INSTALL, look->tag, NULL, "%s", event->text);
    } else if (event->type == FETCH_EVENT_SANDBOX) {
        join(&event->list, layers, sizeof layers);
        join(&event->missing, missing, sizeof missing);
        check_ok(
            look->check, CHECK_AUTO_INSTALL, "visor-fetch", "its sandbox: %s%s%s", layers,
            *missing ? "; missing: " : "", missing);
    }
}

static void check_verifiable(const Look *look, const FetchEvent *event) {
    VerifyMode mode = look->check->config->auto_install.verify;
    char means[1024];

    join(&event->list, means, sizeof means);
    if (mode == VERIFY_OFF)
        check_warning(
            look->check, CHECK_AUTO_INSTALL, look->tag, "set verify to \"prefer\" or \"require\"",
            "would be run unverified: verify is \"off\"");
    else if (event->list.count > 0)
        check_ok(look->check, CHECK_AUTO_INSTALL, look->tag, "can be verified by %s", means);
    else if (mode == VERIFY_REQUIRE)
        add(look, "pin its digest in [autoInstall.asset.sha256]",
            "cannot be verified, there is no checksum and no pin, and verify is \"require\"");
    else
        check_warning(
            look->check, CHECK_AUTO_INSTALL, look->tag, "pin its digest in [autoInstall.asset.sha256]",
            "cannot be verified: there is no checksum and no pin");
}

static void on_end(const FetchEnd *end, void *userdata) {
    Look *look = userdata;
    const FetchEvent *last = &end->last;
    Check *check = look->check;

    look->ended = true;
    if (end->outcome != FETCH_OUTCOME_DONE || last->type != FETCH_EVENT_LOOKED) {
        add(look, NULL, last->type == FETCH_EVENT_FAILED ? last->text : "visor-fetch did not look but fetch");
        return;
    }
    if (last->bytes != FETCH_UNKNOWN) {
        check->asset_bytes = last->bytes;
        check_ok(
            check, CHECK_AUTO_INSTALL, look->tag, "can be fetched: %" PRIu64 " bytes from %s", last->bytes,
            last->text);
    } else {
        check_ok(check, CHECK_AUTO_INSTALL, look->tag, "can be fetched from %s", last->text);
    }
    if (last->server_time_seconds != FETCH_UNKNOWN) {
        check->server_time_seconds = last->server_time_seconds;
        check->server_usec = clock_realtime_usec();
    }
    check_verifiable(look, last);
}

static int start(Look *look, Fetch **ret, Failure *failure) {
    _cleanup_free_ char *program = NULL;
    _cleanup_json_ json_t *request = NULL;

    int r = visor_fetch_path(&program, failure);
    if (r < 0)
        return r;
    r = fetch_request_build(look->check->config, look->tag, &request);
    if (r < 0)
        return failure_set(failure, r, "cannot ask visor-fetch: out of memory");
    FetchOrder order = {.program = program, .request = request};
    return fetch_start(look->check->event, &order, on_event, on_end, look, ret, failure);
}

static void look_for(Check *check, const char *tag) {
    Look look = {
        .check = check,
        .tag = tag,
        .severity = check->upgrade_fetched ? FINDING_PROBLEM : FINDING_WARNING,
    };
    Fetch *fetch = NULL;
    Failure failure = {0};

    int r = start(&look, &fetch, &failure);
    if (r < 0) { /* nothing could ever be fetched */
        look.severity = FINDING_PROBLEM;
        add(&look, NULL, failure.message);
        return;
    }
    r = check_wait(check, &look.ended);
    if (r < 0) {
        (void)fetch_cancel(fetch);
        add(&look, NULL, "visor-fetch cannot be waited for");
    }
}

void check_auto_install(Check *check) {
    const char *tag = check->upgrade ? check->upgrade : check->version;

    if (!check->config)
        return;
    if (!check->config->auto_install.enabled)
        check_ok(
            check, CHECK_AUTO_INSTALL, HOME_CONFIG_FILE,
            "is off: releases are put in place by hand or by `visor prepare`");
    else if (!*tag)
        check_warning(
            check, CHECK_AUTO_INSTALL, HOME_CONFIG_FILE, "name one with --upgrade TAG",
            "no release to look for: the binary does not report its version");
    else
        look_for(check, tag);
}
