/*
 * The files that `visor init` writes: commented, and runnable once the words in angle brackets are replaced.
 *
 * A line that begins with `#` directly followed by a key is that key with its default: taking the `#` away changes
 * nothing but makes it visible. The headers of its table stands there already, so no key can slip into another
 * table.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/** Writes config.toml for a machine of @architecture, in the words of the release assets ("amd64"). */
void template_config(FILE *out, const char *architecture);

/** Writes run-config.toml for the release folder @name. */
void template_run_config(FILE *out, const char *name, bool with_data_node);

/** What release assets call @machine, uname(2)'s name for a processor; @machine itself if no release knows it. */
const char *template_architecture(const char *machine);
