/* `discard` and `warm`: work on the disk that may take long, which the resident visor hands over. Nothing from
 * outside is read, so no sandbox is entered: `warm` runs while a node waits to be started. */
#include "fetch/commands.h"
#include "fetch/discard.h"
#include "fetch/progress.h"
#include "fetch/warm.h"

#include <unistd.h>

static int conclude(Progress *progress, Failed *failed) {
    if (failed->error >= 0)
        failed->error = progress_end(progress, json_pack("{s:s}", "event", "done"));
    return failed->error < 0 ? progress_failed(progress, failed) : 0;
}

int command_discard(const char *path) {
    Failed failed = {.step = STEP_STORE};
    Progress progress;
    progress_init(&progress, STDOUT_FILENO);
    failed.error = discard(path, &failed.failure);
    if (failed.error == -EINVAL)
        failed.step = STEP_REQUEST; /* a folder that must not go */
    return conclude(&progress, &failed);
}

int command_warm(const char *const *paths) {
    Failed failed = {.step = STEP_STORE};
    Progress progress;
    progress_init(&progress, STDOUT_FILENO);
    for (size_t i = 0; paths[i] && failed.error >= 0; i++)
        failed.error = warm(paths[i], &failed.failure);
    return conclude(&progress, &failed);
}
