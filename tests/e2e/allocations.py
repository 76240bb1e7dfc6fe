#!/usr/bin/python3
"""Lets allocations of Visor fail, and looks that its node takes no harm.

    tests/e2e/allocations.py BUILD_FOLDER [--every 1] [--seed 1]

A life is played (a start, also of a release that has not answered and whose record is damaged, a living node that is taken
over, a reexec, or a data node that dies, whose segments are asked for; then polls, changed settings, an upgrade and a stop)
with the Nth allocation of Visor failing (tests/faults/allocation.c), and sometimes some more after it. Visor goes on, or
leaves with a code that its manual knows; never by a signal. The next Visor takes over what lives, or starts it, and the
upgrade gets through. --every 10: each tenth N.
"""

import argparse
import collections
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

if __name__ == "__main__":
    build = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/clang").resolve())
    os.environ.update(VISOR_BUILD=build, VISOR_PLAIN_BUILD=build)

from autoinstall import FAR, NEW, now_at_the_block
from fail_points import is_recorded
from test_state_lost import copy_of_state
from test_upgrade import height_of
from world import DEADLINE_SECONDS, PLAIN_BUILD, ROOT, World, alive, wait_until

SHIM = PLAIN_BUILD / "tests" / "faults" / "liballocation.so"
EXIT_CODES = {int(number) for number in re.findall(
    r"^    X\(EXIT_CODE_\w+, (\d+),", (ROOT / "src" / "base" / "exit_code.h").read_text(), re.M)}
GENESIS = "v1.0.0"
COUNTS = [1, 1, 1, 2, 5, 20]
LIVES = ["start", "recall", "adoption", "reexec", "restart"]


