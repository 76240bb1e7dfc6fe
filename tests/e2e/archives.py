"""Archives of every kind, honest and hostile, made on the spot: by zipfile and tarfile where they can, by hand where
they would refuse."""

import gzip
import io
import lzma
import pathlib
import struct
import subprocess
import tarfile
import zipfile

PROGRAM = b"#!/bin/sh\necho 'the node'\n"
ENCRYPTED = 1
UTF8 = 1 << 11
UNIX = 3 << 8
END_OF_TAR = bytes(1024)


def zip_file(entries, compression=zipfile.ZIP_DEFLATED, **more):
    """A zip by zipfile. Entries: {name: content}, or (name, content) in order, names may repeat."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression, **more) as archive:
        for name, content in entries.items() if isinstance(entries, dict) else entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def zip_entry(name, mode):
    """A name with a Unix mode, for zip_file."""
    info = zipfile.ZipInfo(name, (2026, 3, 1, 0, 0, 0))
    info.create_system = 3
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


class RawZip:
    """A zip by hand (APPNOTE.TXT 4.3): each field of the list and of the header in front of the file can lie."""

    def __init__(self):
        self.body = bytearray()
        self.list = bytearray()
        self.count = 0

    def add(self, name, content, local_name=None, flags=UTF8, local_flags=None, mode=0o100644, size=None,
            local_size=None, crc=None, offset=None):
        name = name if isinstance(name, bytes) else name.encode()
        local_name = name if local_name is None else local_name
        crc = zipfile.crc32(content) if crc is None else crc
        size = len(content) if size is None else size
        place = len(self.body) if offset is None else offset
        self.body += struct.pack(
            "<4sHHHHHIIIHH", b"PK\3\4", 20, flags if local_flags is None else local_flags, 0, 0, 0x5c61, crc,
            len(content), size if local_size is None else local_size, len(local_name), 0) + local_name + content
        self.list += struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\1\2", UNIX | 20, 20, flags, 0, 0, 0x5c61, crc, len(content), size, len(name), 0,
            0, 0, 0, mode << 16, place) + name
        self.count += 1
        return self

    def close(self, comment=b"", count=None, tail=b""):
        count = self.count if count is None else count
        return bytes(self.body + self.list) + struct.pack(
            "<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(self.list), len(self.body), len(comment)) + comment + tail


def tar_file(entries, format=tarfile.PAX_FORMAT):
    """A tar, not compressed. Entries: TarInfo or (TarInfo, content)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for entry in entries:
            info, content = entry if isinstance(entry, tuple) else (entry, b"")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def tar_entry(name, kind=tarfile.REGTYPE, mode=0o644, **fields):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.mode = mode
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def vega(mode=0o755):
    return tar_entry("vega", mode=mode), PROGRAM


def raw_tar_header(name, size, kind=b"0", mode=0o644, rest=b""):
    """A header of ustar or, with @rest from byte 257 on, of another format."""
    header = bytearray(512)
    header[0:len(name)] = name
    header[100:108] = b"%07o\0" % mode
    header[108:116] = header[116:124] = b"0000000\0"
    header[124:136] = b"%011o\0" % size
    header[136:148] = b"00000000000\0"
    header[148:156] = b" " * 8
    header[156:157] = kind
    header[257:257 + len(rest or b"ustar\00000")] = rest or b"ustar\00000"
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def sparse_tar(real_size, pieces):
    """Old GNU sparse format: pieces are (offset, content); the map has four places in the header."""
    data = b"".join(content for _, content in pieces)
    rest = bytearray(255)
    rest[0:8] = b"ustar  \0"
    at = 386 - 257
    for offset, content in pieces:
        rest[at:at + 24] = b"%011o\0%011o\0" % (offset, len(content))
        at += 24
    rest[483 - 257:495 - 257] = number(real_size)
    padding = bytes(-len(data) % 512)
    return raw_tar_header(b"vega", len(data), b"S", 0o755, bytes(rest)) + data + padding + END_OF_TAR


def number(value):
    """Twelve bytes: octal, or base 256 where that is too short."""
    return b"%011o\0" % value if value < 8 ** 11 else b"\x80" + value.to_bytes(11, "big")


def gz(content, level=6):
    return gzip.compress(content, level, mtime=0)


def xz(content):
    return lzma.compress(content)


def xz_with_dictionary(content, code):
    """An xz that asks for a larger dictionary than it needs (xz-file-format.txt 3.1 and 5.3.1; 37 is 1 GiB)."""
    made = bytearray(xz(content))
    header = 12
    length = (made[header] + 1) * 4
    made[header + made[header:header + length].index(b"\x21\x01") + 2] = code
    made[header + length - 4:header + length] = struct.pack("<I", zipfile.crc32(made[header:header + length - 4]))
    return bytes(made)


def zst(content, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=content, check=True, capture_output=True).stdout


def zeroes_gz(beginning, size):
    """A tar.gz that begins like this and goes on with zeroes, made without ever holding it."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=6, mtime=0) as stream:
        stream.write(beginning)
        block = bytes(1 << 20)
        for _ in range(size >> 20):
            stream.write(block)
        stream.write(END_OF_TAR)
    return buffer.getvalue()


def elf():
    return pathlib.Path("/bin/true").read_bytes()
