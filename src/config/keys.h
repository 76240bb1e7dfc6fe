/* The keys of config.toml and run-config.toml: the one place for names, defaults and limits. */
#pragma once

#include "config/schema.h"

/** config.toml, into a Config. */
extern const Schema CONFIG_KEYS;

/** run-config.toml, into a RunConfig. */
extern const Schema RUN_CONFIG_KEYS;

/** The asset that a release of Vega has for the machine this Visor is built for. */
#if defined(__aarch64__)
#define DEFAULT_ASSET_NAME "vega-linux-arm64.zip"
#else
#define DEFAULT_ASSET_NAME "vega-linux-amd64.zip"
#endif
