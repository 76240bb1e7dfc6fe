#include "tests/simulation/network.h"

#include "tests/simulation/world.h"

static const Fault LIES[] = {
    FAULT_COUNT, /* the truth */
    FAULT_LIE_RETRACTED, FAULT_LIE_CHANGED, FAULT_LIE_MOVED,   FAULT_LIE_OLD,
    FAULT_LIE_NONSENSE,  FAULT_LIE_ITSELF,  FAULT_LIE_NOTHING,
};

enum { LIE_COUNT = sizeof LIES / sizeof *LIES };

void network_init(World *world) {
    Network *network = &world->network;
    Choices *choices = &world->choices;
    network->block_usec = SEC(1) + MSEC(100) * choice_below(choices, 50);
    network->genesis_blocks = 1000;
    network->node_height_blocks = network->genesis_blocks;
    network->upgrade_count = 1 + (int)choice_below(choices, UPGRADES_MAX - 1);
    uint64_t at_usec = HISTORY_BEGINS_USEC + MINUTES(2);
    uint64_t height_blocks = network->genesis_blocks;
    for (int n = 1; n <= network->upgrade_count; n++) {
        Milestone *milestone = &network->milestones[n];
        uint64_t gap_usec = choice_spread(choices, MINUTES(3), DAYS(200));
        uint64_t lead_usec = choice_spread(choices, SEC(30), gap_usec - SEC(60));
        at_usec += gap_usec;
        height_blocks += gap_usec / network->block_usec + 1;
        milestone->reached_usec = at_usec;
        milestone->announced_usec = at_usec - lead_usec;
        milestone->height_blocks = height_blocks;
        if (fault_one_in(world, 6)) {
            fault(world, FAULT_LATE_RELEASE);
            milestone->published_usec = at_usec + choice_spread(choices, 0, HOURS(5));
        }
    }
    world->faults_end_usec = at_usec + choice_spread(choices, MINUTES(1), DAYS(2));
}

/* Blocks come evenly between two upgrades; the rounding is the chain's own affair. */
uint64_t network_height_blocks(const World *world) {
    const Network *network = &world->network;
    uint64_t since_usec = HISTORY_BEGINS_USEC;
    uint64_t blocks = network->genesis_blocks;
    for (int n = 1; n <= network->upgrade_count && network->milestones[n].reached_usec <= world->now_usec; n++) {
        since_usec = network->milestones[n].reached_usec;
        blocks = network->milestones[n].height_blocks;
    }
    blocks += (world->now_usec - since_usec) / network->block_usec;
    for (int n = 1; n <= network->upgrade_count; n++)
        if (network->milestones[n].reached_usec > world->now_usec && blocks >= network->milestones[n].height_blocks)
            return network->milestones[n].height_blocks - 1;
    return blocks;
}

static uint64_t last_height_blocks(const Network *network, int release) {
    return release < network->upgrade_count ? network->milestones[release + 1].height_blocks : UINT64_MAX;
}

bool network_is_right(const World *world, int release, uint64_t height_blocks) {
    const Network *network = &world->network;
    if (release < 0 || release > network->upgrade_count)
        return false;
    uint64_t first_blocks = release > 0 ? network->milestones[release].height_blocks : 0;
    return height_blocks >= first_blocks && height_blocks <= last_height_blocks(network, release);
}

bool network_node_is_done(const World *world, int release) {
    return release < world->network.upgrade_count &&
           world->network.node_height_blocks >= last_height_blocks(&world->network, release);
}

void network_node_follows(World *world) {
    Network *network = &world->network;
    const NodeProcess *core = &world->processes[PROCESS_VEGA];
    if (!core->alive || core->answers_usec > world->now_usec)
        return;
    uint64_t height_blocks = network_height_blocks(world);
    uint64_t last_blocks = last_height_blocks(network, core->release);
    if (height_blocks > last_blocks)
        height_blocks = last_blocks;
    if (height_blocks > network->node_height_blocks)
        network->node_height_blocks = height_blocks;
}

void network_node_ends(World *world) {
    network_node_follows(world);
}

static bool data_node_is_done(const World *world) {
    return !world->has_data_node || process_answers(world, PROCESS_DATA_NODE);
}

