/*
 * The release server of a network: its bandwidth is shared evenly by all that fetch, and none gets more than its
 * own line carries. All fetch the same file, so they end in the order in which they began.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct FleetFetch {
    uint32_t home;
    bool cancelled;
    double ends_bytes; /* when the server has given every fetcher so much since it began */
} FleetFetch;

typedef struct FleetServer {
    double bandwidth_bytes; /* a second */
    double line_bytes;      /* a second, of one home */
    double file_bytes;
    double given_bytes; /* to each that has fetched all the time */
    uint64_t at_usec;
    size_t active;
    FleetFetch *fetches; /* in order; owned */
    size_t first;
    size_t count;
    size_t room;
} FleetServer;

/** Brings the server to the moment @now_usec. */
void fleet_server_advance(FleetServer *server, uint64_t now_usec);

void fleet_server_begin(FleetServer *server, uint64_t now_usec, uint32_t home);
void fleet_server_cancel(FleetServer *server, uint64_t now_usec, uint32_t home);

/** When the next fetch will end if nothing else happens; USEC_NEVER if nobody fetches. */
uint64_t fleet_server_due_usec(const FleetServer *server);

/** Takes the one that ends now out and returns its home. */
uint32_t fleet_server_end(FleetServer *server, uint64_t now_usec);

void fleet_server_clear(FleetServer *server);
