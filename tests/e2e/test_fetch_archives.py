"""Hostile and honest archives through the built visor-fetch, from a file:// folder. After every refusal there is no
release, and nothing outside the staging folder."""

import io
import os
import random
import subprocess
import tarfile
import zipfile

import pytest

import archives
from archives import PROGRAM, RawZip, gz, tar_entry, tar_file, vega, xz, zip_entry, zip_file, zst
from fetching import Fetch

DATA_ERROR = 65


def place(folder, asset, content):
    path = folder / "releases" / "owner" / "repo" / "releases" / "download" / "v1.1.0" / asset
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


class Offer(Fetch):
    """visor-fetch and one asset; knows what lies in the folder around the staging folder."""

    def offer(self, content, asset="vega.zip"):
        place(self.folder, asset, content)
        self.request["asset"] = asset
        self.around = self.outside()
        return self

    def outside(self):
        return sorted(str(path) for path in self.folder.rglob("*") if self.staging not in path.parents)

    def takes(self, files=1, program="vega", **changes):
        run = self.run(**changes)
        assert run.last["event"] == "done", run.lines
        assert (self.staging / "release" / program).read_bytes() == PROGRAM
        assert (self.staging / "release" / program).stat().st_mode & 0o7777 == 0o755
        assert run.last["files"] == files
        assert self.outside() == self.around
        return run

    def refuses(self, *words, code=DATA_ERROR, **changes):
        run = self.fails("unpack", code, **changes)
        for word in words:
            assert word in run.last["text"], run.last["text"]
        assert not (self.staging / "release").exists()
        assert self.outside() == self.around
        return run


@pytest.fixture
def offered(tmp_path):
    fetch = Offer(tmp_path)
    return fetch.offer


# ---- honest ones ----

@pytest.mark.parametrize("content", [
    zip_file({"vega": PROGRAM}), zip_file({"vega": PROGRAM}, 0), gz(tar_file([vega()])), xz(tar_file([vega()])),
    zst(tar_file([vega()])), zst(tar_file([vega()]), "-19", "--no-check"), gz(tar_file([vega()]))[:-8] + gz(b"")[-8:],
    gz(tar_file([vega()])[:2048]) + gz(tar_file([vega()])[2048:])],
    ids=["deflated", "stored", "gz", "xz", "zst", "zst-19", "gz-with-other-trailer", "gz-in-two-members"])
def test_formats(offered, content):
    """The name says zip, the bytes decide."""
    offered(content).takes()


@pytest.mark.parametrize("content", [PROGRAM, PROGRAM + bytes(100)])
def test_bare_program(offered, tmp_path, content):
    fetch = offered(content, "vega-linux-amd64")
    fetch.done(content)
    assert os.listdir(tmp_path / "staging" / "release") == ["vega"]


def test_bare_elf_without_a_name(offered, tmp_path):
    fetch = offered(archives.elf(), "vega-linux-amd64")
    run = fetch.run(binary="")
    assert run.last["event"] == "done" and run.last["files"] == 1
    assert subprocess.run([tmp_path / "staging" / "release" / "vega-linux-amd64"], check=False).returncode == 0


def test_files_folders_and_modes(offered, tmp_path):
    fetch = offered(gz(tar_file([
        tar_entry("./", tarfile.DIRTYPE, 0o700), tar_entry("./bin/", tarfile.DIRTYPE, 0o700),
        (tar_entry("./bin/vega", mode=0o600), PROGRAM), (tar_entry("./bin/tool", mode=0o500), b"tool"),
        (tar_entry("./LICENSE", mode=0o666), b"text")])))
    fetch.takes(files=3, program="bin/vega", binary="bin/vega")
    release = tmp_path / "staging" / "release"
    assert {str(path.relative_to(release)): path.stat().st_mode & 0o7777 for path in release.rglob("*")} == {
        "bin": 0o755, "bin/vega": 0o755, "bin/tool": 0o755, "LICENSE": 0o644}


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names(offered, tmp_path, form):
    name = "/".join(["folder-with-a-long-name" * 5] * 12) + "/file"
    offered(gz(tar_file([vega(), (tar_entry(name), b"x")], form))).takes(files=2)
    assert (tmp_path / "staging" / "release" / name).read_bytes() == b"x"


