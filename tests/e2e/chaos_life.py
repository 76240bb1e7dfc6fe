"""What a round of chaos.py is made of: Visor is killed and started, and what a healthy home looks like is waited for."""

import collections
import json
import os
import random
import signal
import threading
import time

from fail_points import POINTS
from world import BUILD, DEADLINE_SECONDS, alive, wait_until


def has_fail_points():
    try:
        options = json.loads((BUILD / "meson-info" / "intro-buildoptions.json").read_text())
    except OSError:
        return False
    return any(option["name"] == "fail_points" and option["value"] for option in options)


# Those at which Visor itself dies, and once: a new one is started without.
VISOR_POINTS = sorted(name for name, who in POINTS.items() if who == "VISOR") if has_fail_points() else []


class Life:
    """A home, its node and one Visor after the other. What may happen is in the methods do_KIND of chaos_rounds.py."""

    weights = {}  # kind: how often, of the sum
    starts_once = True  # the core is started exactly once in a round that touches the node

    def __init__(self, world, releases, seed):
        self.world, self.releases, self.seed = world, releases, seed
        self.counts = collections.Counter()
        self.rounds, self.number = 0, 0
        self.doing = "begin"
        self.never = threading.Event()
        self.random = random.Random(f"{seed}/begin")
        self.version = "v1.0.0"
        self.touched = True  # may a process of the node be another after this round?
        self.visor, self.point = None, None
        world.scenario(stop_ms=10, segment=1)
        world.write_config(autoInstall=releases.config(keepReleases=1))
        began = time.monotonic()
        self.start()
        self.settle()
        self.pace = min(time.monotonic() - began, 1)  # about what a start takes: random moments are drawn from that

    # What a round is made of

    def start(self, point=None):
        self.point = point
        self.visor = self.world.start(**({"VISOR_FAIL_POINT": point} if point else {}))

    def pause(self, paces):
        """The moment is what is tested here, so it is drawn, and waited for."""
        self.never.wait(self.random.random() * paces * self.pace)

    def kill(self, when):
        if self.visor.process.poll() is None:
            os.kill(self.visor.pid, signal.SIGKILL)
            self.counts[f"kill: {when}"] += 1
        elif self.point:
            self.counts[f"kill: at {self.point}"] += 1
        self.visor.process.wait()

    def kill_and_start(self, when):
        self.kill(when)
        self.start()

    def until(self, look, what):
        """Waits until it is seen; a Visor that died at its fail point is followed by a new one."""
        def seen():
            found = look()
            if not found and self.is_point_met_by_fetch():
                self.kill_and_start("visor-fetch died at its fail point")
            elif not found and self.visor.process.poll() is not None:
                assert self.point and self.visor.process.returncode == -signal.SIGKILL, \
                    f"visor left with {self.visor.process.returncode}"
                self.counts[f"kill: at {self.point}"] += 1
                self.start()
            return found
        return wait_until(seen, what, 2 * DEADLINE_SECONDS)

    def is_point_met_by_fetch(self):
        """visor-fetch has the same environment, and writes files, too: every one that this Visor starts would die."""
        return self.point and self.visor.said("could not be fetched", why="was killed by SIGKILL")

    def ask(self, number):
        """Signals Visor, which has to have begun: until then it is a program that any signal ends."""
        wait_until(lambda: self.visor.said("visor begins") or self.visor.process.poll() is not None, "it begins")
        self.visor.signal(number)

    def said(self, message, **fields):
        self.until(lambda: self.visor.said(message, **fields), message)

    def is_settled(self):
        nodes, state = self.world.nodes(), self.world.state()
        pid, record = self.world.lock_record()
        return (all(len(pids) == 1 for pids in nodes.values()) and [pid] == nodes["vega"] and
                record.get("answered") and record.get("stopping") == "none" and
                state and state["stage"] == "answered" and state["tag"] == self.version and
                state["folder"] == str(self.world.folder_of(self.version)) and
                record.get("state", {}).get("release") == state and
                (self.visor.said("the node answers") or self.visor.said("taken over, alive")))

    def settle(self):
        self.until(self.is_settled, lambda: f"{self.version} runs, answers and is recorded; state {self.world.state()}, "
                                            f"lock {self.world.lock_record()}, nodes {self.world.nodes()}")

    def starts(self):
        return len(self.world.events("main", process="vega"))

    def stop_visor(self):
        """Stops it and the node; a fail point that it had not met yet may end it in this, and the next one has none."""
        self.visor.signal(signal.SIGTERM)
        if self.visor.end() == -signal.SIGKILL and self.point:
            self.counts[f"kill: at {self.point}"] += 1
            self.start()
            self.settle()
            self.visor.signal(signal.SIGTERM)
            self.visor.end()
        assert self.visor.process.returncode == 0, f"visor left with {self.visor.process.returncode}"
        self.started = self.starts()
        assert not any(self.world.table().values()), self.world.table()

    def kill_node_process(self, count=True):
        process = self.random.choice(self.world.processes)
        pid = self.world.nodes()[process][0]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), "its end")
        self.touched = True
        if count:
            self.counts[f"else: {process} killed"] += 1

    def next_tag(self):
        self.number += 1
        return f"v1.{self.number // 100}.{self.number % 100 + 1}"

    def draw_point(self):
        return self.random.choice(VISOR_POINTS) if VISOR_POINTS and self.random.random() < 0.5 else None

    def round(self, only=None):
        self.rounds += 1
        self.random = random.Random(f"{self.seed}/{self.rounds}")
        kind = only or self.random.choices(list(self.weights), list(self.weights.values()))[0]
        self.doing, self.touched, self.damaged = kind, False, False
        before, self.started = self.world.nodes(), self.starts()
        getattr(self, f"do_{kind}")()
        self.doing = f"{kind}, then"
        self.settle()
        assert not self.world.forget_damaged() or self.damaged, "a record was damaged by nobody, or set aside undamaged"
        self.world.check_round(self.version)
        after = self.world.nodes()
        assert self.touched or before == after, f"a healthy node was restarted: {before}, now {after}"
        restarts = self.starts() - self.started
        assert restarts == (1 if self.touched and self.starts_once else restarts), f"{restarts} starts"
        self.starts_once = True
        wait_until(lambda: all(self.is_of_ours(pid) for pid in self.world.fetchers()), "no visor-fetch without a visor")
        self.counts[f"round: {kind}"] += 1
        self.world.forget_logs()
        self.world.forget_blocks()

    def is_of_ours(self, pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:
                parent = int(stream.read().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            return True
        return parent == self.visor.pid or self.is_of_ours(parent) if parent > 1 else False

    def kill_and_start_at_point(self):
        """So that Visor dies at a point of what comes next."""
        point = self.draw_point()
        if point:
            self.kill("running")
            self.start(point)
            self.settle()
