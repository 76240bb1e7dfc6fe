/* What the strings of a configuration file must look like. Each is a SchemaCheck: NULL, or "must be ...". */
#pragma once

/** An account or repository of GitHub: letters, digits and ". _ -"; "" passes. */
const char *check_github_name(const char *value);

/** The file name of an asset, without a folder; "" passes. */
const char *check_asset_name(const char *value);

/** A path inside a folder: relative and without ".."; "" passes. */
const char *check_inner_path(const char *value);

/** The base64 of a minisign public key, "RW..." (42 bytes: algorithm "Ed", key number, key); "" passes. */
const char *check_minisign_key(const char *value);

/** An http, https or file URL to which path elements are appended. */
const char *check_base_url(const char *value);

/** An http URL on this machine or with the address in figures, so that no name must be resolved. */
const char *check_local_url(const char *value);

/** "host:port" to listen on; "" passes. */
const char *check_listen_address(const char *value);

/** An absolute path; "" passes. */
const char *check_absolute_path(const char *value);

/** A path or argument without a placeholder of a template, <LIKE_THIS>. */
const char *check_filled_in(const char *value);

/** As check_filled_in, and not "". */
const char *check_path(const char *value);

/** The path of an HTTP request line: begins with '/', without blanks and control characters. */
const char *check_http_path(const char *value);

/** The folder of a release in [upgradeFolders]: not one of Visor's own, without "..". */
const char *check_release_folder(const char *value);

/** A SHA-256 digest: 64 hexadecimal digits. */
const char *check_sha256(const char *value);
