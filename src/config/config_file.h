/* Reads a configuration file into a tree, with every way in which that goes wrong explained. */
#pragma once

#include "config/toml.h"

/** What a configuration file may have; real ones have a few kilobytes. */
#define CONFIG_FILE_MAX_BYTES ((size_t)1024 * 1024)

/**
 * Reads and parses the file at @path. A file without any setting is an error, too: it would silently mean "all
 * defaults". @missing_cure tells what to do if there is no such file.
 *
 * @ret is owned by the caller (toml_free). Returns 0; -EBADMSG with the findings in @problems; -ENOMEM.
 */
MUST_USE int config_file_load(const char *path, const char *missing_cure, TomlNode **ret, Problems *problems);
