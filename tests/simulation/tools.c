/* What a Visor asks of others and is answered later: the node's RPC, the binaries, visor-fetch, its successor. */
#include "tests/simulation/visor.h"
#include "tests/simulation/world.h"

static void begin(World *world, Tool *tool, uint64_t delay_usec) {
    *tool = (Tool){.running = true, .due_usec = usec_add(world->now_usec, delay_usec)};
}

/* A node that is not there yet refuses at once; one that hangs keeps the caller until his patience ends. */
void tool_poll(World *world) {
    Visor *visor = &world->visor;
    const NodeProcess *core = &world->processes[PROCESS_VEGA];
    uint64_t delay_usec = MSEC(2);

    visor->poll_end = POLL_ANSWERED;
    if (!process_answers(world, PROCESS_VEGA)) {
        bool hangs = core->alive && world->now_usec >= core->hangs_usec;
        visor->poll_end = hangs ? POLL_TIMED_OUT : POLL_ERROR;
        begin(world, &visor->poll, hangs ? world->rpc_timeout_usec : MSEC(1));
        return;
    }
    switch (fault_below(world, 50)) {
    case 1:
        fault(world, FAULT_POLL_ERROR);
        visor->poll_end = POLL_ERROR;
        break;
    case 2:
        fault(world, FAULT_POLL_DELAY);
        delay_usec = choice_spread(&world->choices, MSEC(10), world->rpc_timeout_usec);
        break;
    case 3:
        fault(world, FAULT_POLL_HANG);
        visor->poll_end = POLL_TIMED_OUT;
        delay_usec = world->rpc_timeout_usec;
        break;
    default:
        break;
    }
    begin(world, &visor->poll, delay_usec);
}

void tool_poll_ends(World *world) {
    Visor *visor = &world->visor;
    visor->poll.running = false;
    if (visor->poll_end != POLL_ANSWERED || !process_answers(world, PROCESS_VEGA)) {
        visor->answering_since_usec = USEC_NEVER;
        visor_dispatch(world, (Event){.type = EVENT_POLL_FAILED});
        return;
    }
    Status status = network_status(world);
    int release = world->processes[PROCESS_VEGA].release;
    if (visor->answering_since_usec == USEC_NEVER)
        visor->answering_since_usec = world->now_usec;
    world->processes[PROCESS_VEGA].answered_truth = true;
    if (!status.ready || release_of_tag(status.tag) != release + 1)
        visor->ready_since_usec = USEC_NEVER;
    else if (visor->ready_since_usec == USEC_NEVER)
        visor->ready_since_usec = world->now_usec;
    world->answered[release] = visor->saw_answer[release] = true;
    visor_dispatch(
        world, (Event){
                   .type = EVENT_POLL_ANSWERED,
                   .poll = {status.has_release, status.tag, status.height_blocks, status.ready},
               });
    state_file_record_running(world);
}

void tool_ask_version(World *world) {
    begin(world, &world->visor.version, choice_spread(&world->choices, MSEC(20), SEC(10)));
}

void tool_ask_version_ends(World *world) {
    Visor *visor = &world->visor;
    const char *tag = release_tag(visor->running);
    visor->version.running = false;
    if (fault_one_in(world, 12)) {
        fault(world, FAULT_VERSION);
        tag = NULL;
    }
    visor_dispatch(world, (Event){.type = EVENT_VERSION, .version = {.tag = tag}});
}

void tool_query_segment(World *world) {
    begin(world, &world->visor.segment, choice_spread(&world->choices, MSEC(50), SEC(59)));
}

void tool_query_segment_ends(World *world) {
    Visor *visor = &world->visor;
    Event event = {.type = EVENT_SEGMENT, .segment = {.result = SEGMENT_FOUND}};

    visor->segment.running = false;
    event.segment.height_blocks = world->network.node_height_blocks - choice_below(&world->choices, 300);
    switch (fault_below(world, 8)) {
    case 1:
        fault(world, FAULT_SEGMENT);
        event.segment.result = SEGMENT_FAILED;
        break;
    case 2:
        event.segment.result = SEGMENT_NONE;
        break;
    default:
        break;
    }
    visor->segment_height_blocks = event.segment.result == SEGMENT_FOUND ? event.segment.height_blocks : 0;
    visor_dispatch(world, event);
}

void tool_ask_height(World *world) {
    begin(world, &world->visor.height, MSEC(3));
}

void tool_ask_height_ends(World *world) {
    world->visor.height.running = false;
    network_node_follows(world);
    visor_dispatch(
        world, (Event){
                   .type = EVENT_HEIGHT,
                   .height = {
                       .known = process_answers(world, PROCESS_VEGA) && !fault_one_in(world, 10),
                       .height_blocks = world->network.node_height_blocks,
                   }});
}

