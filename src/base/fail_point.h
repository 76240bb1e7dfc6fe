/*
 * Places where a test lets a program die. In a build with the meson option `fail_points` and with
 *
 *     VISOR_FAIL_POINT=NAME       or NAME:N, the Nth time that it is passed, by the program and its forks together
 *
 * in the environment, whoever passes the point NAME kills itself by SIGKILL: as near to a crash, or to the kernel's
 * out-of-memory killer, as a process can get. In any other build nothing of it is there.
 */
#pragma once

/* name, who dies, what has happened by then. tests/e2e/fail_points.py reads this list. */
#define FAIL_POINTS(X)                                                                                             \
    X(FILE_WRITTEN, VISOR, "a temporary is complete and synchronised, its name is not yet the file's")             \
    X(FILE_RENAMED, VISOR, "it has its name, but that is not durable")                                             \
    X(FILE_DURABLE, VISOR, "its name is durable")                                                                  \
    X(STATE_BEFORE, VISOR, "the record is about to be saved")                                                      \
    X(STATE_SAVED, VISOR, "the record is saved; nobody has acted upon it")                                         \
    X(CURRENT_PREPARED, VISOR, "the new link is there beside `current`")                                           \
    X(CURRENT_RENAMED, VISOR, "`current` is switched, but not durably")                                            \
    X(CURRENT_DURABLE, VISOR, "`current` is switched; the new release is not started")                             \
    X(LOCK_TAKEN, VISOR, "the lock of a process is taken, nothing tells by whom or what for")                      \
    X(RECORD_UNSIGNED, VISOR, "the lock names nobody, and what it told is spoiled")                                \
    X(RECORD_WRITTEN, VISOR, "the lock tells what is about to be started")                                         \
    X(FORKED, VISOR, "a child is there, nobody watches it yet")                                                    \
    X(CHILD_UNSIGNED, CHILD, "the child has the lock, which does not tell its pid")                                \
    X(CHILD_SIGNED, CHILD, "the lock tells the pid of the child, which is not the program yet")                    \
    X(SPAWNED, VISOR, "a process of the node runs, perhaps the first of two")                                      \
    X(NOTE_WRITTEN, VISOR, "a fact of the living node was written to its locks")                                   \
    X(TERMINATED, VISOR, "SIGTERM was sent to a process of the node")                                              \
    X(END_SEEN, VISOR, "the end of a process was seen, and nothing done about it")                                 \
    X(LOCK_FREE, VISOR, "the lock of an ended process was found free")                                             \
    X(ADOPTED, VISOR, "a living node was taken over, and nothing done about it")                                   \
    X(STAGING_MADE, VISOR, "the staging folder of a release is there")                                             \
    X(FETCH_STARTED, VISOR, "visor-fetch runs")                                                                    \
    X(FETCH_COMMITTED, HELPER, "what was fetched is complete, but does not say so yet")                            \
    X(FETCH_MARKED, HELPER, "what was fetched says that it is complete; visor-fetch has not reported it")          \
    X(FETCH_ENDED, VISOR, "visor-fetch has ended well, and nothing was done about it")                             \
    X(RUN_CONFIG_DERIVED, VISOR, "the staged release has its run-config, but no marker")                           \
    X(RELEASE_MARKED, VISOR, "the staged release is complete and marked")                                          \
    X(PLACEMENT_CHECKED, VISOR, "the staged release is found complete; nothing was moved")                         \
    X(RELEASE_RENAMED, VISOR, "the release is in its place, but not durably")                                      \
    X(RELEASE_PLACED, VISOR, "the release is in its place; nobody knows yet")                                      \
    X(BINARY_LINKED, VISOR, "the binary is in the operator's folder, but not durably")                             \
    X(PUT_ASIDE, VISOR, "what is to be removed has its other name, but not durably")                               \
    X(CONFIG_READ, VISOR, "the changed settings were read and found good")                                         \
    X(CONFIG_TAKEN_OVER, VISOR, "the changed settings are in force")                                               \
    X(REEXEC_LEFT, VISOR, "all is left for the new binary, which is not executed yet")                             \
    X(REEXEC_BEGUN, VISOR, "the new binary supervises; who asked for it was not told")

typedef enum FailPoint {
#define X(name, who, meaning) FAIL_POINT_##name,
    FAIL_POINTS(X)
#undef X
} FailPoint;

#ifdef VISOR_FAIL_POINTS
void fail_point_pass(FailPoint point);
#define FAIL_POINT(name) fail_point_pass(FAIL_POINT_##name)
#else
#define FAIL_POINT(name) ((void)FAIL_POINT_##name)
#endif

#define FAIL_POINT_IF(condition, name) ((condition) ? FAIL_POINT(name) : (void)0)
