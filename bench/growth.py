#!/usr/bin/python3
"""What grows in a Visor that lives long: descriptors, memory and the files of its home, over polls and over upgrades.

    bench/growth.py BUILD_FOLDER [--polls 100000] [--upgrades 10000]

One Visor, never restarted; polls every 10 ms, which takes 17 minutes for 100,000 of them, and upgrades one after the other.
Every tenth of the way a row is printed. Leaves with 1 if there are more descriptors at the end than after the first tenth,
or more than 64 kB more of memory that is not of a file, or more history than its two files may hold. At this pace the history
leaves out most: of one kind of event it keeps 30 lines a minute.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time

from common import finish, load_world, status
from reexec import timer_reads

GROWTH_KIB_MAX = 64
LOOKS = 10
HISTORY_BYTES_MAX = 2 * 1024 * 1024  # HISTORY_FILE_MAX_BYTES of src/home/history.h, of two files


def descriptors(pid):
    """The least of some looks: a poll, or a binary that is asked for its version, has some for a moment."""
    looks = []
    for _ in range(LOOKS):
        looks.append(len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir())))
        time.sleep(0.02)
    return min(looks)


class Growth:
    def __init__(self, made, look):
        self.world, self.wait_until, self.rows = made, look, {"polls": [], "upgrades": []}
        made.scenario(block_time_ms=5)
        made.write_config(log={"level": "info"},
                          rpc={"pollIntervalMilliseconds": 10, "acceptedPollIntervalMilliseconds": 10})
        self.visor = made.up()
        self.number = 0

    def look(self, kind, done):
        pid, private = self.visor.pid, self.world.home / ".visor"
        row = {
            "done": done,
            "descriptors": descriptors(pid),
            "resident": status(pid, "VmRSS"),
            "anonymous": status(pid, "RssAnon"),
            "history": sum(path.stat().st_size for path in private.glob("history*")),
            "others": sum(path.stat().st_size for path in private.iterdir() if not path.name.startswith("history")),
            "files": sum(1 for _ in private.rglob("*")),
        }
        self.rows[kind].append(row)
        print(f"{done:>9} {kind:<9}{row['descriptors']:>4} descriptors {row['resident']:>6} kB resident {row['anonymous']:>5} kB "
              f"anonymous {row['history']:>8} bytes of history {row['others']:>6} of {row['files']} files in .visor", flush=True)

    def poll(self, polls):
        for tenth in range(11):
            if tenth == 0:
                self.begun = timer_reads(self.visor.pid)
            while timer_reads(self.visor.pid) - self.begun < polls * tenth // 10:
                time.sleep(0.1)
            self.look("polls", polls * tenth // 10)

    def upgrade(self):
        old = f"v1.{self.number // 1000}.{self.number % 1000}"
        self.number += 1
        new = f"v1.{self.number // 1000}.{self.number % 1000}"
        self.world.release(new, new)
        self.world.upgrade_at((new, 2))  # long passed: ready with the next block

        def is_done():
            state = self.world.state()
            return state and state["tag"] == new and state["stage"] == "answered"
        self.wait_until(is_done, lambda: f"{new}\n{self.world.recent()}")
        if self.number > 1:
            self.world.throw_away(old)

    def upgrades(self, upgrades):
        for i in range(upgrades + 1):
            if i > 0:
                self.upgrade()
                self.world.tail.lines()
                self.world.tail.parsed.clear()
            if i % max(1, upgrades // 10) == 0:
                self.look("upgrades", i)

    def complaints(self):
        found = []
        for kind, rows in self.rows.items():
            first, last = rows[min(1, len(rows) - 1)], rows[-1]
            if last["descriptors"] > first["descriptors"]:
                found.append(f"{kind}: {last['descriptors'] - first['descriptors']} more descriptors")
            if last["anonymous"] > first["anonymous"] + GROWTH_KIB_MAX:
                found.append(f"{kind}: {last['anonymous'] - first['anonymous']} kB more memory")
            if last["history"] > HISTORY_BYTES_MAX:
                found.append(f"{kind}: {last['history']} bytes of history")
            if last["others"] > 2 * max(row["others"] for row in rows[:2]):
                found.append(f"{kind}: {last['others']} bytes in .visor beside it")
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--polls", type=int, default=100_000)
    parser.add_argument("--upgrades", type=int, default=10_000)
    options = parser.parse_args()
    world = load_world(options.build.resolve())
    from long_world import LongWorld
    world.LOOK_SECONDS = 0.005
    folder = pathlib.Path(tempfile.mkdtemp(prefix="visor-bench-"))
    (folder / "stamps").mkdir()
    made = LongWorld(folder, folder / "stamps")
    try:
        growth = Growth(made, world.wait_until)
        growth.poll(options.polls)
        began = time.monotonic()
        growth.upgrades(options.upgrades)
        print(f"{options.upgrades} upgrades in {time.monotonic() - began:.0f} s, {options.polls} polls, one visor")
        growth.visor.stop()
        made.check()
    finally:
        finish(made)
        shutil.rmtree(folder, ignore_errors=True)
    for complaint in growth.complaints():
        print(f"grows: {complaint}")
    return 1 if growth.complaints() else 0


if __name__ == "__main__":
    sys.exit(main())
