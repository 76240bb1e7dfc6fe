"""visor-fetch and the disk: a full one, a locked one, and kills at any moment."""

import fcntl
import json
import os
import random
import resource
import subprocess
import tempfile

import pytest

from fetching import ASSET, FETCH, Fetch, program, sha256
from hostile_server import File, download_path
from world import wait_until

PATH = download_path(ASSET)


def test_a_second_one_refuses(fetch, server):
    content = program()
    server.files[PATH] = File(content, hold_at=70_000)
    first = fetch.start()
    wait_until(lambda: fetch.part() > 0, "a part")
    second = fetch.run()
    assert (second.last["step"], second.code) == ("lock", 75)
    server.release()
    assert first.end().last["event"] == "done"
    fetch.check(content)


def test_a_lock_held_by_anybody_refuses(fetch, server):
    fd = os.open(fetch.staging, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    run = fetch.run()
    assert (run.last["step"], run.code) == ("lock", 75) and server.requests == []
    os.close(fd)


def test_a_staging_folder_that_is_missing(fetch):
    fetch.staging.rmdir()
    run = fetch.run()
    assert (run.last["step"], run.code) == ("store", 74) and str(fetch.staging) in run.last["text"]


def test_what_a_kill_left_is_removed(fetch, server):
    content = program()
    server.files[PATH] = File(content)
    for name in ("unpacking", "release"):
        (fetch.staging / name / "deep" / "er").mkdir(parents=True)
        (fetch.staging / name / "vega").write_bytes(b"half")
    for name in (".fetched.json.new", ".asset.json.new", ".api.json.new"):
        (fetch.staging / name).write_text("half")
    fetch.done(content)


def test_a_marker_without_its_release_starts_anew(fetch, server):
    content = program()
    server.files[PATH] = File(content)
    fetch.done(content)
    (fetch.staging / "release").rename(fetch.folder / "taken")
    fetch.done(content)
    (fetch.staging / "fetched.json").write_text("{")
    fetch.done(content)


def test_an_archive_that_is_none_is_fetched_again(fetch, server):
    """Nothing said that the asset is right: it may have come damaged."""
    content = program()
    server.files[PATH] = File(b"PK\3\4" + content)
    run = fetch.fails("unpack", 65)
    assert not run.last["progressed"] and fetch.part() == 0
    server.files[PATH] = File(content)
    fetch.done(content)


def test_an_archive_that_is_none_but_verified_is_kept(fetch, server):
    content = b"PK\3\4" + program()
    server.files[PATH] = File(content)
    fetch.fails("unpack", 65, sha256=sha256(content))
    assert fetch.part() == len(content)
    fetch.fails("unpack", 65)
    assert len(server.asked(PATH)) == 1


def can_mount():
    """Root as a rule, but not in every container."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
        if mounted.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return mounted.returncode == 0


@pytest.fixture
def small_disk(tmp_path, server):
    """visor-fetch with a staging folder on a disk of 4 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=True)
    yield Fetch(folder, server)
    subprocess.run(["umount", folder], check=True)


class TestSmallDisk:
    """Only where a small disk can be had; the limit of a file's size below stands in for it elsewhere."""

    __test__ = can_mount()

    def test_a_disk_too_small_is_told_before(self, small_disk, server):
        content = program(5_000_000)
        server.files[PATH] = File(content)
        run = small_disk.fails("download", 74)
        assert "make room" in run.last["text"] and not run.last["progressed"]
        assert sorted(path.name for path in small_disk.staging.iterdir()) == []

    def test_room_for_the_release_itself_is_needed_too(self, small_disk, server):
        server.files[PATH] = File(program(3_000_000))
        assert "3 MiB free" in small_disk.fails("download", 74).last["text"]

    def test_a_disk_that_fills_up_leaves_nothing(self, small_disk, server):
        content = program(5_000_000)
        server.files[PATH] = File(content, chunked=True)  # nobody tells how much comes
        run = small_disk.fails("download", 74)
        assert "make room" in run.last["text"] and not run.last["progressed"]
        assert sorted(path.name for path in small_disk.staging.iterdir()) == []
        content = program(1_000_000)
        server.files[PATH] = File(content)
        small_disk.done(content)

    def test_a_disk_that_fills_up_while_unpacking(self, small_disk, server):
        content = program(2_500_000)
        server.files[PATH] = File(content, chunked=True)
        run = small_disk.run()
        assert (run.last["event"], run.code) == ("failed", 74), run.lines
        assert sorted(path.name for path in small_disk.staging.iterdir()) == ["asset.json", "asset.part"]

    def test_unpacking_leaves_room_for_the_node(self, small_disk, server):
        """Download and program together fit, but nothing would be left."""
        server.files[PATH] = File(program(2_080_000), chunked=True)
        run = small_disk.run()
        assert (run.last["event"], run.code) == ("failed", 74), run.lines
        assert "for the node to go on" in run.last["text"]
        assert sorted(path.name for path in small_disk.staging.iterdir()) == ["asset.json", "asset.part"]


