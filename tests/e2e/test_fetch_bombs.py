"""Archives that are too large, too many, cut short, or lie about themselves, through the built visor-fetch."""

import io
import os
import subprocess
import zipfile

import pytest

import archives
from archives import ENCRYPTED, PROGRAM, RawZip, gz, tar_entry, tar_file, vega, xz, zip_file, zst
from test_fetch_archives import DATA_ERROR, Offer, offered, place

assert offered  # the fixture
BOMB = 160 << 20  # zeroes, a thousandth of that when packed


# ---- too much ----

def test_ratio_in_a_zip(offered):
    """Declared honestly: refused before a byte is written."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("vega", "w") as stream:
            for _ in range(BOMB >> 20):
                stream.write(bytes(1 << 20))
    offered(buffer.getvalue()).refuses("fill disks")


def test_ratio_in_a_tar(offered):
    content = archives.zeroes_gz(archives.raw_tar_header(b"vega", BOMB), BOMB)
    offered(content).refuses("fill disks")


def test_undeclared_ratio(offered):
    """The tar ends early, zeroes follow: only what comes out of the decompressor tells."""
    content = archives.zeroes_gz(tar_file([vega()]), BOMB)
    offered(content).refuses("far more than an honest one")


def test_memory(offered):
    """1.5 GiB of dictionary: an error, neither a crash nor a machine without memory. Under AddressSanitizer, whose
    addresses cannot be limited, it is the sanitizer that refuses, and says so on standard error."""
    fetch = offered(archives.xz_with_dictionary(tar_file([vega()]), 38))
    fetch.env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + (
        ":max_allocation_size_mb=1024:allocator_may_return_null=1")
    run = fetch.start().join()
    assert (run.last["event"], run.last.get("step")) == ("failed", "unpack"), run.lines
    assert "memory" in run.last["text"]
    assert fetch.outside() == fetch.around


def test_maximum(offered):
    content = os.urandom(1 << 20)
    for packed in [zip_file({"vega": content}), gz(tar_file([(tar_entry("vega"), content)])), b"#!" + content]:
        offered(packed).refuses("autoInstall.maxUnpackedBytes", maxUnpackedBytes=(1 << 20) - 1)


def test_many_entries_in_a_zip(offered):
    raw = RawZip().add("vega", PROGRAM)
    for number in range(100_000):
        raw.add(f"f{number}", b"")
    offered(raw.close(count=raw.count & 0xffff)).refuses("more than 10000 files and folders")


def test_many_entries_in_a_tar(offered):
    header = b"".join(archives.raw_tar_header(b"f%d" % number, 0) for number in range(100_000))
    offered(gz(header + archives.END_OF_TAR)).refuses("more than 10000 files and folders")


def test_many_folders_of_few_entries(offered):
    names = ["/".join(f"{number}-{depth}" for depth in range(30)) for number in range(400)]
    offered(gz(tar_file([(tar_entry(name), b"") for name in names]))).refuses("more than 10000")


def test_a_great_many_files_that_are_allowed(offered):
    entries = {"vega": PROGRAM, **{f"d{number % 50}/f{number}": b"x" for number in range(9_900)}}
    offered(zip_file(entries)).takes(files=9_901)


def test_hole_of_terabytes(offered):
    offered(gz(archives.sparse_tar(1 << 42, [(0, PROGRAM)]))).refuses("autoInstall.maxUnpackedBytes")


def test_hole_beyond_the_ratio(offered):
    offered(gz(archives.sparse_tar(1 << 30, [(0, PROGRAM)]))).refuses("fill disks")


def test_pieces_of_a_sparse_file_that_overlap(offered):
    offered(gz(archives.sparse_tar(1 << 20, [(1000, PROGRAM), (0, PROGRAM)]))).refuses()


def test_files_that_share_their_content(offered):
    """Each entry of the list points to the same kilobytes (overlapping files): the sum counts."""
    content = zip_file({"vega": bytes(1 << 20)})
    raw = RawZip()
    raw.body += content[:content.index(b"PK\1\2")]
    packed = raw.body[30 + 4:]
    info = zipfile.ZipFile(io.BytesIO(content)).getinfo("vega")
    for _ in range(500):
        raw.list += b"PK\1\2" + (3 << 8 | 20).to_bytes(2, "little") + bytes([20, 0, 0, 0, 8, 0, 0, 0, 0x61, 0x5c])
        raw.list += info.CRC.to_bytes(4, "little") + len(packed).to_bytes(4, "little")
        raw.list += info.file_size.to_bytes(4, "little") + bytes([4, 0]) + bytes(16) + b"vega"
        raw.count += 1
    offered(raw.close()).refuses()


# ---- cut, broken, lying ----

CUT = [zip_file({"LICENSE": b"text" * 500, "vega": PROGRAM * 100}),
       gz(tar_file([(tar_entry("LICENSE"), b"text" * 500), (tar_entry("vega"), PROGRAM * 100)])),
       xz(tar_file([(tar_entry("vega"), PROGRAM * 100)])), zst(tar_file([(tar_entry("vega"), PROGRAM * 100)]))]


@pytest.mark.parametrize("content", CUT, ids=["zip", "gz", "xz", "zst"])
def test_cut_at_several_places(offered, content):
    for length in {len(content) - 1, len(content) - 4, len(content) - 9, len(content) // 2, len(content) // 4, 40, 7}:
        offered(content[:length]).refuses()


@pytest.mark.parametrize("content", [CUT[0], CUT[2], CUT[3]], ids=["zip", "xz", "zst"])
def test_one_bit_changed(offered, content):
    """These have checksums of their own (gzip's is not looked at by libarchive: the release's digest is for that)."""
    position = content.index(b"LICENSE") + 12 if content[:2] == b"PK" else len(content) // 2
    changed = bytearray(content)
    changed[position] ^= 1
    offered(bytes(changed)).refuses("damaged")


@pytest.mark.parametrize("central, local", [(ENCRYPTED, ENCRYPTED), (ENCRYPTED, 0), (0, ENCRYPTED), (1 << 6 | 1, 0)])
def test_encrypted(offered, central, local):
    offered(RawZip().add("vega", PROGRAM, flags=central, local_flags=local).close()).refuses("encrypted")


def test_encrypted_neighbour(offered):
    offered(RawZip().add("vega", PROGRAM).add("x", b"x", flags=ENCRYPTED).close()).refuses('"x"', "encrypted")


LIES = {
    "another name in front": RawZip().add("vega", PROGRAM, local_name=b"gova").close(),
    "a longer name in front": RawZip().add("vega", PROGRAM, local_name=b"../../vega").close(),
    "another size in front": RawZip().add("vega", PROGRAM, local_size=5).close(),
    "a larger size": RawZip().add("vega", PROGRAM, size=500).close(),
    "a smaller size": RawZip().add("vega", PROGRAM, size=5).close(),
    "a wrong checksum": RawZip().add("vega", PROGRAM, crc=1).close(),
    "a place behind the end": RawZip().add("vega", PROGRAM, offset=1 << 30).close(),
    "a place in the middle": RawZip().add("vega", PROGRAM, offset=7).close(),
    "more than there is": RawZip().add("vega", PROGRAM).close(count=2),
    "less than there is": RawZip().add("vega", PROGRAM).add("x", b"x").close(count=1),
    "something behind the end": RawZip().add("vega", PROGRAM).close(tail=b"more"),
    "a second end in the comment": RawZip().add("vega", PROGRAM).close(
        comment=b"PK\5\6" + bytes(18)),
    "a NUL in the name": RawZip().add(b"vega\0.txt", PROGRAM).close(),
}


@pytest.mark.parametrize("lie", LIES)
def test_zip_that_disagrees_with_itself(offered, lie):
    """What two programs would read differently is refused."""
    offered(LIES[lie]).refuses()


def test_comment_of_a_zip(offered):
    offered(RawZip().add("vega", PROGRAM, mode=0o100755).close(comment=b"made with love")).takes()


def test_tar_with_a_broken_header(offered):
    tar = bytearray(tar_file([vega(), (tar_entry("x"), b"x")]))
    tar[1024 + 10] ^= 1
    offered(gz(bytes(tar))).refuses("damaged")


def test_tar_whose_file_is_longer_than_it(offered):
    tar = archives.raw_tar_header(b"vega", 1 << 20) + PROGRAM
    offered(gz(tar)).refuses("damaged")


# ---- what follows ----

def test_a_good_archive_after_a_bad_one(offered, tmp_path):
    """What a refusal left in the staging folder is not in the way."""
    fetch = offered(zip_file({"vega": PROGRAM, "a/b": b"left", "../x": b"x"}))
    fetch.refuses('".."')
    place(tmp_path, "vega.zip", zip_file({"vega": PROGRAM}))
    fetch.takes()
    assert sorted(os.listdir(tmp_path / "staging")) == ["fetched.json", "release"]
    assert os.listdir(tmp_path / "staging" / "release") == ["vega"]


# ---- signatures ----

def minisign(folder, asset, *options):
    run = lambda *words: subprocess.run(["minisign", *map(str, words)], check=True, capture_output=True)
    if not (folder / "key.pub").exists():
        run("-G", "-W", "-p", folder / "key.pub", "-s", folder / "key")
    run("-S", *options, "-s", folder / "key", "-m", asset)
    return (folder / "key.pub").read_text().splitlines()[1]


@pytest.mark.parametrize("options", [["-l"], ["-H"]], ids=["legacy", "prehashed"])
def test_signature(tmp_path, options):
    fetch = Offer(tmp_path)
    asset = place(tmp_path, "vega.zip", zip_file({"vega": PROGRAM}))
    key = minisign(tmp_path, asset, *options, "-t", "the one and only")
    fetch.around = fetch.outside()
    fetch.request["asset"] = "vega.zip"
    run = fetch.takes(publicKey=key)
    assert any("minisign" in line["against"] for line in run.said("verified")), run.lines


@pytest.mark.parametrize("options", [["-l"], ["-H"]], ids=["legacy", "prehashed"])
def test_signature_of_another_file(tmp_path, options):
    fetch = Offer(tmp_path)
    asset = place(tmp_path, "vega.zip", zip_file({"vega": PROGRAM}))
    key = minisign(tmp_path, asset, *options)
    asset.write_bytes(zip_file({"vega": PROGRAM + b"changed"}))
    fetch.request["asset"] = "vega.zip"
    run = fetch.fails("verify", DATA_ERROR, publicKey=key)
    assert "not of this file" in run.last["text"]
    assert not (tmp_path / "staging" / "release").exists()


def test_signature_with_a_changed_comment(tmp_path):
    fetch = Offer(tmp_path)
    asset = place(tmp_path, "vega.zip", zip_file({"vega": PROGRAM}))
    key = minisign(tmp_path, asset, "-t", "v1.1.0")
    signature = asset.with_name("vega.zip.minisig")
    signature.write_text(signature.read_text().replace("v1.1.0", "v1.2.0"))
    fetch.request["asset"] = "vega.zip"
    run = fetch.fails("verify", DATA_ERROR, publicKey=key)
    assert "trusted comment" in run.last["text"]
