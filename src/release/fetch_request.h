/* What visor-fetch is asked for: the settings of autoInstall and a tag, as the one argument it takes. Pure. */
#pragma once

#include "base/failure.h"
#include "base/json.h"
#include "config/config.h"

/**
 * Builds the request for the release @tag. The pin is that of this tag, "" if there is none.
 *
 * @ret is owned by the caller (json_decref). Returns 0 or -ENOMEM.
 */
MUST_USE int fetch_request_build(const Config *config, const char *tag, json_t **ret);