def test_letters_of_the_world(offered, tmp_path):
    offered(zip_file({"vega": PROGRAM, "Änderungen-変更.txt": b"x"})).takes(files=2)
    assert (tmp_path / "staging" / "release" / "Änderungen-変更.txt").exists()


def test_zip64(offered):
    """Every size and the count in 64 bits, as a stream of unknown length is packed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("vega", "w", force_zip64=True) as stream:
            stream.write(PROGRAM)
    offered(buffer.getvalue()).takes()


def test_sparse_tar(offered, tmp_path):
    size = 32 << 20
    fetch = offered(gz(archives.sparse_tar(size, [(0, PROGRAM), (16 << 20, b"middle")])))
    run = fetch.run()
    assert run.last["event"] == "done", run.lines
    path = tmp_path / "staging" / "release" / "vega"
    assert path.stat().st_size == size and path.stat().st_blocks * 512 < 1 << 20
    content = path.read_bytes()
    assert content.startswith(PROGRAM) and content[16 << 20:].startswith(b"middle")


# ---- what it is ----

@pytest.mark.parametrize("content, words", [
    (b'{"message": "Not Found"}', "a JSON text"), (tar_file([vega()]), "a tar archive that is not compressed"),
    (b"7z\xbc\xaf\x27\x1c" + bytes(100), "a 7-Zip archive"), (b"MZ" + bytes(100), "a program for Windows"),
    (b"\xcf\xfa\xed\xfe" + bytes(100), "a program for macOS"), (random.Random(7).randbytes(5000), "begins with")])
def test_what_is_no_archive(offered, content, words):
    offered(content).refuses(words, "autoInstall.asset.name")


@pytest.mark.parametrize("content, words", [
    (b"", "is empty"), (b"<!DOCTYPE html><html>Sign in</html>", "a web page came instead")])
def test_what_is_no_download(offered, content, words):
    run = offered(content).fails("download", 69)
    assert words in run.last["text"]


def test_no_program_in_it(offered):
    offered(zip_file({"README": b"x", "bin/vega2": PROGRAM})).refuses(
        '"vega" is not in the archive', "README, bin/vega2", "autoInstall.asset.binaryName")


def test_program_is_a_folder(offered):
    offered(zip_file({"vega/README": b"x"})).refuses("not in the archive")


def test_archive_without_a_programs_name(offered):
    fetch = offered(zip_file({"vega": PROGRAM}))
    run = fetch.run(binary="")
    assert run.last["event"] == "failed" and "autoInstall.asset.binaryName" in run.last["text"]


def test_nested(offered):
    inner = zip_file({"vega": PROGRAM})
    offered(zip_file({"vega.zip": inner})).refuses("not in the archive", "vega.zip")
    offered(gz(inner)).refuses("damaged")
    offered(gz(gz(tar_file([vega()])))).refuses("more than once")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_methods_of_a_zip(offered, method):
    offered(zip_file({"vega": PROGRAM}, method)).refuses('"vega"', "deflate")


def test_archive_in_a_good_archive_is_a_file(offered):
    offered(zip_file({"vega": PROGRAM, "extra.zip": zip_file({"../x": b"x"})})).takes(files=2)


@pytest.mark.parametrize("content", [zip_file([]), gz(tar_file([])), xz(tar_file([])),
                                     gz(tar_file([tar_entry("bin", tarfile.DIRTYPE, 0o755)]))])
def test_empty(offered, content):
    run = offered(content).refuses()
    assert "no file" in run.last["text"] or "empty" in run.last["text"]


# ---- entries ----

NAMES = [
    ("/tmp/visor-escape", "absolute"), ("../escape", '".."'), ("bin/../../escape", '".."'), ("bin/..", '".."'),
    ("bin/./x", '"."'), ("bin//x", "empty element"), ("a" * 256, "255"), ("a/" * 32 + "x", "32 folders"),
    ("a\nb", "control characters"), ("a\x1b[2Jb", "control characters"), ("run-config.toml", "Visor"),
    ("Run-Config.toml", "Visor"), (".visor-release.json", "Visor"), ("x" * 250 + "/" + ("y" * 250 + "/") * 16, "4096")]


@pytest.mark.parametrize("name, words", NAMES, ids=[name[:20] for name, _ in NAMES])
def test_names_in_a_zip(offered, name, words):
    offered(RawZip().add("vega", PROGRAM).add(name, b"x").close()).refuses(words)


@pytest.mark.parametrize("name, words", NAMES, ids=[name[:20] for name, _ in NAMES])
def test_names_in_a_tar(offered, name, words):
    offered(gz(tar_file([vega(), (tar_entry(name), b"x")]))).refuses(words)


@pytest.mark.parametrize("name, flags", [
    (b"\xe4nderung", archives.UTF8), (b"\xe4nderung", 0), (b"\x83\x65\x83\x58", 0), (b"a\xed\xa0\x80", archives.UTF8),
    (b"\xc0\xae\xc0\xae/x", archives.UTF8), (b"\xff\xfev\0e\0", 0)],
    ids=["latin1-as-utf8", "latin1", "shift-jis", "surrogate", "overlong", "utf16"])
def test_names_in_odd_encodings(offered, name, flags):
    offered(RawZip().add("vega", PROGRAM).add(name, b"x", flags=flags).close()).refuses("tell the makers")


@pytest.mark.parametrize("name", [b"\xe4nderung", b"\xed\xa0\x80"])
def test_odd_encodings_in_a_tar(offered, name):
    tar = tar_file([vega()])[:1024] + archives.raw_tar_header(name, 0) + archives.END_OF_TAR
    offered(gz(tar)).refuses("UTF-8")


KINDS = [(tarfile.SYMTYPE, "symbolic link"), (tarfile.LNKTYPE, "hard link"), (tarfile.CHRTYPE, "device"),
         (tarfile.BLKTYPE, "device"), (tarfile.FIFOTYPE, "FIFO")]


@pytest.mark.parametrize("kind, words", KINDS, ids=[words for _, words in KINDS])
@pytest.mark.parametrize("target", ["vega", "/etc/passwd", "../../outside"])
def test_links_and_devices_in_a_tar(offered, kind, words, target):
    offered(gz(tar_file([vega(), tar_entry("x", kind, linkname=target)]))).refuses(words)


def test_write_through_a_link(offered, tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    offered(gz(tar_file([tar_entry("out", tarfile.SYMTYPE, linkname=str(victim)),
                         (tar_entry("out/x"), b"x"), vega()]))).refuses("symbolic link")
    assert not list(victim.iterdir())


@pytest.mark.parametrize("mode, words", [
    (0o120777, "symbolic link"), (0o020644, "device"), (0o060644, "device"), (0o010644, "FIFO"), (0o140644, "socket"),
    (0o104755, "setuid"), (0o102755, "setgid"), (0o101755, "sticky")])
def test_modes_in_a_zip(offered, mode, words):
    offered(zip_file([("vega", PROGRAM), (zip_entry("x", mode), b"vega")])).refuses(words)


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6755, 0o1755])
def test_setuid_in_a_tar(offered, mode):
    offered(gz(tar_file([vega(mode)]))).refuses("is marked")


@pytest.mark.parametrize("names, words", [
    (["vega", "vega"], "twice"), (["vega", "./vega"], "twice"), (["vega", "vega/"], "both a file and a folder"),
    (["vega/", "vega"], "both a file and a folder"), (["vega", "vega/x"], "both a file and a folder"),
    (["vega", "a/x", "a"], "both a file and a folder")])
@pytest.mark.parametrize("form", ["zip", "tar"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicates(offered, names, words, form):
    if form == "zip":
        content = zip_file([(name, b"" if name.endswith("/") else PROGRAM) for name in names])
    else:
        content = gz(tar_file([
            tar_entry(name, tarfile.DIRTYPE, 0o755) if name.endswith("/") else (tar_entry(name), PROGRAM)
            for name in names]))
    offered(content).refuses(words)
