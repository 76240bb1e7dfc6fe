#!/usr/bin/python3
"""Writes the archives that fuzz_unpack begins with: small ones of every form, honest and hostile, made here and now.

    make_corpus.py FOLDER
"""

import pathlib
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import archives  # noqa: E402
from archives import PROGRAM, RawZip, gz, tar_entry, tar_file, vega, xz, zip_entry, zip_file, zst  # noqa: E402


def corpus():
    tar = tar_file([vega(), (tar_entry("docs/README"), b"read me")])
    long_name = "/".join(["folder" * 10] * 4) + "/file"
    return {
        "bare": PROGRAM,
        "text": b"Not Found\n",
        "zip-deflated": zip_file({"vega": PROGRAM, "docs/README": b"read me"}),
        "zip-stored": zip_file({"vega": PROGRAM}, 0),
        "zip-lzma": zip_file({"vega": PROGRAM}, 14),
        "zip-bzip2": zip_file({"vega": PROGRAM}, 12),
        "zip-empty": zip_file({}),
        "zip-link": zip_file([("vega", PROGRAM), (zip_entry("x", 0o120777), b"vega")]),
        "zip-up": RawZip().add("vega", PROGRAM).add("../x", b"x").close(),
        "zip-disagrees": RawZip().add("vega", PROGRAM, local_name=b"gova").close(),
        "zip-comment": RawZip().add("vega", PROGRAM).close(comment=b"comment"),
        "zip-encrypted": RawZip().add("vega", PROGRAM, flags=1).close(),
        "zip-cut": zip_file({"vega": PROGRAM})[:-9],
        "tar-gz": gz(tar),
        "tar-xz": xz(tar),
        "tar-zst": zst(tar),
        "tar-gz-cut": gz(tar)[:-9],
        "tar-gz-pax": gz(tar_file([vega(), (tar_entry(long_name), b"x")], tarfile.PAX_FORMAT)),
        "tar-gz-gnu": gz(tar_file([vega(), (tar_entry(long_name), b"x")], tarfile.GNU_FORMAT)),
        "tar-gz-link": gz(tar_file([vega(), tar_entry("x", tarfile.SYMTYPE, linkname="vega")])),
        "tar-gz-sparse": gz(archives.sparse_tar(4096, [(0, PROGRAM), (2048, b"x")])),
        "tar-stored": gz(tar, 0),
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in corpus().items():
        (folder / name).write_bytes(content)
    (folder.parent / (folder.name + ".stamp")).touch()


main()
