#include "home/holder.h"

#include "base/process_stat.h"
#include "home/lock_holder.h"

enum { HOLDERS_MAX = 16 };

static bool is_among(pid_t pid, const pid_t *holders, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (holders[i] == pid)
            return true;
    return false;
}

pid_t home_holder(const Home *home) {
    pid_t holders[HOLDERS_MAX];
    size_t count = lock_holders(home->fd, ".", holders, HOLDERS_MAX);
    if (count > HOLDERS_MAX)
        count = HOLDERS_MAX;
    for (size_t i = 0; i < count; i++) {
        ProcessStat stat;
        if (process_stat(holders[i], &stat) == 0 && !is_among(stat.parent, holders, count))
            return holders[i];
    }
    return count > 0 ? holders[0] : 0;
}
