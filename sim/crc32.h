/* CRC-32 as zip and gzip want it (RFC 1952, 8). Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** The checksum of what had @crc (0 at the beginning), followed by @length more bytes. */
uint32_t crc32_add(uint32_t crc, const void *bytes, size_t length);
