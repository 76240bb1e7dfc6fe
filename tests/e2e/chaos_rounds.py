"""The rounds of chaos.py: what may happen to a home and its Visor, and what each may and may not change."""

import os
import shutil
import signal
import subprocess

from autoinstall import FAR
from chaos_life import Life
from world import DEADLINE_SECONDS, alive, wait_until

# kind: how often, of the sum
WEIGHTS = {"start": 3, "adoption": 3, "restart": 4, "kill_node": 2, "fetch": 3, "upgrade": 8, "reload": 2, "reexec": 4,
           "stop": 4, "freeze_visor": 2, "freeze_node": 2, "socket": 1, "current": 2, "state": 2, "private": 1,
           "lock_removed": 2, "locks": 1, "down": 2, "two_visors": 2, "full_disk": 2}
KINDS = list(WEIGHTS)
DAMAGED = ["", "{", "[]", "x" * 70_000, "\0" * 40, '{"format":2}', '{"format":2,"release":{"tag":"v1.0.0"}}']
UPGRADE_MOMENTS = ["instant", "instant", "accepted", "ready", "stop", "gone", "switched", "spawned", "listening"]


class Rounds(Life):
    @property
    def weights(self):
        return {kind: weight for kind, weight in WEIGHTS.items() if kind != "full_disk" or self.world.has_small_disk}

    def start_moment(self, moment, mains):
        if moment == "spawned":
            self.until(lambda: len(self.world.events("main")) > mains, "a process of the node")
        elif moment == "listening":
            self.until(lambda: len(self.world.events("main")) > mains and self.world.events(
                "listening", pid=self.world.events("main", process="vega")[-1]["pid"]), "the node listens")
        else:
            self.pause(1.5)

    def started_then_killed(self):
        """A first start, killed up to three times."""
        mains = len(self.world.events("main"))
        self.start(self.draw_point())
        self.touched = True
        for _ in range(self.random.randint(1, 3)):
            moment = self.random.choice(["instant", "instant", "spawned", "listening"])
            self.start_moment(moment, mains)
            self.kill_and_start(f"start, {moment}")

    def do_start(self):
        self.stop_visor()
        self.started_then_killed()

    def do_adoption(self):
        for _ in range(self.random.randint(2, 5)):
            self.kill("running" if self.visor.said("taken over") or self.visor.said("answers") else "while taking over")
            self.start(self.draw_point())
            self.pause(1)

    def do_restart(self):
        mains = len(self.world.events("main"))
        self.kill_and_start_at_point()
        self.kill_node_process()
        for _ in range(self.random.randint(1, 3)):
            moment = self.random.choice(["instant", "instant", "spawned", "listening"])
            self.start_moment(moment, mains)
            self.kill_and_start(f"restart, {moment}")

    def do_kill_node(self):
        mains = len(self.world.events("main", process="vega"))
        self.kill_node_process()
        if self.random.random() < 0.3:  # and again, in the middle of it
            self.until(lambda: len(self.world.events("main", process="vega")) > mains, "the restart")
            self.starts_once = False
            self.until(lambda: all(len(pids) == 1 for pids in self.world.nodes().values()), "both")
            self.kill_node_process()

    def accept(self, tag):
        """The network accepts it; its folder is there, or is to be fetched."""
        if self.random.random() < 0.5:
            self.world.release(tag, tag)
        else:
            self.releases.make(tag, size=self.random.choice([0, 1_000_000, 4_000_000]))
        self.world.upgrade_at((tag, FAR))

    def forget_releases(self, *tags):
        for tag in tags:
            self.world.throw_away(tag)
            shutil.rmtree(self.releases.release(tag), ignore_errors=True)

    def do_fetch(self):
        tag = self.next_tag()
        self.kill_and_start_at_point()
        self.releases.make(tag, size=self.random.choice([0, 3_000_000, 9_000_000]))
        self.world.upgrade_at((tag, FAR))
        for _ in range(self.random.randint(1, 4)):
            self.pause(4)
            self.kill_and_start("fetch, instant")
        self.said("ready for the upgrade", tag=tag)
        self.world.upgrade_at()
        self.said("the upgrade was retracted")
        self.forget_releases(tag)

    def upgrade_moment(self, moment, old, new):
        world = self.world
        looks = {
            "ready": lambda: world.events("ready", version=old, tag=new),
            "stop": lambda: world.events("sigterm", version=old),
            "gone": lambda: world.events("exit", version=old),
            "switched": lambda: world.current == world.home / new,
            "spawned": lambda: world.events("main", version=new),
            "listening": lambda: world.events("listening", version=new),
        }
        if moment in looks:
            self.until(looks[moment], f"upgrade to {new}: {moment}")
        else:
            self.pause(3)

    def disturb(self, what):
        """Once in a while something else than a kill."""
        drawn = self.random.random()
        if drawn < 0.5:
            self.kill_and_start(what)
        elif drawn < 0.7:
            self.kill(what)
            removed = self.lose_state()
            self.starts_once = self.starts_once and not removed  # that takes a decision back: the old one may run once more
            self.start()
        elif drawn < 0.85:
            self.ask(signal.SIGUSR2)
            self.counts["else: reexec asked in an upgrade"] += 1
        else:
            self.visor.signal(signal.SIGSTOP)
            self.pause(1)
            self.visor.signal(signal.SIGCONT)
            self.counts["else: visor frozen in an upgrade"] += 1

    def do_upgrade(self):
        old, new = self.version, self.next_tag()
        self.world.scenario(stop_ms=self.random.choice([0, 10, 100]))
        self.kill_and_start_at_point()
        self.accept(new)
        moments = sorted(self.random.sample(UPGRADE_MOMENTS, self.random.randint(1, 3)), key=UPGRADE_MOMENTS.index)
        if self.random.random() < 0.3:
            self.pause(2)
            self.kill_and_start("upgrade, accepted")
        self.said("ready for the upgrade", tag=new)
        self.touched = True
        self.world.upgrade_at((new, 2))  # long passed: ready with the next block
        for moment in moments:
            self.upgrade_moment(moment, old, new)
            self.disturb(f"upgrade, {moment}")
        self.version = new
        self.settle()
        self.world.upgrade_at()
        assert len([event for event in self.world.events("main") if event["version"] == new]) == len(self.world.processes)
        self.counts["else: upgrade done"] += 1
        if old != "v1.0.0":
            self.forget_releases(old)

    def do_reload(self):
        self.kill_and_start_at_point()
        self.world.write_config(stopSignalTimeoutSeconds=61 - self.world.settings["stopSignalTimeoutSeconds"])
        if self.random.random() < 0.5:
            self.pause(0.5)
        else:
            self.until(lambda: self.visor.said("changed", key="stopSignalTimeoutSeconds") or self.visor.said(
                "taken over, alive"), "the change")
        self.kill_and_start("reload")

    def do_reexec(self):
        how = self.random.choice(["command", "command, killed", "signal, killed", "node killed"])
        if self.random.random() < 0.4:
            self.kill_and_start_at_point()
        if how == "signal, killed":
            self.ask(signal.SIGUSR2)
            self.pause(2)
            self.kill_and_start("reexec, instant")
            return
        with subprocess.Popen([self.world.program, "reexec", "--home", self.world.home], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as asking:
            if how == "node killed":
                self.pause(2)
                self.kill_node_process()
            elif how == "command, killed":
                self.pause(2)
                self.kill_and_start("reexec, instant")
            told = asking.communicate(timeout=2 * DEADLINE_SECONDS)[0]
        at_point = self.point and self.visor.process.poll() is not None
        assert asking.returncode == 0 or (asking.returncode == 86 and (how != "command" or at_point)), \
            (asking.returncode, told)
        self.counts[f"else: reexec {asking.returncode}"] += 1

    def do_stop(self):
        """SIGTERM, and SIGKILL in the middle of the stop: if the node was told to end, it is started anew."""
        self.world.scenario(stop_ms=self.random.choice([0, 20, 200]))
        nodes = {process: pids[0] for process, pids in self.world.nodes().items()}
        self.touched, self.starts_once = True, False
        self.ask(signal.SIGTERM)
        moment = self.random.choice(["instant", "instant", "sigterm", "exit"])
        if moment == "instant":
            self.pause(0.5)
        else:
            wait_until(lambda: self.world.events(moment, pid=nodes["vega"]) or self.visor.process.poll() is not None,
                       f"{moment} of the node, or the end of visor at its fail point")
        self.kill_and_start(f"stop, {moment}")
        self.settle()
        for process, pid in nodes.items():
            told = self.world.events("sigterm", pid=pid)
            assert told or alive(pid), f"{process} was never told to end, and has"

    def do_freeze_visor(self):
        self.visor.signal(signal.SIGSTOP)
        self.counts["else: visor frozen"] += 1
        if self.random.random() < 0.5:
            self.kill_node_process()
        self.pause(2)
        if self.random.random() < 0.5:
            self.kill_and_start("frozen")
        else:
            self.visor.signal(signal.SIGCONT)

    def do_freeze_node(self):
        pids = [pids[0] for pids in self.world.nodes().values()]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        self.counts["else: node frozen"] += 1
        try:
            self.pause(2)
            if self.random.random() < 0.5:
                self.kill_and_start("node frozen")
                self.pause(1)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def do_socket(self):
        """Its file is removed: the node cannot be asked, and is left alone, until it is restarted."""
        self.world.socket.unlink()
        self.counts["else: socket removed"] += 1
        if self.random.random() < 0.5:
            self.kill_and_start("socket removed")
            self.said("taken over, alive")
        self.kill_node_process()

    def do_current(self):
        (self.world.home / "current").unlink()
        self.counts["else: current dropped"] += 1
        if self.random.random() < 0.3:
            self.kill_node_process()
        else:
            self.kill_and_start("current dropped")

    def lose_state(self):
        path = self.world.home / ".visor" / "state.json"
        removed = self.random.random() < 0.4
        if removed:
            path.unlink(missing_ok=True)
        else:
            path.write_text(self.random.choice(DAMAGED))
            self.damaged = True
        self.counts[f"else: state {'removed' if removed else 'damaged'}"] += 1
        return removed

    def do_state(self):
        self.lose_state()
        self.kill_and_start("state damaged")

    def do_private(self):
        """.visor is removed below a living Visor, which is killed then: its node is still known."""
        aside = self.world.home / "aside"
        (self.world.home / ".visor").rename(aside)
        self.counts["else: .visor removed"] += 1
        self.said("was removed while visor runs")
        shutil.rmtree(aside, ignore_errors=True)
        self.until(lambda: self.world.lock_record()[0], "what runs is written down again")
        self.kill_and_start(".visor removed")

    def do_lock_removed(self):
        """A lock of a living process is removed, as if it were stale."""
        process = self.random.choice(self.world.processes)
        lock = self.world.home / ".visor" / f"{process}.lock"
        lock.unlink()
        self.counts["else: lock of the living removed"] += 1
        self.until(lambda: self.world.lock_record(process)[0], "it is made anew")
        self.kill_and_start("lock removed")

    def do_locks(self):
        """What the locks of a node that is down tell is lost."""
        self.stop_visor()
        for path in (self.world.home / ".visor").glob("*.lock"):
            path.write_bytes(b"" if self.random.random() < 0.5 else os.urandom(200))
        self.counts["else: locks damaged"] += 1
        self.started_then_killed()

    def do_down(self):
        """While nothing runs, an operator removes the record, or `current`, or both: the lock still tells what ran last."""
        self.stop_visor()
        what = self.random.choice(["state", "current", "both"])
        if what != "current":
            (self.world.home / ".visor" / "state.json").unlink()
        if what != "state":
            (self.world.home / "current").unlink()
        self.counts[f"else: {what} removed while down"] += 1
        self.started_then_killed()

    def do_two_visors(self):
        self.kill("two at once")
        both = [self.world.start(), self.world.start()]
        refused = wait_until(lambda: [visor for visor in both if visor.process.poll() is not None], "one is refused")
        assert len(refused) == 1 and refused[0].process.returncode == 80, [visor.process.returncode for visor in both]
        self.visor = both[0] if refused[0] is both[1] else both[1]
        self.counts["else: second visor refused"] += 1

    def do_full_disk(self):
        """Nothing can be written: the node is supervised, and the upgrade waits until it can."""
        assert self.world.has_small_disk, "the home is on no disk of its own: the machine's would be filled"
        new, filler = self.next_tag(), self.world.home / "filler"
        self.world.release(new, new)
        with open(filler, "wb", buffering=0) as stream:
            try:
                while True:
                    stream.write(bytes(1 << 20))
            except OSError:
                pass
        self.counts["else: disk filled"] += 1
        self.kill_and_start("disk full")
        self.settle()
        self.world.upgrade_at((new, FAR))
        self.said("ready for the upgrade", tag=new)
        self.world.upgrade_at((new, 2))
        self.said("cannot be recorded")
        nodes = self.world.nodes()
        if self.random.random() < 0.5:
            self.kill_and_start("disk full, upgrade waits")
            self.said("cannot be recorded")
        assert nodes == self.world.nodes()
        filler.unlink()
        old, self.version, self.touched = self.version, new, True
        self.settle()
        self.world.upgrade_at()
        if old != "v1.0.0":
            self.forget_releases(old)
