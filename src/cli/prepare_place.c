#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "cli/prepare.h"
#include "home/current.h"
#include "home/placement.h"
#include "home/release.h"
#include "home/staging.h"
#include "home/state_copy.h"
#include "proc/tool.h"
#include "release/program.h"
#include "release/proof.h"

#include <string.h>

/* Deleting a few thousand files on a slow disk. */
#define WAIT_USEC (100 * USEC_PER_MSEC)
#define DISCARD_USEC (600 * USEC_PER_SEC)

typedef struct Answer {
    bool given;
    int result;
    Failure failure;
} Answer;

static void on_proof(int result, const Failure *failure, void *userdata) {
    Answer *answer = userdata;
    *answer = (Answer){.given = true, .result = result, .failure = *failure};
}

int prepare_prove(Prepare *prepare, const char *folder, Failure *failure) {
    _cleanup_release_ Release *release = NULL;
    Answer answer = {0};
    Proof *proof = NULL;

    int r = release_load(&prepare->home, folder, &release, failure);
    if (r < 0)
        return r;
    r = proof_start(prepare->event, release, prepare->tag, on_proof, &answer, &proof, failure);
    if (r < 0)
        return r;
    r = prepare_wait(prepare, &answer.given);
    if (r < 0) {
        (void)proof_cancel(proof);
        return prepare_stopped(prepare, r, failure);
    }
    return answer.result < 0 ? failure_set(failure, answer.result, "%s", answer.failure.message) : 0;
}

/* The folder whose run-config the new release takes over: what runs, or would run at the next start. */
static int find_model(const Prepare *prepare, char **ret, Failure *failure) {
    _cleanup_state_ State state = {0};

    /* An operator's folder that only lacks its binary says itself how that is run. */
    if (release_absence(&prepare->home, prepare->folder) == RELEASE_BINARY) {
        *ret = strdup(prepare->folder);
        return *ret ? 0 : failure_set(failure, -ENOMEM, "cannot prepare %s: out of memory", prepare->tag);
    }
    int r = current_read(&prepare->home, ret, failure);
    if (r <= 0)
        return r;
    r = state_load(&prepare->home, &state, failure);
    if (r < 0)
        return r;
    int copied = state.folder ? 1 : state_copy_load(&prepare->home, r == 0, &state, failure);
    if (copied < 0 || (r > 0 && copied > 0))
        return copied < 0 ? copied : -EBADMSG;
    *ret = state.folder ? TAKE_PTR(state.folder) : home_path(&prepare->home, HOME_GENESIS_FOLDER);
    return *ret ? 0 : failure_set(failure, -ENOMEM, "cannot prepare %s: out of memory", prepare->tag);
}

static int compose(const Prepare *prepare, const Staged *staged, Failure *failure) {
    _cleanup_free_ char *model = NULL;
    _cleanup_free_ char *run_config = NULL;

    int r = find_model(prepare, &model, failure);
    if (r < 0)
        return r;
    run_config = string_format("%s/" RUN_CONFIG_FILE, model);
    if (!run_config)
        return failure_set(failure, -ENOMEM, "cannot prepare %s: out of memory", prepare->tag);
    return staging_compose(staged, run_config, prepare->tag, failure);
}

/* Left where it is, visor-fetch would believe for ever that it is done with it. */
static void discard(Prepare *prepare) {
    Failure failure = {0};
    int r = staging_discard(&prepare->home, prepare->staging, &failure);
    if (r < 0 && r != -EBUSY) /* busy: another visor-fetch begins anew there already */
        prepare_output_say(
            &prepare->output, "warning", "what was fetched could not be removed: %s", failure.message);
}

/* What was published is another release, or none that runs; it may be replaced. Whatever else failed is ours. */
static bool is_of_the_release(int error) {
    return error == -EBADMSG || error == -ENOEXEC || error == -ECHILD;
}

static int complete_and_put(Prepare *prepare, const Staged *staged, Failure *failure) {
    int r = compose(prepare, staged, failure);
    if (r < 0)
        return r;
    r = prepare_prove(prepare, staged->folder, failure);
    if (r < 0)
        return is_of_the_release(r) ? -EBADMSG : r;
    return placement_put(&prepare->home, staged, prepare->folder, failure);
}

/* A visor or another prepare may be putting the same release in place: then that is waited for. */
static int read_staged(Prepare *prepare, Staged **ret, Failure *failure) {
    for (;;) {
        int r = staging_read(prepare->staging, prepare->request, ret, failure);
        if (r != -EBUSY)
            return r;
        r = prepare_pause(prepare, WAIT_USEC);
        if (r < 0)
            return prepare_stopped(prepare, r, failure);
    }
}

int prepare_place(Prepare *prepare, Failure *failure) {
    Staged *staged = NULL;

    int r = read_staged(prepare, &staged, failure);
    if (r == 0)
        r = complete_and_put(prepare, staged, failure);
    staged = staged_free(staged);
    if (r == -EBADMSG)
        discard(prepare);
    if (r != 0)
        return r < 0 ? r : -EBADMSG;
    prepare_output_say(&prepare->output, "placed", "put in place as %s", prepare->folder);
    return 0;
}

void prepare_drop_staged(Prepare *prepare) {
    Failure failure = {0};
    if (staging_drop(&prepare->home, prepare->tag, &failure) < 0)
        prepare_output_say(&prepare->output, "warning", "what was staged is still there: %s", failure.message);
}

static void on_discarded(const ToolResult *result, void *userdata) {
    Answer *answer = userdata;
    answer->given = true;
    answer->result = result->result;
    (void)failure_set(&answer->failure, 0, "%s", result->summary);
}

static void remove_folder(Prepare *prepare, const char *path) {
    const char *arguments[] = {"discard", path, NULL};
    ToolRequest request = {.path = prepare->program, .arguments = arguments, .timeout_usec = DISCARD_USEC};
    Answer answer = {0};
    Tool *tool = NULL;

    if (tool_start(prepare->event, &request, on_discarded, &answer, &tool, &answer.failure) >= 0 &&
        prepare_wait(prepare, &answer.given) < 0) {
        (void)tool_cancel(tool); /* what is left of it goes the next time */
        return;
    }
    if (!answer.given || answer.result < 0)
        prepare_output_say(
            &prepare->output, "warning", "%s could not be removed: %s", path, answer.failure.message);
}

void prepare_clear_up(Prepare *prepare) {
    _cleanup_string_list_ char **folders = NULL;
    if (staging_discarded(&prepare->home, &folders, NULL) < 0 || !folders[0])
        return;
    if (!prepare->program && visor_fetch_path(&prepare->program, NULL) < 0)
        return;
    for (size_t i = 0; folders[i] && prepare->interrupted == 0; i++)
        remove_folder(prepare, folders[i]);
}
