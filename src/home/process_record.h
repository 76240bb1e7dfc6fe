/*
 * What the lock file of a node process tells: which process holds the lock, what it runs, and what a new Visor must
 * know to take it over. Written before the process is there and whenever a fact changes; true as long as the lock
 * is held or the process lives, and worth nothing after that. But what it copies of state.json is worth something
 * whenever that file is lost.
 */
#pragma once

#include "base/failure.h"
#include "core/note.h"
#include "core/process.h"
#include "home/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct ProcessRecord {
    ProcessName name; /* PROCESS_COUNT = it does not tell, nor of which home */
    HomeIdentity home;
    pid_t pid;            /* 0 = it was not started, or has not signed yet */
    uint64_t start_ticks; /* 0 = it was not seen */
    char *folder;         /* of the release, absolute */
    char *binary;         /* what was to be executed, absolute */
    char *executable;     /* what it was seen to run when it had answered; NULL = it was not seen yet */
    bool dies_with_visor;
    NodeNote note;
    State state; /* of the home as it was then; without a folder: it does not tell */
} ProcessRecord;

/**
 * Reads what the lock file of the process @name tells. @ret is owned by the caller (process_record_clear).
 *
 * Returns 0; 1 if it tells nothing (it is missing, or a tool had the lock last); -EBADMSG if it is damaged; -EPROTO
 * if a newer Visor wrote it; -errno. Described in @failure. Whatever it is, it may be signed: then @ret has the
 * pid and the start time, and of the rest at most its place.
 */
MUST_USE int process_record_load(const Home *home, ProcessName name, ProcessRecord *ret, Failure *failure);

/**
 * Reads the text of a lock file. Returns 0; -EBADMSG; -EPROTO (a newer format: @ret has the name and the home, if
 * it tells them, and nothing else); -ENOMEM.
 */
MUST_USE int process_record_decode(const char *text, size_t length, ProcessRecord *ret);

/**
 * Writes @record into the lock file that is open as @fd: the text, and the signature of record->pid; with pid 0 it
 * names nobody, and what it told is spoiled if the new text cannot be written.
 * Returns 0 or -errno described in @failure.
 */
MUST_USE int process_record_write(int fd, const ProcessRecord *record, Failure *failure);

/** The same by name. */
MUST_USE int process_record_save(const Home *home, ProcessName name, const ProcessRecord *record, Failure *failure);

/**
 * Makes the lock file durable, for its copy of the state; the rest means nothing after a crash of the machine.
 * Returns 0, also if there is none; -errno described in @failure.
 */
MUST_USE int process_record_sync(const Home *home, ProcessName name, Failure *failure);

/** Frees; the record is empty then. */
void process_record_clear(ProcessRecord *record);

#define _cleanup_process_record_ __attribute__((__cleanup__(process_record_clear)))
