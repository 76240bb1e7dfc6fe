#!/usr/bin/python3
"""Kills visor-fetch, its unpacker and Visor at random moments of fetches, and looks at what is left.

    tests/e2e/kills.py BUILD_FOLDER [--kills 1000] [--seed 1]

Each round one more release is accepted; while it is fetched something is killed, up to five times; then the release must
get into place by itself, right and whole. A watcher looks all the time whether a folder under the final name is whole
from the first moment, and at the end of a round nothing may be left over. A seed makes the same choices again; the moment
that a choice hits is the machine's.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import zipfile

if __name__ == "__main__":
    os.environ["VISOR_BUILD"] = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release").resolve())

import memcheck
from releases import Releases
from world import DEADLINE_SECONDS, World, alive, wait_until

FAR = 10**9
FETCH_SECONDS = 0.3  # about as long as a fetch takes here
UNPACK_SECONDS = 0.02


def children(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_fetcher(pid):
    try:
        return os.path.basename((memcheck.words_of(pid) or [""])[0]) == "visor-fetch"
    except OSError:
        return False


class Watcher:
    """Looks as often as it can whether the folder @path is whole whenever it is there."""

    def __init__(self, path, digest):
        self.path, self.digest = path, digest
        self.complaint = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while not self.over.wait(0.0005):
            if self.path.exists():
                self.complaint = complaint_about(self.path, self.digest)
                return

    def end(self):
        self.over.set()
        self.thread.join()
        assert not self.complaint, self.complaint


def complaint_about(folder, digest):
    names = sorted(path.name for path in folder.iterdir())
    if names != [".visor-release.json", "run-config.toml", "vega"]:
        return f"{folder} was there with {names}"
    if hashlib.sha256((folder / "vega").read_bytes()).hexdigest() != digest:
        return f"{folder} was there with another binary"
    if json.loads((folder / ".visor-release.json").read_text())["tag"] != folder.name:
        return f"{folder} was there with another marker"
    return None


class Kills:
    def __init__(self, world, releases, seed):
        self.world, self.releases = world, releases
        self.random = random.Random(seed)
        self.killed = collections.Counter()
        self.rounds = 0
        self.never = threading.Event()
        releases.scenario(throttle_bytes_per_second=40_000_000)
        world.settings["log"]["level"] = "info"
        world.write_config(autoInstall=releases.config(keepReleases=1), maxNumberOfRestarts=1000)
        self.visor = world.up()

    def fetchers(self):
        """The pids of visor-fetch and, while it unpacks, of its unpacker."""
        mine = [pid for pid in children(self.visor.pid) if is_fetcher(pid)]
        return mine + [pid for parent in mine for pid in children(parent)]

    def await_fetchers(self, count, folder):
        """Waits for so many of them; an empty list if the release is in place before."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not folder.exists():
            found = self.fetchers()
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, self.visor.text()[-4000:]
        return []

    def kill_fetcher(self, folder):
        self.await_fetchers(1, folder)
        self.never.wait(self.random.random() * FETCH_SECONDS)
        self.kill(self.fetchers()[:1], "visor-fetch")

    def kill_unpacker(self, folder):
        found = self.await_fetchers(2, folder)
        self.never.wait(self.random.random() * UNPACK_SECONDS)
        self.kill(found[1:], "unpacker")

    def kill(self, pids, what):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
                self.killed[what] += 1
            except ProcessLookupError:
                pass

    def kill_visor(self, folder):
        """Visor, and then its node: until a new Visor adopts it, it would refuse to start beside it."""
        self.await_fetchers(1, folder)
        self.never.wait(self.random.random() * FETCH_SECONDS)
        fetchers = self.fetchers()
        os.kill(self.visor.pid, signal.SIGKILL)
        self.visor.process.wait()
        for pid in self.world.living():
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda pid=pid: not alive(pid), "the node is gone")
        wait_until(lambda: not any(alive(pid) for pid in fetchers), "visor-fetch died with its Visor")
        self.killed["visor"] += 1
        self.visor = self.world.up()

    def round(self):
        self.rounds += 1
        tag = f"v1.1.{self.rounds}"
        asset = self.releases.make(tag, size=self.random.choice([0, 3_000_000, 12_000_000]))
        digest = self.digest_inside(asset)
        watcher = Watcher(self.world.home / tag, digest)
        self.world.upgrade_at((tag, FAR))
        for _ in range(self.random.randint(1, 5)):
            self.random.choice([self.kill_fetcher, self.kill_unpacker, self.kill_visor])(self.world.home / tag)
        self.visor.wait("ready for the upgrade", tag=tag)
        watcher.end()
        complaint = complaint_about(self.world.home / tag, digest)
        assert not complaint, complaint
        self.check_no_leftovers(tag)
        shutil.rmtree(asset.parent)

    @staticmethod
    def digest_inside(asset):
        with zipfile.ZipFile(asset) as archive:
            return hashlib.sha256(archive.read("vega")).hexdigest()

    def check_no_leftovers(self, tag):
        staging = self.world.home / ".visor" / "staging"

        def left():
            return sorted(path.name for path in staging.iterdir()) if staging.exists() else []
        wait_until(lambda: not left(), lambda: f"after {tag}: {left()}\n{self.visor.text()[-4000:]}")
        known = {".visor", "config.toml", "current", "genesis"}
        strange = {path.name for path in self.world.home.iterdir()} - known
        strange = {name for name in strange if not name.startswith("v1.1.")}
        assert not strange, strange

    def run(self, kills):
        while sum(self.killed.values()) < kills:
            self.round()
            if self.rounds % 20 == 0 and __name__ == "__main__":
                print(f"{self.rounds} rounds, {dict(self.killed)}", flush=True)
        self.visor.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="visor-"))
    (folder / "stamps").mkdir()
    world = World(folder, folder / "stamps")
    try:
        with Releases(folder / "server") as releases:
            kills = Kills(world, releases, options.seed)
            kills.run(options.kills)
        world.check()
        print(f"{sum(kills.killed.values())} kills in {kills.rounds} rounds: {dict(kills.killed)}; every release in place, "
              "nothing left over, no half-made folder")
    finally:
        world.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
