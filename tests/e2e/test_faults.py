"""Every call on the disk on the way of a release into the home, failing or the last one ever: the home stays valid, and
the next try succeeds. `visor prepare` goes the whole way; tests/faults/fault.c makes the Nth call of one of its programs
fail, in a build without sanitizers."""

import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import zipfile

import pytest

from world import DEADLINE_FACTOR, DEADLINE_SECONDS, ROOT, toml_file

BUILD = pathlib.Path(os.environ.get("VISOR_PLAIN_BUILD", ROOT / "build" / "clang"))
VISOR = BUILD / "src" / "cli" / "visor"
SHIM = BUILD / "tests" / "faults" / "libfault.so"
TAG = "v1.1.0"
BINARY = b'#!/bin/sh\necho \'{"version":"v1.1.0"}\'\n'
STATUS_KILLED = {137, -9}


class Faults:
    """A home, a release server that is a folder, and `visor prepare` with a fault in it."""

    def __init__(self, folder):
        self.home = folder / "home"
        self.counter = folder / "counter"
        asset = folder / "releases" / "vegaprotocol" / "vega" / "releases" / "download" / TAG / "vega.zip"
        asset.parent.mkdir(parents=True)
        with zipfile.ZipFile(asset, "w") as archive:
            archive.writestr("vega", BINARY)
            archive.writestr("share/notes.txt", "of the release\n")
        asset.with_name("SHA256SUMS").write_text(f"{hashlib.sha256(asset.read_bytes()).hexdigest()}  vega.zip\n")
        url = f"file://{folder}/releases"
        (self.home / "genesis").mkdir(parents=True)
        (self.home / "config.toml").write_text(toml_file({
            "autoInstall": {"enabled": True, "apiURL": url, "downloadURL": url, "verify": "require",
                            "asset": {"name": "vega.zip", "binaryName": "vega"}}}))
        (self.home / "genesis" / "run-config.toml").write_text(toml_file({
            "name": "v1.0.0", "vega.binary": {"path": "vega", "args": ["start"]},
            "vega.rpc": {"socketPath": f"{folder}/vega.sock"}}))
        (self.home / "genesis" / "vega").write_bytes(BINARY)
        (self.home / "genesis" / "vega").chmod(0o755)
        self.before = self.listing(self.home)

    @staticmethod
    def listing(folder):
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*")
                if path.is_file() and ".visor" not in path.parts and TAG not in path.parts}

    def prepare(self, program=None, at=0, kind="EIO"):
        environment = dict(os.environ)
        if program:
            self.counter.unlink(missing_ok=True)
            environment.update(LD_PRELOAD=str(SHIM), FAULT_PROGRAM=program, FAULT_COUNTER=str(self.counter),
                               FAULT_AT=str(at), FAULT_KIND=kind)
        return subprocess.run([VISOR, "prepare", TAG, "--home", self.home], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=DEADLINE_SECONDS, env=environment, check=False)

    def count(self, program):
        """How many calls there are to hit when nothing goes wrong."""
        done = self.prepare(program)
        assert done.returncode == 0, done.stderr + done.stdout
        calls = struct.unpack("Q", self.counter.read_bytes())[0]
        self.check_in_place()
        self.start_anew()
        return calls

    def start_anew(self):
        shutil.rmtree(self.home / TAG)
        shutil.rmtree(self.home / ".visor")

    def check_valid(self, context):
        """What the operator placed is there; the release is whole or not there at all."""
        assert self.listing(self.home) == self.before, context
        assert {path.name for path in self.home.iterdir()} <= {"config.toml", "genesis", TAG, ".visor"}, context
        if (self.home / TAG).exists():
            self.check_whole(context)

    def check_whole(self, context):
        names = sorted(str(path.relative_to(self.home / TAG)) for path in (self.home / TAG).rglob("*"))
        assert names == [".visor-release.json", "run-config.toml", "share", "share/notes.txt", "vega"], context
        assert (self.home / TAG / "vega").read_bytes() == BINARY, context
        assert (self.home / TAG / "vega").stat().st_mode & 0o777 == 0o755, context
        assert f'name = "{TAG}"' in (self.home / TAG / "run-config.toml").read_text(), context

    def check_in_place(self, context=""):
        self.check_valid(context)
        self.check_whole(context)
        staging = self.home / ".visor" / "staging"
        assert not staging.exists() or not list(staging.iterdir()), (context, list(staging.rglob("*")))


@pytest.mark.parametrize("kind", ["kill", "EIO", "ENOSPC"])
@pytest.mark.parametrize("program", ["visor-fetch", "visor"])
def test_each_call_on_the_disk(tmp_path, program, kind):
    faults = Faults(tmp_path)
    calls = faults.count(program)
    assert calls > 30, "the shim sees what the program does"
    failed = 0
    for at in range(1, calls + 1, DEADLINE_FACTOR**2):  # each, or where that takes hours some
        hit = faults.prepare(program, at, kind)
        context = f"call {at} of {calls}: {hit.returncode}\n{hit.stdout}\n{hit.stderr}"
        if program == "visor" and kind == "kill":  # itself, or what it was about to become visor-fetch
            assert hit.returncode in STATUS_KILLED or "SIGKILL" in hit.stderr + hit.stdout, context
        assert "Sanitizer" not in hit.stderr
        failed += hit.returncode != 0
        faults.check_valid(context)
        if hit.returncode == 0:
            faults.check_whole(context)
        again = faults.prepare()
        assert again.returncode == 0, f"{context}\nthen {again.stdout}\n{again.stderr}"
        faults.check_in_place(context)
        faults.start_anew()
    assert failed > calls / 3 / DEADLINE_FACTOR**2, f"only {failed} of {calls} faults mattered"
