#include "release/proof.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "release/version.h"

struct Proof {
    sd_event *event;        /* borrowed */
    const Release *release; /* borrowed */
    char tag[RELEASE_TAG_MAX + 1];
    ProcessName asking;
    Tool *tool;
    ProofHandler handler;
    void *userdata;
};

static void deliver(Proof *proof, int result, const Failure *failure) {
    ProofHandler handler = proof->handler;
    void *userdata = proof->userdata;
    free(proof);
    handler(result, failure, userdata);
}

static int check_version(const Proof *proof, const ToolResult *result, Failure *failure) {
    const char *path = release_binary(proof->release, proof->asking)->full_path;
    char version[RELEASE_TAG_MAX + 1];

    if (result->result < 0)
        return failure_set(failure, result->result, "%s", result->summary);
    int r = version_output_parse(result->output, &version, failure);
    if (r < 0)
        return failure_prefix(failure, r, "%s was asked for its version", path);
    if (!streq(version, proof->tag))
        return failure_set(failure, -EBADMSG, "%s reports version %s, but %s is wanted", path, version, proof->tag);
    return 0;
}

/* Core and data node are usually one file: then one answer is enough. */
static bool was_asked(const Proof *proof) {
    const FileIdentity *identities = proof->release->binary_identities;
    return proof->asking == PROCESS_DATA_NODE &&
           file_identity_equal(&identities[PROCESS_VEGA], &identities[PROCESS_DATA_NODE]);
}

static void on_version(const ToolResult *result, void *userdata);

/* Returns 1 when there is no further binary to ask. */
static int ask(Proof *proof, Failure *failure) {
    const RunBinary *binary = proof->asking < PROCESS_COUNT ? release_binary(proof->release, proof->asking) : NULL;
    if (!binary || was_asked(proof))
        return 1;
    ToolRequest request = version_request(binary->full_path);
    return tool_start(proof->event, &request, on_version, proof, &proof->tool, failure);
}

static void on_version(const ToolResult *result, void *userdata) {
    Proof *proof = userdata;
    Failure failure = {0};

    proof->tool = NULL;
    int r = check_version(proof, result, &failure);
    if (r >= 0) {
        proof->asking++;
        r = ask(proof, &failure);
    }
    if (r != 0)
        deliver(proof, r < 0 ? r : 0, &failure);
}

int proof_start(
    sd_event *event, const Release *release, const char *tag, ProofHandler handler, void *userdata, Proof **ret,
    Failure *failure) {
    Proof *proof = malloc(sizeof *proof);
    if (!proof)
        return failure_set(failure, -ENOMEM, "cannot prove the release %s: out of memory", tag);
    *proof = (Proof){
        .event = event,
        .release = release,
        .asking = PROCESS_VEGA,
        .handler = handler,
        .userdata = userdata,
    };
    tag_copy(&proof->tag, tag);
    int r = ask(proof, failure);
    if (r < 0)
        free(proof);
    else
        *ret = proof;
    return r;
}

Proof *proof_cancel(Proof *proof) {
    if (proof)
        proof->tool = tool_cancel(proof->tool);
    free(proof);
    return NULL;
}
