#include "core/fetch_plan.h"

#include "core/step.h"

#include <string.h>

enum {
    DELAY_LEAST_USEC = 1000 * 1000,
    DELAY_MOST_USEC = 300 * 1000 * 1000,
    DELAY_WAITED_FOR_USEC = 10 * 1000 * 1000, /* the most once the network waits */
};

/* xorshift64* (Vigna 2016): spreads the nodes of a network over time, nothing more depends on it. */
static uint64_t random_below(FetchPlan *fetch, uint64_t limit) {
    if (fetch->random == 0)
        fetch->random = 1;
    fetch->random ^= fetch->random >> 12;
    fetch->random ^= fetch->random << 25;
    fetch->random ^= fetch->random >> 27;
    uint64_t drawn = fetch->random * UINT64_C(0x2545f4914f6cdd1d);
    return limit > 0 ? (drawn >> 16) % limit : 0;
}

static bool is_wanted(const Core *core) {
    const Upgrade *upgrade = &core->upgrade;
    if (upgrade->step == UPGRADE_ASKING) /* the node was restarted: what is under way goes on until more is known */
        return core->fetch.running && upgrade->facts.may_fetch;
    return upgrade->step == UPGRADE_FETCHING ||
           (upgrade->step == UPGRADE_BLOCKED && upgrade->facts.absent && upgrade->facts.may_fetch);
}

static void cancel(Step *step) {
    FetchPlan *fetch = &step->core->fetch;
    if (!fetch->running)
        return;
    fetch->running = false;
    step_do(step, ACTION_CANCEL_FETCH);
}

void fetch_plan_begin(Step *step) {
    FetchPlan *fetch = &step->core->fetch;
    cancel(step); /* of another release */
    fetch->begun = false;
    fetch->delay_usec = 0;
    /* All nodes of the network learn of an upgrade with the same block: they must not all ask at once. */
    fetch->due_usec = usec_add(step->now_usec, random_below(fetch, step->core->settings.fetch_spread_usec + 1));
    /* A network that changes its mind with every poll must not start a fetch with each. */
    uint64_t calm_usec = usec_add(fetch->began_usec, DELAY_WAITED_FOR_USEC);
    if (fetch->began_usec > 0 && fetch->due_usec < calm_usec)
        fetch->due_usec = calm_usec;
}

void fetch_plan_hurry(Step *step) {
    FetchPlan *fetch = &step->core->fetch;
    fetch->delay_usec = 0;
    if (step->now_usec < fetch->due_usec)
        fetch->due_usec = step->now_usec;
}

void fetch_plan_interrupted(Step *step) {
    FetchPlan *fetch = &step->core->fetch;
    if (fetch->running)
        fetch->due_usec = step->now_usec;
    fetch->running = false;
}

void fetch_plan_settings_changed(Step *step, const Settings *before) {
    if (before->fetch_revision == step->core->settings.fetch_revision)
        return;
    cancel(step); /* what was asked for is no longer what is wanted */
    fetch_plan_hurry(step);
}

/* Around the middle of the delay, so that nodes that failed together do not come back together. */
static uint64_t jittered(FetchPlan *fetch, uint64_t delay_usec) {
    return delay_usec - delay_usec / 4 + random_below(fetch, delay_usec / 2 + 1);
}

static void plan_next(Step *step, bool progressed, uint64_t retry_after_usec) {
    FetchPlan *fetch = &step->core->fetch;
    uint64_t most_usec = step->core->upgrade.facts.ready ? DELAY_WAITED_FOR_USEC : DELAY_MOST_USEC;

    fetch->delay_usec = progressed || fetch->delay_usec == 0 ? DELAY_LEAST_USEC : fetch->delay_usec * 2;
    if (fetch->delay_usec > DELAY_MOST_USEC)
        fetch->delay_usec = DELAY_MOST_USEC;
    uint64_t wait_usec = jittered(fetch, fetch->delay_usec);
    if (wait_usec > most_usec)
        wait_usec = most_usec;
    /* What a server asks for is honoured while there is time; when the network waits, other ways are tried. */
    if (retry_after_usec > wait_usec && !step->core->upgrade.facts.ready)
        wait_usec = retry_after_usec;
    fetch->due_usec = usec_add(step->now_usec, wait_usec);
}

void fetch_plan_ended(Step *step, const Event *event) {
    Upgrade *upgrade = &step->core->upgrade;
    FetchPlan *fetch = &step->core->fetch;

    if (!fetch->running || strcmp(event->fetched.tag, upgrade->tag) != 0) {
        step_impossible(step, EVENT_NAME[event->type]);
        return;
    }
    fetch->running = false;
    /* Also after a success: should the examination not find what was fetched, or find it useless, it is fetched
     * anew, but not in a frenzy: all of it that came then is no progress. */
    plan_next(step, event->fetched.progressed && !event->fetched.ok, event->fetched.retry_after_usec);
    if (event->fetched.ok)
        upgrade->examine_due_usec = step->now_usec;
    else
        step_report(
            step, (Report){
                      .kind = REPORT_FETCH_FAILED,
                      .tag = upgrade->tag,
                      .delay_usec = usec_since(fetch->due_usec, step->now_usec)});
}

static void begin(Step *step) {
    FetchPlan *fetch = &step->core->fetch;
    const Upgrade *upgrade = &step->core->upgrade;
    if (!fetch->begun) /* room first: what was staged of other releases */
        step_do(step, ACTION_TIDY)->tag = upgrade->tag;
    fetch->begun = true;
    fetch->began_usec = step->now_usec;
    fetch->running = true;
    step_do(step, ACTION_FETCH)->tag = upgrade->tag;
}

/* Not while the release is examined: what was fetched may be what is being asked for its version. */
static bool waits_for_its_time(const Core *core) {
    return is_wanted(core) && !core->fetch.running && !core->upgrade.examining;
}

void fetch_plan_advance(Step *step) {
    if (!is_wanted(step->core))
        cancel(step);
    else if (waits_for_its_time(step->core) && step->now_usec >= step->core->fetch.due_usec)
        begin(step);
}

uint64_t fetch_plan_deadline_usec(const Core *core) {
    return waits_for_its_time(core) ? core->fetch.due_usec : USEC_NEVER;
}
