#include "sim/core.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "sim/announcement.h"
#include "sim/chain.h"
#include "sim/chain_file.h"
#include "sim/http_server.h"
#include "sim/listener.h"
#include "sim/rpc.h"
#include "sim/statistics.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS_AN_EVENT = 100 };

struct Core {
    Loop *loop;
    const char *home;
    const Scenario *scenario;
    const EventLog *log;

    Chain chain;
    ChainFile file;
    Announcement announcement;

    Rpc rpc;
    HttpServer *rpc_server;
    char *socket_path; /* where it listens; NULL while it does not */

    Statistics statistics;
    HttpServer *statistics_server;
    int64_t statistics_port; /* as the scenario had it when the server was started; 0 while there is none */
};

/* -- the admin socket ------------------------------------------------------------------------------------------ */

/* Closed with its connections, so that a client that kept one learns of it too. */
static void close_admin_socket(Core *core) {
    core->rpc_server = http_server_free(core->rpc_server);
}

static int open_admin_socket(Core *core, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    const char *path = scenario_string(core->scenario, "socket", NULL);

    free(core->socket_path);
    core->socket_path = path ? strdup(path) : string_format("%s/vega.sock", core->home);
    if (!core->socket_path)
        return failure_set(failure, -ENOMEM, "out of memory");
    int r = listener_open_path(core->socket_path, &fd, failure);
    if (r < 0)
        return r;
    r = http_server_new(core->loop, fd, rpc_handle, &core->rpc, &core->rpc_server);
    if (r < 0)
        return failure_set(failure, r, "cannot serve at %s: %s", core->socket_path, strerror(-r));
    (void)TAKE_FD(fd);
    event_log_write(core->log, "listening", json_pack("{s:s}", "socket", core->socket_path));
    return 0;
}

static int update_admin_socket(Core *core, Failure *failure) {
    bool refuse = rpc_fault(core->scenario) == FAULT_REFUSE;
    if (core->rpc_server && refuse)
        close_admin_socket(core); /* the file stays: connecting to it is refused */
    if (!core->rpc_server && !refuse)
        return open_admin_socket(core, failure);
    return 0;
}

/* -- statistics ------------------------------------------------------------------------------------------------ */

static int open_statistics(Core *core, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    uint16_t port = core->statistics_port < 0 ? 0 : (uint16_t)core->statistics_port;

    int r = listener_open_port(port, &fd, &port, failure);
    if (r < 0)
        return r;
    r = http_server_new(core->loop, fd, statistics_handle, &core->statistics, &core->statistics_server);
    if (r < 0)
        return failure_set(failure, r, "cannot serve on port %u: %s", port, strerror(-r));
    (void)TAKE_FD(fd);
    event_log_write(core->log, "statistics", json_pack("{s:i}", "port", (int)port));
    return 0;
}

static int update_statistics(Core *core, Failure *failure) {
    int64_t port = scenario_integer(core->scenario, "statistics_port", 0);
    statistics_update(&core->statistics);
    if (port == core->statistics_port)
        return 0;
    core->statistics_server = http_server_free(core->statistics_server);
    core->statistics_port = port;
    return port == 0 ? 0 : open_statistics(core, failure);
}

/* -- the chain ------------------------------------------------------------------------------------------------- */

static uint64_t step_chain(Core *core, uint64_t now_usec) {
    Chain earlier = core->chain;
    uint64_t deadline_usec = chain_step(&core->chain, core->scenario, now_usec);
    const Chain *chain = &core->chain;
    bool moved = chain->height != earlier.height;

    if (moved || chain->jump != earlier.jump)
        chain_file_write(&core->file, chain);
    if ((chain->blocks == 1 && earlier.blocks == 0) ||
        (moved && chain->height / BLOCKS_AN_EVENT != earlier.height / BLOCKS_AN_EVENT))
        event_log_write(core->log, "block", json_pack("{s:I}", "height", (json_int_t)chain->height));
    return deadline_usec;
}

static bool is_at_crash(const Core *core) {
    return core->chain.height >= scenario_integer(core->scenario, "crash_at", INT64_MAX);
}

int core_step(Core *core, uint64_t now_usec, uint64_t *ret_deadline_usec, Failure *failure) {
    int r = update_statistics(core, failure);
    if (r >= 0)
        r = update_admin_socket(core, failure);
    if (r < 0)
        return r;

    *ret_deadline_usec = step_chain(core, now_usec);
    ChainStatus status = chain_status(&core->chain, core->scenario, now_usec);
    announcement_update(&core->announcement, &status, core->log);
    return is_at_crash(core) ? 1 : 0;
}

/* -- life ------------------------------------------------------------------------------------------------------ */

int core_new(
    Loop *loop, const char *home, int home_fd, const Scenario *scenario, const EventLog *log, int64_t load_height,
    Core **ret, Failure *failure) {
    Core *core = malloc(sizeof *core);
    if (!core)
        return failure_set(failure, -ENOMEM, "out of memory");
    *core = (Core){
        .loop = loop,
        .home = home,
        .scenario = scenario,
        .log = log,
        .chain = {.height = scenario_integer(scenario, "start_height", 1), .jump = -1},
        .file = {.fd = -1},
        .rpc = {.scenario = scenario, .chain = &core->chain, .log = log},
        .statistics = {.scenario = scenario, .chain = &core->chain, .stuck_height = -1},
    };
    int r = chain_file_open(&core->file, home_fd, &core->chain, failure);
    if (r < 0) {
        (void)core_free(core);
        return r;
    }
    if (load_height >= 0) {
        core->chain.height = load_height;
        core->chain.jump = scenario_integer(scenario, "height", -1); /* an older wish than the command line's */
    }
    chain_file_write(&core->file, &core->chain);
    *ret = core;
    return 0;
}

void core_stop_serving(Core *core) {
    close_admin_socket(core);
    core->statistics_server = http_server_free(core->statistics_server);
    if (core->socket_path)
        (void)unlink(core->socket_path);
}

Core *core_free(Core *core) {
    if (!core)
        return NULL;
    close_admin_socket(core);
    (void)http_server_free(core->statistics_server);
    rpc_free(&core->rpc);
    announcement_free(&core->announcement);
    chain_file_close(&core->file);
    free(core->socket_path);
    free(core);
    return NULL;
}
