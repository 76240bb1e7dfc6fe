#include "sim/statistics.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <inttypes.h>

void statistics_update(Statistics *statistics) {
    if (!scenario_boolean(statistics->scenario, "statistics_stuck", false))
        statistics->stuck_height = -1;
    else if (statistics->stuck_height < 0)
        statistics->stuck_height = statistics->chain->height;
}

int statistics_handle(const HttpRequest *request, Reply *ret, void *userdata) {
    const Statistics *statistics = userdata;
    _cleanup_free_ char *body = NULL;
    int64_t height = statistics->stuck_height >= 0 ? statistics->stuck_height : statistics->chain->height;

    if (!streq(request->path, "/statistics") || !streq(request->method, "GET"))
        return reply_plain(ret, "404 Not Found", "text/plain; charset=utf-8", "404 page not found\n");
    body = string_format(
        "{\"statistics\":{\"blockHeight\":\"%" PRId64 "\",\"status\":\"CHAIN_STATUS_CONNECTED\"}}\n", height);
    return body ? reply_plain(ret, "200 OK", "application/json", body) : -ENOMEM;
}
