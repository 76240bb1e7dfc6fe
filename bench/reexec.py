#!/usr/bin/python3
"""`visor reexec`, many times, while the node is polled every 10 ms: does it miss the end of a child, is the node touched?

    bench/reexec.py BUILD_FOLDER [--times 1000] [--kill-every 10]

Every so often the node is killed at a random moment of a reexec: its end has to be seen, with its signal, and it has to be
restarted once. In between its pid has to stay. Leaves with 1 if any of that is not so.
"""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from common import finish, load_world, show

KILLED_WITHIN_SECONDS = 0.15  # of the request: in the rehearsal, about the exec, or just after it


def timer_reads(pid):
    """How often Visor's timer has elapsed: with nothing else to do, once a poll."""
    for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("syscr:"):
            return int(line.split()[1])
    raise KeyError("syscr")


class Reexecs:
    def __init__(self, made, seed):
        self.world, self.random = made, random.Random(seed)
        made.scenario(block_time_ms=1000)
        made.write_config(maxNumberOfRestarts=100_000, log={"level": "info"},
                          rpc={"pollIntervalMilliseconds": 10, "acceptedPollIntervalMilliseconds": 10})
        self.visor = made.up()
        self.pid = made.pids()[-1]
        self.took_ms, self.kills, self.complaints = [], 0, []

    def polls_a_second(self):
        before, began = timer_reads(self.visor.pid), time.monotonic()
        time.sleep(2)
        return (timer_reads(self.visor.pid) - before) / (time.monotonic() - began)

    def ask(self):
        return subprocess.Popen([self.world.program, "reexec", "--home", self.world.home], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def reexec(self, kill):
        began = time.monotonic()
        with self.ask() as asking:
            if kill:
                time.sleep(self.random.random() * KILLED_WITHIN_SECONDS)
                os.kill(self.pid, 9)
            told = asking.communicate(timeout=60)[0]
        if asking.returncode != 0:
            self.complaints.append(f"reexec ended with {asking.returncode}: {told}")
        if kill:
            self.kills += 1
            self.world.wait_event("main", count=self.kills + 1, process="vega")
            self.visor.wait("was killed by SIGKILL", count=self.kills)
            self.pid = self.world.pids()[-1]
        else:
            self.took_ms.append((time.monotonic() - began) * 1000)
        if self.world.pids()[-1] != self.pid or len(self.world.pids()) != self.kills + 1:
            self.complaints.append(f"the node was touched: {self.world.pids()}")

    def end(self):
        ends = len(self.visor.said("was killed by SIGKILL")), len(self.visor.said("exit status is not known"))
        if ends != (self.kills, 0):
            self.complaints.append(f"{ends[0]} ends were seen with their signal and {ends[1]} without, of {self.kills}")
        done = len(self.visor.said("visor goes on as a new binary"))
        if self.visor.process.poll() is not None:
            self.complaints.append("visor has ended")
        self.visor.stop()
        self.world.check()
        return done


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--kill-every", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    world = load_world(options.build.resolve())
    from long_world import LongWorld
    world.LOOK_SECONDS = 0.005
    folder = pathlib.Path(tempfile.mkdtemp(prefix="visor-bench-"))
    (folder / "stamps").mkdir()
    made = LongWorld(folder, folder / "stamps")
    try:
        reexecs = Reexecs(made, options.seed)
        rate = reexecs.polls_a_second()
        for i in range(1, options.times + 1):
            reexecs.reexec(kill=i % options.kill_every == 0)
        done = reexecs.end()
    finally:
        finish(made)
        shutil.rmtree(folder, ignore_errors=True)
    show("visor reexec, the command from start to end", reexecs.took_ms)
    print(f"{done} times became the new binary, {rate:.0f} polls a second; node killed {reexecs.kills} times in one; "
          + (f"{len(reexecs.complaints)} complaints" if reexecs.complaints
             else "each end was seen once, with its signal, and else its pid stayed"))
    for complaint in reexecs.complaints[:20]:
        print(complaint)
    return 1 if reexecs.complaints or done < options.times else 0


if __name__ == "__main__":
    sys.exit(main())