/* What is found is what lies there when the examination begins; what is asked takes its time. */
void tool_examine(World *world, int release) {
    Visor *visor = &world->visor;
    const Folder *folder = &world->disk.folders[release];
    bool asked = true;

    visor->watched = visor->examined = release;
    visor->examined_identity = folder->identity;
    visor->found = FOUND_IN_PLACE;
    if (folder->state == FOLDER_ABSENT || folder->state == FOLDER_LACKS_BINARY) {
        asked = false;
        if (world->settings.fetch_enabled && folder->staged == STAGED_NOTHING)
            visor->found = FOUND_ABSENT;
        if (world->settings.fetch_enabled && folder->staged != STAGED_NOTHING) {
            visor->found = FOUND_STAGED;
            asked = true;
        }
    }
    if (asked) {
        begin(world, &visor->examine, choice_spread(&world->choices, MSEC(20), SEC(30)));
        return;
    }
    visor->examine.running = false;
    visor->proven = RELEASE_NONE;
    visor->staged_proven = false;
    visor_answer(
        world,
        (Event){
            .type = EVENT_EXAMINED,
            .examined = {
                .tag = release_tag(release), .is_current = release == visor->running, .found = visor->found}});
}

void tool_examine_ends(World *world) {
    Visor *visor = &world->visor;
    int release = visor->examined;
    const Folder *folder = &world->disk.folders[release];
    bool told = !fault_one_in(world, 20);
    bool good = visor->found == FOUND_STAGED ? folder->staged == STAGED_COMPLETE : folder->state == FOLDER_COMPLETE;

    visor->examine.running = false;
    if (folder->identity != visor->examined_identity && visor->found == FOUND_IN_PLACE)
        good = false; /* changed while it was asked: what was asked may have been either */
    if (!told)
        fault(world, FAULT_VERSION);
    else if (!good && visor->found == FOUND_STAGED)
        visor->found = FOUND_USELESS;
    bool proven = told && good;
    visor->proven = proven ? release : RELEASE_NONE;
    visor->proven_identity = visor->examined_identity;
    visor->staged_proven = proven && visor->found == FOUND_STAGED;
    visor_dispatch(
        world, (Event){
                   .type = EVENT_EXAMINED,
                   .examined = {
                       .tag = release_tag(release),
                       .proven = proven,
                       .is_current = release == visor->running,
                       .found = visor->found,
                   }});
}

static bool can_be_fetched(const World *world, int release) {
    return release <= world->network.upgrade_count && world->now_usec >= world->mishaps.server_down_until_usec &&
           world->now_usec >= world->network.milestones[release].published_usec && !disk_is_full(world);
}

void tool_fetch(World *world, int release) {
    Visor *visor = &world->visor;
    uint64_t delay_usec = choice_spread(&world->choices, MSEC(400), MINUTES(2));

    visor->fetched = release;
    visor->fetch_end = FETCH_DONE;
    switch (fault_below(world, 8)) {
    case 1:
        fault(world, FAULT_FETCH);
        visor->fetch_end = FETCH_FAILED;
        break;
    case 2:
        fault(world, FAULT_FETCH);
        visor->fetch_end = FETCH_PROGRESSED;
        break;
    case 3:
        fault(world, FAULT_FETCH_USELESS);
        visor->fetch_end = FETCH_USELESS;
        break;
    case 4:
        fault(world, FAULT_FETCH_SLOW);
        delay_usec = choice_spread(&world->choices, MINUTES(2), HOURS(10));
        break;
    default:
        break;
    }
    begin(world, &visor->fetch, delay_usec);
}

void tool_fetch_ends(World *world) {
    Visor *visor = &world->visor;
    int release = visor->fetched;
    uint64_t retry_after_usec = 0;

    visor->fetch.running = false;
    if (!can_be_fetched(world, release) && visor->fetch_end != FETCH_PROGRESSED)
        visor->fetch_end = FETCH_FAILED;
    /* What is complete is not fetched again, however wrong it is. */
    if (world->disk.folders[release].staged == STAGED_USELESS)
        visor->fetch_end = FETCH_USELESS;
    bool ok = visor->fetch_end == FETCH_DONE || visor->fetch_end == FETCH_USELESS;
    if (ok)
        world->disk.folders[release].staged = visor->fetch_end == FETCH_DONE ? STAGED_COMPLETE : STAGED_USELESS;
    else if (fault_one_in(world, 5))
        retry_after_usec = choice_spread(&world->choices, SEC(1), HOURS(1));
    say(world, "the fetch of %s %s", release_tag(release), ok ? "is done" : "fails");
    visor_dispatch(
        world, (Event){
                   .type = EVENT_FETCHED,
                   .fetched = {
                       .tag = release_tag(release),
                       .ok = ok,
                       .progressed = ok || visor->fetch_end == FETCH_PROGRESSED,
                       .retry_after_usec = retry_after_usec,
                   }});
}

void tool_rehearse(World *world) {
    begin(world, &world->visor.rehearsal, choice_spread(&world->choices, MSEC(5), SEC(10)));
}

void tool_rehearse_ends(World *world) {
    world->visor.rehearsal.running = false;
    bool ok = !fault_one_in(world, 4);
    if (!ok)
        fault(world, FAULT_REHEARSAL);
    world->visor.rehearsed = ok;
    visor_dispatch(world, (Event){.type = EVENT_REHEARSED, .done = {.ok = ok}});
}
