#!/usr/bin/python3
"""Cuts the power at every point of Visor's life, and looks whether the home is valid and the right release starts.

    tests/e2e/power_cut.py BUILD_FOLDER [--starts 1000] [--seed 1]

A first start with a data node, a release fetched and placed, its upgrade, a restart of the node and of Visor, a reexec, two
more upgrades (one whose folder only lacks its binary, one into folders that are not there yet) and an old release that goes
are recorded by tests/faults/record.c. Before each recorded call the power is cut: disk_model.py tells what may be left, with nothing more
than what is durable, with everything, and with choices at random. Each of those homes is examined; some are put onto
the disk, a real Visor starts on them and goes on with the next upgrade. A seed makes the same choices again.
"""

import argparse
import contextlib
import copy
import dataclasses
import json
import os
import pathlib
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile

if __name__ == "__main__":
    build = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/clang").resolve())
    os.environ.update(VISOR_BUILD=build, VISOR_PLAIN_BUILD=build)

from disk_model import Disk, make_log, read_log
from world import PLAIN_BUILD, World, upgraded

RECORDER = PLAIN_BUILD / "tests" / "faults" / "librecord.so"
KINDS = ["fetched", "prepared"]
GENESIS = "v1.0.0"
UPGRADES = [("v1.1.0", 60), ("v1.2.0", 120), ("v1.3.0", 180)]
VERSIONS = [GENESIS] + [tag for tag, _ in UPGRADES]
FOLDERS = {"v1.0.0": "genesis", "v1.1.0": "v1.1.0", "v1.2.0": "v1.2.0", "v1.3.0": "deep/er/v1.3.0"}
FETCHED = ["v1.1.0", "v1.3.0"]  # whole; of v1.2.0 only the binary
EXTRA = {"share/notes.txt": b"of the release\n", "share/lib/more.txt": b"more\n"}
MARKER = ".visor-release.json"
SIGNATURE_BYTES = 32  # of a lock file; then comes its text
UNKNOWN_BOOT = b"00000000-0000-4000-8000-000000000000"


@dataclasses.dataclass
class Cut:
    """What is known at a cut point, whatever reached the disk."""
    at: int
    before: str  # the call that was not made any more
    lower: int = 0  # the index of the oldest release that may be started
    upper: int = 0  # and of the newest


