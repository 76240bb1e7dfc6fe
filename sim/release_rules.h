/*
 * The scenario of the release server: what it does wrong, and how often.
 *
 *     {"throttle_bytes_per_second": 20000000,
 *      "rules": [{"on": "download", "times": 2, "cut_at": 1000000},
 *                {"on": "api", "status": 403, "headers": {"Retry-After": "1"}}]}
 *
 * The first rule that matches a request and has not been used up decides it, alone. A change of "rules" lets all
 * counts begin anew.
 *
 * Top level
 *   throttle_bytes_per_second   of all files together; 0: no limit
 *   token_on                    list of what needs the token; ["api"] if it is not set
 *   redirect_downloads          downloads go to the storage, as GitHub does it
 *   embedded_assets             how many assets a release shows itself; 30
 *   rules                       list
 * A rule matches by
 *   on                          "api", "download" or "storage"; all if it is not set
 *   asset                       only this one; on the API's lists, where it is not a request's, it says which one
 *                               "missing", "digest", "size" and "state" are about
 *   method                      "GET" or "HEAD"
 *   times                       so many requests, then the next rule has its turn
 * and does, without any of these: nothing (so that others come later),
 *   close, hang                 true: the connection is closed without an answer; nothing is ever said
 *   delay_ms                    before the answer
 *   head_byte_pause_ms          between any two bytes of the head, and of a body that is no file
 *   status                      this instead of an answer; 4xx and 5xx have an error as body
 *   body                        this text instead of the body
 *   html                        true: a page of HTML instead of the body
 *   headers                     {NAME: VALUE}: added or replaced, left away if null; ETag, Content-Range, Date too
 *   redirect                    "loop", "storage", a number of hops of which the last is to the storage, or a URL
 *   cut_at, stall_at            closes, or says nothing more, after so many bytes of the body
 *   length_lie                  Content-Length is so much too high, or too low if it is negative
 *   ranges                      false: Range is ignored
 *   if_range                    false: If-Range is ignored
 *   etag_changes                true: every answer has another ETag and Last-Modified
 *   missing                     true: there is no such asset
 *   digest                      what the API says instead: null, "missing" (no member), "wrong" or any text
 *   size, state                 what the API says instead
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"
#include "sim/http_request.h"
#include "sim/release_route.h"
#include "sim/scenario.h"

typedef struct ReleaseRules {
    json_t *list;   /* what `used` is about; a reference of our own, NULL before the first update */
    uint64_t *used; /* how often each was; owned */
} ReleaseRules;

/** The scheme of these scenarios, for scenario_new_of. */
extern const ScenarioScheme RELEASE_SCENARIO;

/** Takes note of @scenario; to be called whenever it has changed. Returns 0 or -ENOMEM. */
MUST_USE int release_rules_update(ReleaseRules *rules, const Scenario *scenario);

void release_rules_free(ReleaseRules *rules);

/** The index of the rule that decides a request; below 0 if there is none. */
int release_rules_find(const ReleaseRules *rules, const Route *route, const char *method);

/** The rule with this index, counted as used once more; NULL if @index is below 0. */
const json_t *release_rules_use(ReleaseRules *rules, int index);

/** Spoils one asset of the API's answer, or a list of them, as @rule says. Returns 0 or -ENOMEM. */
MUST_USE int release_rules_spoil(const json_t *rule, json_t *assets);
