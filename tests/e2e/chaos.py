#!/usr/bin/python3
"""Kills Visor at random and at chosen moments of its life, does worse things beside, and looks at what is left.

    tests/e2e/chaos.py BUILD_FOLDER [--rounds 2000] [--seed 1] [--worlds 4] [--only KIND]

Real visor, vega-sim and visor-fetch. Each round is one step in the life of a home (chaos_rounds.py): a start, a restart,
a fetch, an upgrade, a reload, a reexec, a stop, an operator who removes what he should not; Visor is killed in it, and a
new one is started. After each round long_world.py is asked what must hold; and a node that nobody told to end must not
have been restarted. A seed makes the same choices again; the moment that a choice hits is the machine's.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

if __name__ == "__main__":
    os.environ["VISOR_BUILD"] = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release").resolve())

from chaos_rounds import KINDS, Rounds
from long_world import LongWorld
from releases import Releases


def play(seed, number, rounds, only=None, say=lambda text: None):
    """One world: @rounds rounds. Returns the counts; raises AssertionError with what happened."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="visor-"))
    (folder / "stamps").mkdir()
    with_small_disk = number % 4 in (1, 2) or only == "full_disk"
    world = LongWorld(folder, folder / "stamps", data_node=number % 2 == 1, small_disk=with_small_disk)
    try:
        with Releases(folder / "server") as releases:
            life = Rounds(world, releases, f"{seed}/{number}")
            if with_small_disk and not world.has_small_disk:
                life.counts["skipped: a disk of its own, which is not to be had here, and so all of full_disk"] += 1
            try:
                for done in range(rounds):
                    life.round(only)
                    if done % 50 == 49:
                        say(f"world {number}: {done + 1} rounds")
                life.stop_visor()
            except BaseException as error:
                raise AssertionError(
                    f"seed {seed}, world {number}, round {life.rounds}, {life.doing}: {error}\n{world.recent()}") from error
        world.check()
        return life.counts
    finally:
        world.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def play_quietly(*arguments):
    try:
        return play(*arguments, say=lambda text: print(text, flush=True)), None
    except BaseException:  # a traceback is no object that can be sent from a process to another
        return collections.Counter(), traceback.format_exc()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=4, help="that live side by side")
    parser.add_argument("--only", choices=KINDS)
    options = parser.parse_args()
    share = [options.rounds // options.worlds + (number < options.rounds % options.worlds)
             for number in range(options.worlds)]
    began = time.monotonic()
    counts, failures = collections.Counter(), []
    with concurrent.futures.ProcessPoolExecutor(options.worlds) as pool:
        worlds = [pool.submit(play_quietly, options.seed, number, rounds, options.only)
                  for number, rounds in enumerate(share)]
        for world in concurrent.futures.as_completed(worlds):
            counted, failure = world.result()
            counts.update(counted)
            failures += [failure] if failure else []
    for failure in failures:
        print(failure)
    for title in ("round", "kill", "else", "skipped"):
        found = {name.split(": ", 1)[1]: count for name, count in sorted(counts.items())
                 if name.startswith(f"{title}: ")}
        print(f"{title}: {sum(found.values())} " + ", ".join(f"{name} {count}" for name, count in found.items()))
    print(f"{sum(count for name, count in counts.items() if name.startswith('round: '))} rounds in "
          f"{time.monotonic() - began:.0f} s, seed {options.seed}: " +
          (f"{len(failures)} worlds FAILED" if failures else
           "no double start, no lost node, every upgrade in the right release once, no healthy node restarted"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
