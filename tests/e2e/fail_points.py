"""Scenarios that pass the fail points of src/base/fail_point.h, and what must hold after somebody died at one of them."""

import json
import os
import re
import signal
import subprocess

from autoinstall import FAR, NEW, fetching, now_at_the_block, staging
from world import DEADLINE_SECONDS, ROOT, alive, wait_until

POINTS = dict(re.findall(r"^    X\((\w+), (\w+), \"", (ROOT / "src" / "base" / "fail_point.h").read_text(), re.M))


class Died(Exception):
    pass


def is_recorded(world, version):
    try:
        record = json.loads((world.home / ".visor" / "state.json").read_text())["release"]
    except (FileNotFoundError, ValueError):  # there is none yet, or a damaged one still
        return False
    return record["tag"] == version and record["stage"] == "answered"


class Scenario:
    """One life of Visor in a world of its own; `point` is NAME or NAME:N."""

    def __init__(self, world, releases, point):
        self.world, self.releases, self.point = world, releases, point
        self.dies = POINTS[point.split(":")[0]]
        self.visor = None

    def begin(self, **environment):
        self.visor = self.world.start(VISOR_FAIL_POINT=self.point, **environment)

    def until(self, look, what, seconds=DEADLINE_SECONDS):
        """Waits until it is seen, or Visor has died."""
        def seen():
            if look():
                return True
            if self.visor.process.poll() is not None:
                raise Died
            return False
        wait_until(seen, lambda: f"{what} in\n{self.visor.text()}", seconds)

    def until_said(self, message, count=1, seconds=DEADLINE_SECONDS, **fields):
        self.until(lambda: len(self.visor.said(message, **fields)) >= count, message, seconds)

    def until_recorded(self, version="v1.0.0"):
        """The record is the last thing to be written once a node has answered."""
        self.until(lambda: is_recorded(self.world, version), "the record of a node that has answered")

    # What happens

    def start(self):
        """The first start in a new home, with a data node."""
        self.with_data_node()
        self.prepare()
        self.begin()
        self.until_said("the node answers")
        self.until_recorded()

    def restart(self):
        """The node dies and is started again."""
        self.prepare()
        self.begin()
        self.until_said("the node answers")
        self.until_recorded()
        self.kill_node()
        self.until_said("the node answers", 2)

    def restart_both(self):
        self.with_data_node()
        self.restart()

    def stop(self):
        """An operator stops Visor."""
        self.prepare()
        self.begin()
        self.until_said("the node answers")
        self.visor.signal(signal.SIGTERM)
        self.visor.end()

    def upgrade(self):
        self.prepare()
        self.begin()
        self.until_said("ready for the upgrade")
        self.until_recorded()
        now_at_the_block(self.world)
        self.until_said("the upgrade is complete")
        self.until_recorded(NEW)

    def upgrade_both(self):
        self.with_data_node()
        self.upgrade()

    def fetch(self):
        """autoInstall fetches a release and puts it in place."""
        self.releases.make(NEW)
        fetching(self.world, self.releases)
        self.begin()
        helper_dies = self.dies == "HELPER"
        self.until_said("could not be fetched" if helper_dies else "ready for the upgrade")
        self.until(lambda: helper_dies or not staging(self.world), "the staging folder is cleared")

    def supply(self):
        """The same where the operator's folder only lacks the binary."""
        (self.world.home / NEW).mkdir()
        self.world.run_config(NEW)
        self.fetch()

    def reload(self):
        self.prepare()
        self.begin()
        self.until_said("the node answers")
        self.world.write_config(restartsDelaySeconds=1)
        self.until_said("changed", key="restartsDelaySeconds")
        self.world.write_config(restartsDelaySeconds=0)
        self.until_said("changed", 2, key="restartsDelaySeconds")

    def adopt(self):
        """A new Visor takes over the node of one that was killed."""
        self.prepare()
        first = self.world.up()
        first.process.kill()
        first.end()
        self.begin()
        self.until_said("taken over, alive")

    def reexec(self):
        self.prepare()
        self.begin()
        self.until_said("the node answers")
        self.until_recorded()
        with subprocess.Popen(
                [self.world.program, "reexec", "--home", self.world.home],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as asking:
            assert asking.wait(DEADLINE_SECONDS) == 0 or self.visor.end()
        self.until_said("visor begins", 2)

    def with_data_node(self):
        self.world.has_data_node = True
        self.world.run_config("genesis")

    def prepare(self):
        self.world.release(NEW, NEW)
        self.world.upgrade_at((NEW, FAR))

    def kill_node(self):
        self.until(lambda: self.living("vega"), "the node lives")
        os.kill(self.living("vega")[0], signal.SIGKILL)

    def living(self, process):
        return [event["pid"] for event in self.world.events("main", process=process) if alive(event["pid"])]

    # And then

    def play(self, name):
        """Plays until the end, and until Visor has died if that is what is meant to; returns whether it has."""
        try:
            getattr(self, name)()
            if self.dies == "VISOR":  # the last that is seen may come before it
                self.until(lambda: False, f"{self.point} is passed", seconds=5)
        except Died:
            pass
        return self.visor.process.poll() == -signal.SIGKILL

    def untouched(self):
        """Those processes of the node that nobody has asked to end, and that must not be restarted: {name: pid}."""
        told = {event["pid"] for event in self.world.events("sigterm")}
        return {process: pids[-1] for process in ("vega", "data-node")
                if (pids := [pid for pid in self.living(process) if pid not in told])}

    def go_on(self):
        """A new Visor, without a fail point: a healthy node is left as it is, and the upgrade gets through."""
        world, visor = self.world, self.visor
        known = {event["pid"]: event["version"] for event in world.events("main")}
        left = {}
        if self.dies == "HELPER":  # each that is started anew dies as well
            visor.stop()
        elif visor.process.poll() is not None and not self.point.startswith("TERMINATED"):
            left = self.untouched()
        if visor.process.poll() is not None:
            visor = world.start()
        if left:
            visor.wait("taken over, alive")
        now_at_the_block(world)
        self.wait_complete(visor)
        mains = world.events("main", process="vega")
        started = [event["version"] for event in mains]
        assert started == sorted(started), f"{started}\n{world.said()}"
        if "vega" in left and ("data-node" in left or not world.has_data_node):
            again = [event for event in mains if event["pid"] not in known and event["version"] == known[left["vega"]]]
            assert not again, f"a healthy node was restarted: {mains}\n{world.said()}"
        wait_until(lambda: not staging(world), lambda: f"left over: {staging(world)}")  # a stop ends what clears up
        visor.stop()
        assert not world.living()

    def wait_complete(self, visor):
        world = self.world

        def is_complete():
            mains = world.events("main", process="vega", version=NEW)
            return mains and alive(mains[-1]["pid"]) and world.current == world.home / NEW and is_recorded(world, NEW)
        wait_until(is_complete, lambda: f"the upgrade gets through:\n{world.said()}")
        assert visor.process.poll() is None, world.said()
