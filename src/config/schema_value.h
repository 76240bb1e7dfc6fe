/* One value of a configuration file: checked against its line in the key table and stored. */
#pragma once

#include "config/schema.h"

/**
 * Stores the value of @node in the member of @target that @key names, replacing the default.
 *
 * What is wrong with the value becomes an error in @problems, and the member keeps a value that schema_free can
 * free. Returns 0, whatever was found, or -ENOMEM.
 */
MUST_USE int schema_store(const SchemaKey *key, const TomlNode *node, void *target, Problems *problems);

/** Reports that @subject is of another type than @wanted ("a table"); @cure may be "". */
void schema_report_type(
    const char *subject, const TomlNode *node, const char *wanted, const char *cure, Problems *problems);
