#!/usr/bin/python3
"""What Visor costs, measured on the real binaries; each figure beside one of the same run that it can be compared to.

    bench/measure.py BUILD_FOLDER [--runs 20] [--idle 60]

A machine's noise is in both figures of a pair, so the ratio says more than the milliseconds.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from common import LOOK_SECONDS, finish, fresh, load_world, show, status, upgrade_times

POLL_MS = 100  # acceptedPollIntervalMilliseconds as it comes


def bare_start_ms(world, stamps, runs):
    """What a fork and exec of the same node binary costs without any Visor: from before the fork to its main()."""
    took = []
    for _ in range(runs):
        made = fresh(world, stamps)
        begin = time.monotonic_ns() // 1000
        process = subprocess.Popen([made.home / "genesis" / "vega", "start", "--home", made.node])
        time.sleep(LOOK_SECONDS)
        took.append((made.wait_event("main")["t_us"] - begin) / 1000)
        process.kill()
        process.wait()
        finish(made)
    return took


def upgrade(world, stamps):
    """One upgrade with a prepared folder; (ready -> SIGTERM, old node gone -> new main())."""
    made = fresh(world, stamps)
    made.release("v1.1.0", "v1.1.0")
    return upgrade_times(made)


def restart_ms(world, stamps, runs):
    """The node is killed; its next copy's main() runs. restartsDelaySeconds = 0."""
    made = fresh(world, stamps)
    made.write_config(maxNumberOfRestarts=1000)
    visor = made.start()
    took = []
    for i in range(runs):
        visor.wait("the node answers", count=i + 1)
        pid = made.pids()[-1]
        time.sleep(LOOK_SECONDS)  # until nothing of the last start is left to do
        begin = time.monotonic_ns() // 1000
        os.kill(pid, signal.SIGKILL)
        time.sleep(LOOK_SECONDS)
        took.append((made.wait_event("main", count=i + 2)["t_us"] - begin) / 1000)
    visor.stop()
    finish(made)
    return took


def begin_ms(world, stamps, runs):
    """exec of `visor run` -> the node's main()."""
    took = []
    for _ in range(runs):
        made = fresh(world, stamps)
        begin = time.monotonic_ns() // 1000
        visor = made.start()
        time.sleep(LOOK_SECONDS)
        took.append((made.wait_event("main")["t_us"] - begin) / 1000)
        visor.stop()
        finish(made)
    return took


def cpu_ms(pid):
    fields = pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(fields[0]) / 1e6


def idle(world, stamps, seconds):
    made = fresh(world, stamps)
    visor = made.start()
    visor.wait("the node answers")
    visor.wait("this release runs")
    time.sleep(1)
    before_ms = cpu_ms(visor.pid)
    before_switches = status(visor.pid, "voluntary_ctxt_switches")
    sleeper = subprocess.Popen(["sleep", str(seconds + 5)])
    time.sleep(seconds)
    rollup = pathlib.Path(f"/proc/{visor.pid}/smaps_rollup").read_text()
    pss = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    print(f"idle for {seconds} s with one node, {seconds // 2} polls:")
    print(f"  resident {status(visor.pid, 'VmRSS')} kB (sleep(1): {status(sleeper.pid, 'VmRSS')} kB), "
          f"anonymous {status(visor.pid, 'RssAnon')} kB, proportional {pss} kB, "
          f"threads {status(visor.pid, 'Threads')}")
    print(f"  CPU {cpu_ms(visor.pid) - before_ms:.1f} ms, "
          f"voluntary switches {status(visor.pid, 'voluntary_ctxt_switches') - before_switches}")
    sleeper.kill()
    sleeper.wait()
    visor.stop()
    finish(made)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--idle", type=int, default=60)
    options = parser.parse_args()
    world = load_world(pathlib.Path(options.build).resolve())
    stamps = pathlib.Path(tempfile.mkdtemp(prefix="visor-stamps-"))

    print(f"{'':<48}{'min':>9} {'median':>9} {'max':>9}")
    bare = show("fork and exec of the node, without Visor", bare_start_ms(world, stamps, options.runs))
    upgrades = [upgrade(world, stamps) for _ in range(options.runs)]
    waits = [times[0] for times in upgrades]
    show("ready -> SIGTERM", waits,
         f"{sum(wait <= POLL_MS + 20 for wait in waits)} of {len(waits)} within {POLL_MS} + 20 ms")
    switch = show("old node gone -> new node's main()", [times[1] for times in upgrades])
    restart = show("node killed -> its next main()", restart_ms(world, stamps, options.runs))
    begin = show("exec of visor run -> node's main()", begin_ms(world, stamps, options.runs))
    for name, figure in (("switch", switch), ("restart", restart), ("begin", begin)):
        print(f"{name} / fork and exec: {figure / bare:.2f}")
    if options.idle:
        idle(world, stamps, options.idle)
    shutil.rmtree(stamps)


main()
