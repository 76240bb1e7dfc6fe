/*
 * The proof of a release: each of its binaries, asked, reports the version that the network wants. Only what was
 * proven is ever switched to.
 */
#pragma once

#include "base/failure.h"
#include "home/release.h"

#include <systemd/sd-event.h>

/** What cures a wrong answer of a binary that an operator put in its place. */
#define PROOF_CURE "put the binary of that release there, or name another in run-config.toml"

typedef struct Proof Proof;

/**
 * Called once unless the proof is cancelled; the proof frees itself after it.
 *
 * @result is 0 if every binary reported the tag; -EBADMSG if one reported something else; another -errno if one
 * could not be asked. @failure says which and what cures it; borrowed for the call.
 */
typedef void (*ProofHandler)(int result, const Failure *failure, void *userdata);

/**
 * Begins to ask the binaries of @release, which is borrowed until the end, whether they are @tag. The handler is
 * called later, from the event loop, never from within this call.
 *
 * @ret is valid until the handler is called or the proof is cancelled. Returns 0 or -errno described in @failure.
 */
MUST_USE int proof_start(
    sd_event *event, const Release *release, const char *tag, ProofHandler handler, void *userdata, Proof **ret,
    Failure *failure);

/** Ends the question under way; its handler is not called. NULL is fine. Returns NULL. */
Proof *proof_cancel(Proof *proof);