class Allocations:
    """One world for all runs of one kind of life: its home is made anew for each."""

    def __init__(self, folder, stamps, life="start"):
        self.life = life
        self.folder = folder
        self.world = World(folder, stamps, PLAIN_BUILD)
        self.counter = folder / "counter"
        self.world.has_data_node = life == "restart"
        self.world.run_config("genesis")
        self.world.release(NEW, NEW)
        self.world.write_config(restartsDelaySeconds=0, rpc={"pollIntervalMilliseconds": 20})
        self.outcomes = collections.Counter()
        shutil.copytree(self.world.home, folder / "before")

    def start_anew(self):
        world = self.world
        world.cleanup()
        world.visors.clear()
        for folder in (world.home, world.node):
            shutil.rmtree(folder)
        shutil.copytree(self.folder / "before", world.home)
        world.node.mkdir()
        self.counter.unlink(missing_ok=True)
        world.upgrade_at((NEW, FAR))
        if self.life == "adoption":
            visor = world.up()
            wait_until(lambda: is_recorded(world, GENESIS), world.said)
            visor.kill()
        if self.life == "recall":
            self.lose_node_and_record()

    def lose_node_and_record(self):
        """Of a release that has not answered yet: what its lock tells is all that is left."""
        world = self.world
        world.scenario(versions={NEW: {"start_delay_ms": 600_000}})
        now_at_the_block(world)
        visor = world.up()
        wait_until(lambda: (copy_of_state(world) or {}).get("release", {}).get("stage") == "switched", world.said)
        visor.kill()
        pid = world.wait_event("main", version=NEW)["pid"]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), "its end")
        world.scenario(versions={})
        (world.home / ".visor" / "state.json").write_text("{")

    def reexec(self, visor):
        """Done or not, it is answered."""
        try:
            subprocess.run([self.world.program, "reexec", "--home", self.world.home], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=DEADLINE_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise AssertionError("visor reexec gets no answer") from None
        return visor.process.poll() is None

    def restart(self, until):
        """The data node dies, and Visor asks for its segments before it starts both again."""
        world = self.world
        if until(lambda: world.pids("data-node"), "the data node"):
            os.kill(world.pids("data-node")[0], signal.SIGKILL)
        return until(lambda: len(world.pids()) > 1, "the restart")

    def go_through(self, visor, until):
        """What this life is about. Is Visor still there?"""
        if self.life == "reexec":
            return self.reexec(visor)
        return self.life != "restart" or self.restart(until)

    def play(self, at, count):
        """Plays the scenario as far as Visor comes; returns its exit code."""
        self.start_anew()
        world = self.world
        visor = world.start(LD_PRELOAD=str(SHIM), ALLOCATION_PROGRAM="visor", ALLOCATION_COUNTER=str(self.counter),
                            ALLOCATION_AT=str(at), ALLOCATION_COUNT=str(count))

        def until(look, what):
            wait_until(lambda: look() or visor.process.poll() is not None, lambda: f"{what}:\n{visor.text()}")
            return visor.process.poll() is None
        begun = "taken over, alive" if self.life == "adoption" else "the node answers"
        if until(lambda: visor.said(begun), begun) and self.go_through(visor, until):
            world.write_config(restartsDelaySeconds=1)
            visor.signal(signal.SIGHUP)
            now_at_the_block(world)
        if until(lambda: is_recorded(world, NEW), "the upgrade is complete"):
            visor.signal(signal.SIGTERM)
        return visor.end()

    def count(self):
        """How many allocations there are when nothing goes wrong."""
        code = self.play(0, 0)
        assert code == 0, self.world.said()
        assert self.life != "recall" or "the state is taken from" in self.world.said(), self.world.said()
        return struct.unpack("Q", self.counter.read_bytes())[0]

    def fail(self, at, count):
        world = self.world
        try:
            code = self.play(at, count)
            self.outcomes[code] += 1
            assert code in EXIT_CODES, f"visor ended by {code}"
            assert code != 0 or not world.living(), "visor left its node behind, and says that all went well"
            self.go_on()
            world.check()
        except AssertionError as error:
            raise AssertionError(f"{self.life}: allocation {at}, and {count - 1} more: {error}\n{world.said()[-6000:]}") from error

    def go_on(self):
        """The next Visor: what lives, and was not told to end, lives on; the upgrade gets through."""
        world = self.world
        recorded, begun = is_recorded(world, NEW), len(world.pids())
        told = {event["pid"] for event in world.events("sigterm")}
        left = [pid for pid in world.living() if pid not in told]
        visor = world.start()
        wait_until(lambda: world.living(), world.said)
        if left:
            visor.wait("taken over, alive")
        now_at_the_block(world)
        wait_until(lambda: is_recorded(world, NEW) and alive(world.pids()[-1]), world.said)
        started = [event["version"] for event in world.events("main")]
        assert started == sorted(started), started
        visor.stop()
        assert not world.living()
        self.check_heights(begun if recorded else len(world.pids()))

    def check_heights(self, recorded):
        """NEW has its height until that it answers is on record, in the starts before @recorded, and never after. With a
        data node, a restart asks that for a height."""
        if self.world.has_data_node:
            return
        for start, event in enumerate(self.world.events("main", process="vega")):
            assert (height_of(event) is not None) == (event["version"] == NEW and start < recorded), (start, event)

    def run(self, numbers, dice):
        for at in numbers:
            self.fail(at, dice.choice(COUNTS))


@contextlib.contextmanager
def allocations_of(life):
    """In a world of its own, which goes with it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="visor-"))
    (folder / "stamps").mkdir()
    try:
        made = Allocations(folder, folder / "stamps", life)
        try:
            yield made
        finally:
            made.world.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fail_all(allocations, options):
    """Prints what went wrong, and returns how often that was."""
    total, complaints = allocations.count(), 0
    dice = random.Random(options.seed)
    for at in range(options.first, total + 1, options.every):
        try:
            allocations.run([at], dice)
        except AssertionError as error:
            complaints += 1
            print(error, flush=True)
    print(f"{allocations.life}: {total} allocations, {sum(allocations.outcomes.values())} runs, by exit code "
          f"{dict(allocations.outcomes)}; {complaints} complaints", flush=True)
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lives", default=",".join(LIVES))
    options = parser.parse_args()
    complaints = 0
    for life in options.lives.split(","):
        with allocations_of(life) as allocations:
            complaints += fail_all(allocations, options)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
