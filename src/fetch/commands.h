/* The commands of visor-fetch. Each is one run, tells its events on standard output and returns the exit code. */
#pragma once

/** One try at fetching the release that @request_text asks for into the folder @staging_path. */
int command_fetch(const char *staging_path, const char *request_text);

/** Tells where that release is and what could verify it; writes nothing to disk. */
int command_look(const char *request_text);

/** Removes the folder tree @path, whose name says that it may go; discard.h. */
int command_discard(const char *path);

/** Reads the NULL-terminated @paths into the page cache. */
int command_warm(const char *const *paths);