def test_a_file_size_limit_is_an_error(fetch, server):
    """RLIMIT_FSIZE: EFBIG from write(2) on any machine, and by anybody."""
    server.files[PATH] = File(program(300_000), chunked=True)
    arguments = fetch.arguments()
    done = subprocess.run(
        [FETCH, *map(str, arguments)], capture_output=True, env=fetch.env, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)))
    last = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, last["event"], last["progressed"]) == (74, "failed", False)
    assert fetch.part() == 0


@pytest.mark.parametrize("seed", range(12))
def test_a_kill_at_any_moment_is_survived(fetch, server, seed):
    """Killed where chance wants it, again and again; in the end the release is there and right, and nothing else."""
    chance = random.Random(seed)
    content = program(1_000_000, seed)
    for file in (PATH, download_path("SHA256SUMS")):
        server.files[file] = File(content if file == PATH else f"{sha256(content)}  {ASSET}\n".encode())
    for _ in range(8):
        run = fetch.start()
        moment = chance.randrange(6)
        if moment < 5:
            wait_until(lambda: len(run.lines) > moment or run.process.poll() is not None, "an event")
        run.kill()
        if (fetch.staging / "fetched.json").exists():
            assert (fetch.staging / "release" / "vega").read_bytes() == content
    fetch.done(content)


def test_discarding(tmp_path):
    keep, gone = tmp_path / "keep", tmp_path / ".discarded-v1"
    for folder in (keep, gone):
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "file").write_text("x")
    done = subprocess.run([FETCH, "discard", gone], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b'{"event":"done"}\n') and not gone.exists()
    done = subprocess.run([FETCH, "discard", keep], capture_output=True, check=False)
    assert done.returncode == 64 and keep.exists() and json.loads(done.stdout)["step"] == "request"


def test_warming(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    done = subprocess.run([FETCH, "warm", tmp_path / "file", FETCH], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b'{"event":"done"}\n')
    done = subprocess.run([FETCH, "warm", tmp_path / "none"], capture_output=True, check=False)
    assert done.returncode == 74 and "none" in json.loads(done.stdout)["text"]


@pytest.mark.parametrize("arguments", [[], ["fetch"], ["fetch", "x"], ["look"], ["warm"], ["other"], ["look", "{}", "x"]])
def test_wrong_usage(arguments):
    done = subprocess.run([FETCH, *arguments], capture_output=True, check=False, text=True)
    assert done.returncode == 64 and done.stdout == "" and "Usage" in done.stderr


@pytest.mark.parametrize("change, word", [
    ({"tag": "../x"}, "tag"), ({"asset": "a/b"}, "asset"), ({"binary": "../vega"}, "binary"),
    ({"apiURL": "ftp://x"}, "apiURL"), ({"downloadURL": ""}, "downloadURL"), ({"verify": "maybe"}, "verify"),
    ({"sha256": "abc"}, "sha256"), ({"publicKey": "RW"}, "publicKey"), ({"stallTimeoutSeconds": 0}, "stallTimeout"),
    ({"maxAssetBytes": "1"}, "maxAssetBytes"), ({"tokenFile": "relative"}, "tokenFile"), ({"surplus": 1}, "surplus")])
def test_a_bad_request(fetch, server, change, word):
    run = fetch.fails("request", 64, **change)
    assert word in run.last["text"] and server.requests == []
