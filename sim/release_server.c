#include "sim/release_server.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "sim/http_server.h"
#include "sim/listener.h"
#include "sim/release_site.h"
#include "sim/scenario_file.h"
#include "sim/signals.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/* One of the two ports. */
typedef struct Door {
    ReleaseServer *server;
    HttpServer *http;
    uint16_t port;
    bool is_storage;
} Door;

struct ReleaseServer {
    const EventLog *log;
    Loop *loop;
    Signals *signals;
    ScenarioFile *file; /* NULL if there is none */
    ReleaseSite site;
    Door main;
    Door storage;
};

/* -- what was asked -------------------------------------------------------------------------------------------- */

/* What is to be said of a request once its answer has gone out. */
typedef struct Record {
    const EventLog *log;
    json_t *request; /* what the event "request" said */
    uint64_t head_bytes;
    bool limited; /* not all of the body was to be sent */
} Record;

static const char *text_or_null(const char *text) {
    return *text ? text : NULL;
}

static json_t *describe(
    const Door *door, const HttpRequest *request, const Route *route, const HttpAnswer *answer, uint64_t number) {
    return json_pack(
        "{s:I, s:s, s:s, s:s, s:s?, s:i, s:i, s:b, s:s?, s:s?, s:s?, s:s?, s:s?}", "number", (json_int_t)number,
        "on", route_kind_name(route->kind), "method", request->method, "path", request->path, "host",
        text_or_null(request->host), "port", (int)door->port, "status", answer->status, "has_token",
        *request->authorization != '\0', "range", text_or_null(request->range), "if_range",
        text_or_null(request->if_range), "if_none_match", text_or_null(request->if_none_match), "accept",
        text_or_null(request->accept), "user_agent", text_or_null(request->user_agent));
}

static void on_ended(uint64_t sent_bytes, bool whole, void *userdata) {
    Record *record = userdata;
    uint64_t body_bytes = sent_bytes > record->head_bytes ? sent_bytes - record->head_bytes : 0;
    json_t *fields = json_pack("{s:I, s:b}", "bytes", (json_int_t)body_bytes, "whole", whole && !record->limited);
    if (fields)
        (void)json_object_update(fields, record->request);
    event_log_write(record->log, "answered", fields);
    json_decref(record->request);
    free(record);
}

static int send_answer(HttpAnswer *answer, Reply *ret, Record *record) {
    if (answer->status == 0)
        *ret = answer->reply;
    else {
        int r = http_answer_finish(answer, ret, &record->head_bytes);
        if (r < 0)
            return r;
    }
    record->limited = answer->status == 0 || answer->body_limit_bytes != REPLY_ENDLESS;
    ret->ended = on_ended;
    ret->userdata = record;
    return 0;
}

static int on_request(const HttpRequest *request, Reply *ret, void *userdata) {
    const Door *door = userdata;
    ReleaseServer *server = door->server;
    HttpAnswer answer;
    Route route;

    route_parse(request->path, door->is_storage, &route);
    int r = release_site_answer(&server->site, request, &route, &answer);
    if (r != 0)
        return r;
    Record *record = calloc(1, sizeof *record);
    json_t *fields = record ? describe(door, request, &route, &answer, server->site.answer_count) : NULL;
    if (fields) {
        *record = (Record){.log = server->log, .request = fields};
        event_log_write(server->log, "request", json_incref(fields));
        r = send_answer(&answer, ret, record);
    } else {
        r = -ENOMEM;
    }
    if (r < 0) {
        json_decref(fields);
        free(record);
    }
    http_answer_free(&answer);
    return r;
}

/* -- life ------------------------------------------------------------------------------------------------------ */

static void on_signal(int number, void *userdata) {
    ReleaseServer *server = userdata;
    (void)number;
    loop_exit(server->loop, 0);
}

static void on_scenario(void *userdata) {
    ReleaseServer *server = userdata;
    int r = release_site_update(&server->site);
    if (r < 0)
        loop_exit(server->loop, r);
}