class PowerCuts:
    def __init__(self, folder, stamps, kind):
        """@kind "fetched": with a data node. "prepared": all by an operator, in a home that v0.79 ran: `current` is there
        and HOME/.visor is not."""
        self.world = World(folder, stamps, PLAIN_BUILD)
        self.world.has_data_node = kind == "fetched"
        self.world.run_config("genesis")
        self.home = self.world.home
        self.binaries = {version: self.world.binary(version).read_bytes() for version in VERSIONS}
        self.cuts_seen = self.homes_examined = self.starts = 0
        self.assets = {}
        self.fetched = FETCHED if kind == "fetched" else []
        if kind == "fetched":
            self.make_home(folder / "releases")
        else:
            self.prepare_home()
        self.disk = self.disk_before = Disk(self.home)
        self.before = self.disk.leave_nothing_more()
        self.records = self.record(folder / "log")

    def make_home(self, releases):
        for version in VERSIONS[1:]:
            asset = releases / "vegaprotocol" / "vega" / "releases" / "download" / version / "vega.zip"
            asset.parent.mkdir(parents=True)
            self.assets[version] = asset
            with zipfile.ZipFile(asset, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("vega", self.binaries[version])
                for name, content in EXTRA.items():
                    archive.writestr(name, content)
        url = f"file://{releases}"
        self.world.write_config(
            upgradeFolders={"v1.3.0": FOLDERS["v1.3.0"]},
            rpc={"pollIntervalMilliseconds": 20, "acceptedPollIntervalMilliseconds": 10},
            autoInstall={"enabled": True, "apiURL": url, "downloadURL": url, "prefetchSpreadSeconds": 0,
                         "keepReleases": 0, "asset": {"name": "vega.zip", "binaryName": "vega"}})
        (self.home / "v1.2.0").mkdir()
        self.world.run_config("v1.2.0")

    def prepare_home(self):
        self.world.write_config(upgradeFolders={"v1.3.0": FOLDERS["v1.3.0"]})
        (self.home / "deep" / "er").mkdir(parents=True)
        for version in VERSIONS[1:]:
            self.world.release(FOLDERS[version], version)
        (self.home / "current").symlink_to(self.home / "genesis")

    # What is recorded

    def record(self, log):
        world = self.world
        make_log(log)
        recorder = {"LD_PRELOAD": str(RECORDER), "RECORD_PROGRAMS": "visor visor-fetch", "RECORD_LOG": str(log),
                    "RECORD_FOLDER": str(self.home)}
        world.upgrade_at(UPGRADES[0])
        visor = world.start(**recorder)
        upgraded(world, visor, "v1.1.0")
        os.kill(world.pids()[-1], signal.SIGKILL)
        visor.wait("the node answers", count=3)
        visor.stop()
        world.upgrade_at(*UPGRADES[:2])
        visor = world.start(**recorder)
        upgraded(world, visor, "v1.2.0")
        subprocess.run([world.program, "reexec", "--home", world.home], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        world.upgrade_at(*UPGRADES)
        upgraded(world, visor, "v1.3.0")
        visor.stop()
        world.check()
        return read_log(log)

    def version_of_folder(self, path):
        path = str(pathlib.Path(path).relative_to(self.home)) if str(path).startswith(str(self.home)) else str(path)
        return next((version for version, folder in FOLDERS.items() if folder == path), None)

    def started(self, record):
        """The index of the release whose node this record starts, or -1."""
        words = record.other_name.split("\n")
        if record.kind != "X" or "start" not in words:
            return -1
        return VERSIONS.index(self.version_of_folder(pathlib.Path(record.name).parent))

    def chosen_in(self, tree):
        """The indices of the releases that `current` and the record name in this tree; 0 where they name none."""
        current = tree.get("current")
        state = tree.get(".visor/state.json")
        folders = [os.fsdecode(current.content)] if current else []
        decided = [parsed(state, "the record")["release"]["folder"]] if state else []
        return [max([VERSIONS.index(self.version_of_folder(folder)) for folder in names] + [0])
                for names in (folders, decided)]

    def cut_points(self):
        """Yields each Cut with the disk as it is there."""
        cut = Cut(0, "")
        self.disk = copy.deepcopy(self.disk_before)
        for at, record in enumerate(self.records):
            if record.kind != "X" and not self.disk.concerns(record):
                continue
            nothing, everything = self.disk.leave_nothing_more(), self.disk.leave_everything()
            cut = Cut(at, str(record), cut.lower, max(cut.upper, *self.chosen_in(everything)))
            cut.lower = max(cut.lower, *self.chosen_in(nothing))
            self.cuts_seen += 1
            self.check_saved_before_switched(record, nothing, cut)
            self.check_copied_before_next(record, nothing, cut)
            yield cut, self.disk
            cut.lower = max(cut.lower, self.started(record))
            self.disk.step(record)

    def check_saved_before_switched(self, record, durable, cut):
        """The record of what is switched to is durable before the switch: without `current` it leads on, never back."""
        if record.kind == "R" and record.other_name == "current":
            target = VERSIONS.index(self.version_of_folder(self.disk.content_of(record.inode)))
            assert target == 0 or self.chosen_in(durable)[1] == target, f"switched before it was saved; cut {cut.at}"

    def check_copied_before_next(self, record, durable, cut):
        """What a release has come to has its copy in the lock of the core, durably, before it comes any further."""
        if record.kind != "R" or record.other_name != "state.json" or ".visor/state.json" not in durable:
            return
        state = parsed(durable[".visor/state.json"], "the record")
        if state["release"]["stage"] != "decided":
            lock = durable[".visor/vega.lock"].content[SIGNATURE_BYTES:].rstrip(b" ")
            copied = json.loads(lock)["state"] if lock.startswith(b"{") else None
            assert copied == state, f"no durable copy of {state}, but {copied}; cut {cut.at}"

    # What must hold of every home that a cut leaves

    def examine(self, cut, tree):
        """Returns the index of the release that must be started: what was decided is completed."""
        self.homes_examined += 1
        for path, file in self.before.items():
            if path != "current":
                found = tree.get(path)
                assert found and (found.content, found.mode) == (file.content, file.mode), f"{path} was lost"
        for version in self.fetched:
            complaint = self.complaint_about(tree, version)
            assert not complaint or FOLDERS[version] not in tree, complaint
        binary = tree.get("v1.2.0/vega")
        assert not binary or self.is_binary(binary, "v1.2.0"), "v1.2.0/vega is half-made"
        for version in VERSIONS[1:]:
            self.examine_staging(tree, version)
        if ".visor/state.json" in tree:
            self.examine_named(tree, parsed(tree[".visor/state.json"], "the record")["release"]["folder"], "the record")
        current, decided = self.chosen_in(tree)
        if "current" in tree:
            self.examine_named(tree, os.fsdecode(tree["current"].content), "`current`")
        first = max(current, decided)
        assert cut.lower <= first <= cut.upper, f"it leads to {VERSIONS[first]}"
        return first

    def examine_named(self, tree, folder, what):
        version = self.version_of_folder(folder)
        assert version, f"{what} names {folder}"
        complaint = self.complaint_about(tree, version)
        assert not complaint, f"{what} names {version}: {complaint}"

    def examine_staging(self, tree, version):
        """What a new visor-fetch or Visor would go on with."""
        below = within(tree, f".visor/staging/{version}")
        if "asset.json" in below and "asset.part" in below:
            sure = parsed(below["asset.json"], "asset.json")["syncedBytes"]
            whole = self.assets[version].read_bytes()
            assert below["asset.part"].content[:sure] == whole[:sure], f"asset.part of {version} is not what it should be"
        if "fetched.json" in below and "release" in below:
            parsed(below["fetched.json"], "fetched.json")
            release = within(below, "release")
            moved = version not in self.fetched and f"{FOLDERS[version]}/vega" in tree
            whole = "vega" in release and self.is_binary(release["vega"], version)
            assert whole or moved, f"staged {version} has no binary"
            assert not has_lost(release), f"staged {version} has lost {has_lost(release)}"

    def is_binary(self, file, version):
        return file.content == self.binaries[version] and stat.S_IMODE(file.mode) == 0o755

    def complaint_about(self, tree, version):
        """What is wrong with a release in its place, None if nothing is."""
        folder = FOLDERS[version]
        below = within(tree, folder)
        if "vega" not in below or not self.is_binary(below["vega"], version):
            return f"the binary in {folder} is not whole"
        if "run-config.toml" not in below or not below["run-config.toml"].content.startswith(b"name ="):
            return f"the run-config in {folder} is not whole"
        return self.complaint_about_fetched(folder, below) if version in self.fetched else None

    @staticmethod
    def complaint_about_fetched(folder, below):
        names = {name for name, file in below.items() if file.kind == "file"}
        if names != {MARKER, "run-config.toml", "vega", *EXTRA}:
            return f"{folder} has {names}"
        if has_lost(below):
            return f"{folder} has lost {has_lost(below)}"
        for file in parsed(below[MARKER], "the marker")["files"]:
            found = below[file["path"]]
            if (len(found.content), found.mtime_ns) != (file["size"], file["mtime_ns"]):
                return f"{folder}/{file['path']} is not as its marker says"
        return None

    # A Visor on such a home

    def put(self, tree):
        """Onto the disk, as after the next boot."""
        shutil.rmtree(self.home)
        self.home.mkdir(mode=0o755)
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
        there = {}
        for path, file in tree.items():
            target = self.home / path
            if file.kind == "folder":
                target.mkdir()
                target.chmod(stat.S_IMODE(file.mode))
            elif file.kind == "link":
                target.symlink_to(os.fsdecode(file.content))
            elif file.number in there:
                os.link(there[file.number], target)
            else:
                target.write_bytes(file.content.replace(boot, UNKNOWN_BOOT))
                target.chmod(stat.S_IMODE(file.mode))
                os.utime(target, ns=(file.mtime_ns, file.mtime_ns))
                there[file.number] = target
        shutil.rmtree(self.world.node)
        self.world.node.mkdir()

    def start(self, tree, first):
        """Starts Visor: the release @first comes up, and then the next upgrade gets through."""
        world = self.world
        self.starts += 1
        self.put(tree)
        following = min(first + 1, len(UPGRADES))
        heights = [2] + [height for _, height in UPGRADES]
        world.scenario(versions={version: {"start_height": height + 5} for version, height in zip(VERSIONS, heights)})
        world.upgrade_at(*[(tag, height if tag != VERSIONS[1] else 15) for tag, height in UPGRADES[:following]])
        visor = world.start()
        visor.wait("the node answers")
        begun = self.begun()
        assert begun[0] == first, f"{VERSIONS[begun[0]]} was started"
        if first < following:
            upgraded(world, visor, VERSIONS[following])
        begun = self.begun()
        assert begun == sorted(begun), f"started were {begun}"
        visor.stop()
        world.check()
        assert world.current == self.home / FOLDERS[VERSIONS[begun[-1]]]
        complaint = self.complaint_about(Disk(self.home).leave_nothing_more(), VERSIONS[begun[-1]])
        assert not complaint, complaint
        world.visors.remove(visor)
        visor.log.unlink()

    def begun(self):
        return [VERSIONS.index(event["version"]) for event in self.world.events("main", process="vega")]

    def run(self, starts, choices, seed):
        """Examines every cut point with both extremes and @choices at random; starts Visor on about @starts of them."""
        dice = random.Random(seed)
        share = starts / (sum(1 for _ in self.cut_points()) * (2 + choices))
        self.cuts_seen = 0
        for cut, disk in self.cut_points():
            for i in range(-2, choices):
                choice = {-2: "nothing more", -1: "everything"}.get(i, f"choice {i}")
                tree = disk.leave_nothing_more() if i == -2 else disk.leave_everything() if i == -1 else \
                    disk.leave_some(dice)
                try:
                    first = self.examine(cut, tree)
                    if dice.random() < share:
                        self.start(tree, first)
                except AssertionError as error:
                    raise AssertionError(f"{error}\ncut {cut.at} before {cut.before}, {choice}, seed {seed}") from error


@contextlib.contextmanager
def power_cuts(kind):
    """What was recorded in a home of its own, which goes with it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="visor-"))
    (folder / "stamps").mkdir()
    try:
        cuts = PowerCuts(folder, folder / "stamps", kind)
        try:
            yield cuts
        finally:
            cuts.world.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parsed(file, what):
    try:
        return json.loads(file.content)
    except ValueError as error:
        raise AssertionError(f"{what} is damaged: {error}: {file.content[:300]}") from error


def within(tree, folder):
    return {path.removeprefix(folder + "/"): file for path, file in tree.items() if path.startswith(folder + "/")}


def has_lost(release):
    """What of the files beside the binary is not there, or not whole."""
    return [name for name, content in EXTRA.items() if name not in release or release[name].content != content]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--starts", type=int, default=1000)
    parser.add_argument("--choices", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for kind in KINDS:
        with power_cuts(kind) as cuts:
            cuts.run(options.starts // len(KINDS), options.choices, options.seed)
            print(f"{kind} releases: {cuts.cuts_seen} cut points, {cuts.homes_examined} homes examined, {cuts.starts} "
                  "starts: every home is valid, the right release starts, every upgrade goes on", flush=True)


if __name__ == "__main__":
    sys.exit(main())
