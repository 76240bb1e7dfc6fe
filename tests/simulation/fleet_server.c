#include "tests/simulation/fleet_server.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double rate_bytes(const FleetServer *server) {
    double share_bytes = server->bandwidth_bytes / (double)server->active;
    return share_bytes < server->line_bytes ? share_bytes : server->line_bytes;
}

void fleet_server_advance(FleetServer *server, uint64_t now_usec) {
    if (server->active > 0)
        server->given_bytes += rate_bytes(server) * (double)(now_usec - server->at_usec) / 1e6;
    server->at_usec = now_usec;
}

void fleet_server_begin(FleetServer *server, uint64_t now_usec, uint32_t home) {
    fleet_server_advance(server, now_usec);
    if (server->count == server->room) {
        server->room = server->room > 0 ? server->room * 2 : 1024;
        server->fetches = realloc(server->fetches, server->room * sizeof *server->fetches);
        if (!server->fetches) {
            (void)fputs("out of memory\n", stderr);
            abort();
        }
    }
    server->fetches[server->count++] =
        (FleetFetch){.home = home, .ends_bytes = server->given_bytes + server->file_bytes};
    server->active++;
}

static void skip_cancelled(FleetServer *server) {
    while (server->first < server->count && server->fetches[server->first].cancelled)
        server->first++;
}

void fleet_server_cancel(FleetServer *server, uint64_t now_usec, uint32_t home) {
    fleet_server_advance(server, now_usec);
    for (size_t i = server->first; i < server->count; i++) {
        if (server->fetches[i].home != home || server->fetches[i].cancelled)
            continue;
        server->fetches[i].cancelled = true;
        server->active--;
    }
    skip_cancelled(server);
}

uint64_t fleet_server_due_usec(const FleetServer *server) {
    if (server->active == 0)
        return USEC_NEVER;
    double left_bytes = server->fetches[server->first].ends_bytes - server->given_bytes;
    double left_usec = ceil((left_bytes > 0 ? left_bytes : 0) / rate_bytes(server) * 1e6);
    return server->at_usec + (uint64_t)left_usec;
}

uint32_t fleet_server_end(FleetServer *server, uint64_t now_usec) {
    fleet_server_advance(server, now_usec);
    uint32_t home = server->fetches[server->first++].home;
    server->active--;
    skip_cancelled(server);
    return home;
}

void fleet_server_clear(FleetServer *server) {
    free(server->fetches);
    *server = (FleetServer){0};
}