static Status truth(const World *world, int release) {
    const Network *network = &world->network;
    int next = release + 1;
    if (next <= network->upgrade_count && network->milestones[next].announced_usec <= world->now_usec)
        return (Status){
            .has_release = true,
            .tag = release_tag(next),
            .height_blocks = network->milestones[next].height_blocks,
            .ready = network_node_is_done(world, release) && data_node_is_done(world),
        };
    /* Right after a restart it may still name the release that it is. */
    if (release > 0 && network->node_height_blocks < network->milestones[release].height_blocks + 20)
        return (Status){
            .has_release = true,
            .tag = release_tag(release),
            .height_blocks = network->milestones[release].height_blocks,
        };
    return (Status){.has_release = false, .tag = ""};
}

/* The binary has told, or the record tells what was switched to. */
static bool knows_what_runs(const World *world) {
    const Core *core = &world->visor.core;
    bool told = core->upgrade.facts.running_known && core->upgrade.running[0] && !world->visor.version.running;
    return told || (core->node.record.tag[0] && core->node.record.stage != STAGE_DECIDED);
}

static Status lie(const World *world, int release, Status status) {
    switch ((int)LIES[world->network.lie]) {
    case FAULT_LIE_RETRACTED:
        return (Status){.has_release = false, .tag = ""};
    case FAULT_LIE_CHANGED:
        status.tag = release_tag(release + 2 <= world->network.upgrade_count ? release + 2 : RELEASE_NOWHERE);
        break;
    case FAULT_LIE_MOVED:
        status.height_blocks += 7;
        break;
    case FAULT_LIE_OLD:
        status.tag = release_tag(release > 0 ? release - 1 : 0);
        status.ready = knows_what_runs(world); /* else nobody could tell that it is old */
        break;
    case FAULT_LIE_NONSENSE:
        status.tag = world->network.lie_polls % 2 == 0 ? "../x" : "current";
        break;
    case FAULT_LIE_ITSELF:
        status.tag = release_tag(release);
        status.ready = true;
        break;
    case FAULT_LIE_NOTHING:
        return (Status){.has_release = false, .tag = "", .ready = true};
    default:
        return status;
    }
    status.has_release = true;
    return status;
}

/* At the block itself, nobody could tell a lie that says ready for another release; but it may take back what it
 * said. */
static Status lie_at_block(const World *world, int release, Status status) {
    status = lie(world, release, status);
    status.ready = false;
    return status;
}

Status network_status(World *world) {
    Network *network = &world->network;
    network_node_follows(world);
    int release = world->processes[PROCESS_VEGA].release;
    Status status = truth(world, release);
    bool at_block = network_node_is_done(world, release);
    if (network->lie_polls > 0)
        network->lie_polls--;
    else
        network->lie = 0;
    if (network->lie == 0 && fault_one_in(world, 60)) {
        network->lie = 1 + (int)choice_below(&world->choices, LIE_COUNT - 1);
        network->lie_polls = (unsigned)choice_spread(&world->choices, 0, 200);
        fault(world, at_block ? FAULT_LIE_AT_BLOCK : LIES[network->lie]);
    }
    if (network->lie == 0)
        return status;
    return at_block ? lie_at_block(world, release, status) : lie(world, release, status);
}

static void come_nearer(uint64_t *at_usec, uint64_t now_usec, uint64_t by_usec) {
    if (*at_usec > now_usec)
        *at_usec = *at_usec - now_usec > by_usec ? *at_usec - by_usec : now_usec;
}

void network_leap(World *world, uint64_t slept_usec) {
    for (int n = 1; n <= world->network.upgrade_count; n++) {
        Milestone *milestone = &world->network.milestones[n];
        come_nearer(&milestone->announced_usec, world->now_usec, slept_usec);
        come_nearer(&milestone->reached_usec, world->now_usec, slept_usec);
        come_nearer(&milestone->published_usec, world->now_usec, slept_usec);
    }
}

uint64_t network_due_usec(const World *world) {
    const Network *network = &world->network;
    for (int n = 1; n <= network->upgrade_count; n++) {
        if (network->milestones[n].announced_usec > world->now_usec)
            return network->milestones[n].announced_usec;
        if (network->milestones[n].reached_usec > world->now_usec)
            return network->milestones[n].reached_usec;
    }
    return USEC_NEVER;
}

int network_release(const World *world) {
    int release = 0;
    for (int n = 1; n <= world->network.upgrade_count; n++)
        if (world->network.milestones[n].reached_usec <= world->now_usec)
            release = n;
    return release;
}
