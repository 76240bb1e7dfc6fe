/* When a living Visor is woken, and by what. */
#include "tests/simulation/visor.h"
#include "tests/simulation/world.h"

typedef enum Source {
    SOURCE_EXIT_VEGA,
    SOURCE_EXIT_DATA_NODE,
    SOURCE_POLL,
    SOURCE_HEIGHT,
    SOURCE_VERSION,
    SOURCE_SEGMENT,
    SOURCE_EXAMINE,
    SOURCE_FETCH,
    SOURCE_REHEARSAL,
    SOURCE_FOLDER,
    SOURCE_RECORD,
    SOURCE_DEADLINE,
} Source;

static uint64_t tool_due_usec(const Tool *tool) {
    return tool->running ? tool->due_usec : USEC_NEVER;
}

static uint64_t source_due_usec(const World *world, Source source) {
    const Visor *visor = &world->visor;
    switch (source) {
    case SOURCE_EXIT_VEGA:
        return visor->exit_notice_usec[PROCESS_VEGA];
    case SOURCE_EXIT_DATA_NODE:
        return visor->exit_notice_usec[PROCESS_DATA_NODE];
    case SOURCE_POLL:
        return tool_due_usec(&visor->poll);
    case SOURCE_HEIGHT:
        return tool_due_usec(&visor->height);
    case SOURCE_VERSION:
        return tool_due_usec(&visor->version);
    case SOURCE_SEGMENT:
        return tool_due_usec(&visor->segment);
    case SOURCE_EXAMINE:
        return tool_due_usec(&visor->examine);
    case SOURCE_FETCH:
        return tool_due_usec(&visor->fetch);
    case SOURCE_REHEARSAL:
        return tool_due_usec(&visor->rehearsal);
    case SOURCE_FOLDER:
        return visor->folder_notice_usec;
    case SOURCE_RECORD:
        return visor->put_back_usec;
    case SOURCE_DEADLINE:
        break;
    }
    return USEC_NEVER;
}

static Source next_source(const World *world, uint64_t *ret_due_usec) {
    Source next = SOURCE_DEADLINE;
    *ret_due_usec = from_monotonic_usec(world, core_deadline_usec(&world->visor.core));
    for (Source source = 0; source < SOURCE_DEADLINE; source++) {
        uint64_t due_usec = source_due_usec(world, source);
        if (due_usec < *ret_due_usec) {
            *ret_due_usec = due_usec;
            next = source;
        }
    }
    return next;
}

static uint64_t next_start_usec(const World *world) {
    uint64_t restart_usec = world->visor.restart_usec;
    return restart_usec < world->reboot_usec ? world->reboot_usec : restart_usec;
}

uint64_t visor_due_usec(World *world) {
    uint64_t due_usec;
    if (!world->visor.alive)
        return next_start_usec(world);
    world->visor.next_source = (int)next_source(world, &due_usec);
    return due_usec < world->visor.thaw_usec ? world->visor.thaw_usec : due_usec;
}

uint64_t visor_calm_until_usec(const World *world) {
    uint64_t until_usec = USEC_NEVER;
    for (Source source = 0; source < SOURCE_DEADLINE; source++) {
        uint64_t due_usec = source == SOURCE_POLL ? USEC_NEVER : source_due_usec(world, source);
        if (due_usec < until_usec)
            until_usec = due_usec;
    }
    return until_usec;
}

void visor_advance(World *world) {
    Visor *visor = &world->visor;
    if (!visor->alive) {
        visor->restart_usec = USEC_NEVER;
        visor_start(world);
        return;
    }
    Source source = (Source)visor->next_source;
    bool news = source == SOURCE_EXIT_VEGA || source == SOURCE_EXIT_DATA_NODE || source == SOURCE_FOLDER;
    visor->calm_steps = news ? 0 : visor->calm_steps + 1;
    switch (source) {
    case SOURCE_EXIT_VEGA:
    case SOURCE_EXIT_DATA_NODE:
        visor->exit_notice_usec[source] = USEC_NEVER;
        visor_dispatch(world, (Event){.type = EVENT_EXITED, .process = {.name = (ProcessName)source}});
        break;
    case SOURCE_POLL:
        tool_poll_ends(world);
        break;
    case SOURCE_HEIGHT:
        tool_ask_height_ends(world);
        break;
    case SOURCE_VERSION:
        tool_ask_version_ends(world);
        break;
    case SOURCE_SEGMENT:
        tool_query_segment_ends(world);
        break;
    case SOURCE_EXAMINE:
        tool_examine_ends(world);
        break;
    case SOURCE_FETCH:
        tool_fetch_ends(world);
        break;
    case SOURCE_REHEARSAL:
        tool_rehearse_ends(world);
        break;
    case SOURCE_FOLDER:
        visor->folder_notice_usec = USEC_NEVER;
        visor_dispatch(world, (Event){.type = EVENT_FOLDER_CHANGED});
        break;
    case SOURCE_RECORD:
        (void)state_file_put_back(world);
        break;
    case SOURCE_DEADLINE:
        visor_dispatch(world, (Event){.type = EVENT_DEADLINE});
        break;
    }
}
