#include "tests/simulation/fleet.h"

#include "base/clock.h"
#include "tests/simulation/fleet_home.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* All homes by what is due next: a heap of their numbers. */
typedef struct Agenda {
    uint64_t *due_usec; /* of each home */
    uint32_t *heap;
    uint32_t *places; /* of each home in the heap */
    uint32_t count;
} Agenda;

static bool is_before(const Agenda *agenda, uint32_t left, uint32_t right) {
    uint64_t left_usec = agenda->due_usec[left], right_usec = agenda->due_usec[right];
    return left_usec < right_usec || (left_usec == right_usec && left < right);
}

static void put(Agenda *agenda, uint32_t place, uint32_t home) {
    agenda->heap[place] = home;
    agenda->places[home] = place;
}

static void sift_up(Agenda *agenda, uint32_t place) {
    uint32_t home = agenda->heap[place];
    while (place > 0 && is_before(agenda, home, agenda->heap[(place - 1) / 2])) {
        put(agenda, place, agenda->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(agenda, place, home);
}

static void sift_down(Agenda *agenda, uint32_t place) {
    uint32_t home = agenda->heap[place];
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= agenda->count)
            break;
        if (child + 1 < agenda->count && is_before(agenda, agenda->heap[child + 1], agenda->heap[child]))
            child++;
        if (!is_before(agenda, agenda->heap[child], home))
            break;
        put(agenda, place, agenda->heap[child]);
        place = child;
    }
    put(agenda, place, home);
}

static void reschedule(Agenda *agenda, const FleetWorld *world, uint32_t home) {
    agenda->due_usec[home] = fleet_home_due_usec(world, home);
    sift_up(agenda, agenda->places[home]);
    sift_down(agenda, agenda->places[home]);
}

static void agenda_init(Agenda *agenda, const FleetWorld *world) {
    for (uint32_t home = 0; home < world->setup.home_count; home++) {
        agenda->due_usec[home] = fleet_home_due_usec(world, home);
        put(agenda, agenda->count++, home);
        sift_up(agenda, agenda->places[home]);
    }
}

static void count_fetching(Fleet *fleet, const FleetWorld *world, size_t *second) {
    while (*second < fleet->seconds && world->announced_usec + (uint64_t)*second * USEC_PER_SEC <= world->now_usec)
        fleet->fetching[(*second)++] = (uint32_t)world->server.active;
    if (world->server.active > fleet->fetching_most)
        fleet->fetching_most = (uint32_t)world->server.active;
}

static void live(Fleet *fleet, FleetWorld *world, Agenda *agenda) {
    uint64_t end_usec = world->block_usec + world->setup.watched_usec;
    size_t second = 0;
    for (uint32_t home = 0; home < world->setup.home_count; home++)
        fleet_home_init(world, home);
    agenda_init(agenda, world);
    for (;;) {
        uint32_t home = agenda->heap[0];
        uint64_t server_usec = fleet_server_due_usec(&world->server);
        uint64_t due_usec = agenda->due_usec[home] < server_usec ? agenda->due_usec[home] : server_usec;
        if (due_usec >= end_usec)
            break;
        if (due_usec > world->now_usec)
            world->now_usec = due_usec;
        count_fetching(fleet, world, &second);
        if (server_usec <= world->now_usec) {
            home = fleet_server_end(&world->server, world->now_usec);
            fleet_home_fetched(world, home);
        } else {
            fleet_home_advance(world, home);
        }
        reschedule(agenda, world, home);
    }
    world->now_usec = end_usec;
    count_fetching(fleet, world, &second);
    fleet->steps = world->steps;
}

int fleet_run(const FleetSetup *setup, Fleet *ret) {
    size_t count = setup->home_count;
    FleetWorld world = {.setup = *setup, .announced_usec = 60 * USEC_PER_SEC};
    Agenda agenda = {0};

    world.block_usec = world.announced_usec + setup->lead_usec;
    world.server = (FleetServer){
        .bandwidth_bytes = setup->server_bytes, .line_bytes = setup->line_bytes, .file_bytes = setup->file_bytes};
    *ret = (Fleet){.setup = *setup};
    ret->seconds = (size_t)((setup->lead_usec + setup->watched_usec) / USEC_PER_SEC);
    ret->outcomes = calloc(count, sizeof *ret->outcomes);
    ret->fetching = calloc(ret->seconds, sizeof *ret->fetching);
    world.homes = calloc(count, sizeof *world.homes);
    agenda.due_usec = calloc(count, sizeof *agenda.due_usec);
    agenda.heap = calloc(count, sizeof *agenda.heap);
    agenda.places = calloc(count, sizeof *agenda.places);
    bool whole = ret->outcomes && ret->fetching && world.homes && agenda.due_usec && agenda.heap && agenda.places;
    world.outcomes = ret->outcomes;
    if (whole)
        live(ret, &world, &agenda);
    free(world.homes);
    free(agenda.due_usec);
    free(agenda.heap);
    free(agenda.places);
    fleet_server_clear(&world.server);
    return whole ? 0 : -ENOMEM;
}

void fleet_clear(Fleet *fleet) {
    free(fleet->outcomes);
    free(fleet->fetching);
    *fleet = (Fleet){0};
}

static int compare_times(const void *left, const void *right) {
    uint64_t l, r;
    memcpy(&l, left, sizeof l);
    memcpy(&r, right, sizeof r);
    return (l > r) - (l < r);
}

size_t fleet_times(const Fleet *fleet, size_t offset, uint64_t *times) {
    size_t count = 0;
    for (uint32_t home = 0; home < fleet->setup.home_count; home++) {
        uint64_t usec;
        memcpy(&usec, (const char *)&fleet->outcomes[home] + offset, sizeof usec);
        if (usec != USEC_NEVER)
            times[count++] = usec;
    }
    qsort(times, count, sizeof *times, compare_times);
    return count;
}

double fleet_share_back(const Fleet *fleet, uint64_t usec) {
    double all = 0, back = 0;
    for (uint32_t home = 0; home < fleet->setup.home_count; home++) {
        const FleetOutcome *outcome = &fleet->outcomes[home];
        all += outcome->stake;
        if (outcome->back_usec <= usec)
            back += outcome->stake;
    }
    return back / all;
}

uint64_t fleet_back_usec(const Fleet *fleet, double share) {
    uint64_t low_usec = 0, high_usec = fleet->setup.watched_usec;
    if (fleet_share_back(fleet, high_usec) <= share)
        return USEC_NEVER;
    while (high_usec - low_usec > USEC_PER_MSEC) {
        uint64_t middle_usec = low_usec + (high_usec - low_usec) / 2;
        if (fleet_share_back(fleet, middle_usec) > share)
            high_usec = middle_usec;
        else
            low_usec = middle_usec;
    }
    return high_usec;
}