/* Computed beforehand: the first request need not wait for the digest of a gigabyte. */
static void on_release(const Route *release, void *userdata) {
    const ReleaseSite *site = userdata;
    ReleaseFiles files;
    if (release_files_read(site->folder_fd, release, &files) < 0)
        return;
    (void)!digests_fill(site->digests, site->folder_fd, release, files.list, files.count);
    release_files_free(&files);
}

static int open_door(ReleaseServer *server, Door *door, uint16_t port, bool is_storage, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    const int yes = 1;

    *door = (Door){.server = server, .is_storage = is_storage};
    int r = listener_open_port(port, &fd, &door->port, failure);
    if (r < 0)
        return r;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* inherited by what it accepts */
    r = http_server_new(server->loop, fd, on_request, door, &door->http);
    if (r < 0)
        return failure_set(failure, r, "cannot serve on port %u: %s", door->port, strerror(-r));
    (void)TAKE_FD(fd);
    return 0;
}

static int open_folder(ReleaseServer *server, const char *path, Failure *failure) {
    server->site.folder_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (server->site.folder_fd < 0)
        return failure_set(failure, negative_errno(), "cannot open the folder of releases %s: %m", path);
    return 0;
}

static int
set_up(ReleaseServer *server, const Program *program, uint16_t port, Scenario *scenario, Failure *failure) {
    const char *scenario_path = program->arguments.scenario;

    int r = loop_new(&server->loop);
    if (r >= 0)
        r = signals_new(server->loop, on_signal, server, &server->signals);
    if (r >= 0)
        r = digests_new(server->loop, &server->site.digests);
    if (r < 0)
        return failure_set(failure, r, "cannot set up the event loop: %s", strerror(-r));
    r = open_folder(server, program->arguments.folder, failure);
    if (r >= 0 && scenario_path)
        r = scenario_file_new(
            server->loop, scenario, scenario_path, server->log, on_scenario, server, &server->file, failure);
    if (r >= 0 && release_site_update(&server->site) < 0)
        r = failure_set(failure, -ENOMEM, "out of memory");
    if (r >= 0)
        r = open_door(server, &server->main, port, false, failure);
    if (r >= 0)
        r = open_door(server, &server->storage, 0, true, failure);
    server->site.storage_port = server->storage.port;
    return r;
}

int release_server_new(
    const Program *program, Scenario *scenario, const EventLog *log, uint16_t port, ReleaseServer **ret,
    Failure *failure) {
    ReleaseServer *server = calloc(1, sizeof *server);
    if (!server)
        return failure_set(failure, -ENOMEM, "out of memory");
    server->log = log;
    server->site = (ReleaseSite){.folder_fd = -1, .token = program->arguments.token, .scenario = scenario};
    int r = set_up(server, program, port, scenario, failure);
    if (r < 0) {
        (void)release_server_free(server);
        return r;
    }
    (void)!release_files_visit(server->site.folder_fd, on_release, &server->site); /* what fails now, fails then */
    event_log_write(
        log, "listening",
        json_pack("{s:i, s:i}", "port", (int)server->main.port, "storage_port", (int)server->storage.port));
    (void)printf("http://127.0.0.1:%u storage http://127.0.0.1:%u\n", server->main.port, server->storage.port);
    (void)fflush(stdout);
    *ret = server;
    return 0;
}

int release_server_run(ReleaseServer *server, Failure *failure) {
    int r = loop_run(server->loop);
    return r < 0 ? failure_set(failure, r, "cannot go on serving: %s", strerror(-r)) : 0;
}

ReleaseServer *release_server_free(ReleaseServer *server) {
    if (!server)
        return NULL;
    (void)http_server_free(server->main.http);
    (void)http_server_free(server->storage.http);
    (void)scenario_file_free(server->file);
    (void)digests_free(server->site.digests);
    release_rules_free(&server->site.rules);
    (void)signals_free(server->signals);
    (void)loop_free(server->loop);
    (void)close_fd(server->site.folder_fd);
    free(server);
    return NULL;
}
