/*
 * file:// as if it were a server: for machines without internet, and mirrors on a mounted disk. Not libcurl's own,
 * which tells neither size nor time of the file in a way that a resumed copy could rely on.
 */
#pragma once

#include "fetch/http.h"

/**
 * Reads the file that @url names as @request asks. Its Last-Modified is the file's mtime to the nanosecond, and a
 * part is given only to the same. A missing file is status 404, one that may not be read or is none 403.
 * Returns 0, the receiver's -errno, or -errno of reading; described in @failure unless the receiver failed.
 */
MUST_USE int file_source_get(const Url *url, const HttpRequest *request, HttpResponse *ret, Failure *failure);
