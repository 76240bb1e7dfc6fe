"""A world that lives for thousands of rounds: what happened is read once, and what must hold is looked at each round."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

from world import SANITIZER_REPORT, Visor, World, alive, wait_until

PROCESSES = ("vega", "data-node")
SIGNATURE_BYTES = 32  # of src/home/lock.c: before the text of a lock file


class Tail:
    """The whole lines of a growing file of JSON, each parsed once."""

    def __init__(self, path):
        self.path, self.offset, self.parsed = path, 0, []

    def lines(self):
        try:
            with open(self.path, "rb") as stream:
                stream.seek(self.offset)
                piece = stream.read()
        except FileNotFoundError:
            return self.parsed
        whole = piece[:piece.rfind(b"\n") + 1]
        self.offset += len(whole)
        for line in whole.splitlines():
            try:
                parsed = json.loads(line)
            except ValueError:
                continue  # what a child printed
            if isinstance(parsed, dict):
                self.parsed.append(parsed)
        return self.parsed


class LongVisor(Visor):
    def __init__(self, world, process, log):
        super().__init__(world, process, log)
        self.tail = Tail(log)

    def lines(self):
        return [line for line in self.tail.lines() if "component" in line]


def mount_small_disk(folder, mebibytes):
    """A disk of its own at @folder, to be filled; False where that is not allowed."""
    if os.geteuid() != 0:
        return False
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=755", "visor-chaos", folder],
                          check=False, capture_output=True)
    return done.returncode == 0


class LongWorld(World):
    def __init__(self, folder, stamps, data_node=False, small_disk=False):
        self.tail = Tail(folder / "node" / "events.jsonl")
        super().__init__(folder, stamps)
        self.has_small_disk = small_disk and mount_small_disk(self.home, 64)
        self.has_data_node = data_node
        self.settings["log"]["level"] = "info"
        self.write_config(maxNumberOfRestarts=100_000, rpc={"pollIntervalMilliseconds": 20,
                                                             "acceptedPollIntervalMilliseconds": 10})
        self.release("genesis", "v1.0.0")
        self.checked = 0

    @property
    def processes(self):
        return PROCESSES if self.has_data_node else PROCESSES[:1]

    def start(self, *words, **environment):
        visor = super().start(*words, **environment)
        self.visors[-1] = LongVisor(self, visor.process, visor.log)
        return self.visors[-1]

    def forget_logs(self):
        """The logs of visors that have ended are looked at once more and thrown away, but for the last few."""
        for visor in self.visors[self.checked:-6]:
            if visor.process.poll() is None:
                break
            assert not SANITIZER_REPORT.search(visor.text()), visor.text()
            visor.log.write_text("")
            visor.tail.parsed.clear()
            self.checked += 1

    def recent(self):
        """What the last visors and the node said, for who looks into a failure."""
        logs = "\n".join(f"--- {visor.log.name} pid {visor.pid}, {visor.process.poll()}\n" + "\n".join(
            line for line in visor.text().splitlines() if '"component"' in line) for visor in self.visors[-5:])
        return logs + "\n--- the node\n" + "\n".join(str(event)[:300] for event in self.told()[-25:])

    # The node

    def told(self):
        return [event for event in self.tail.lines() if event["event"] not in ("block", "polled")]

    def events(self, event=None, **fields):
        return [line for line in self.tail.lines() if (event is None or line["event"] == event) and all(
            line.get(key) == value for key, value in fields.items())]

    def forget_blocks(self):
        self.tail.parsed = self.told()

    def is_node(self, pid):
        """Alive, and what it was: in a long life the number of one that has ended is given to another."""
        try:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return str(self.node) in words and alive(pid)

    def nodes(self):
        """The living processes of the node, by the node's own word: {process: [pid]}."""
        found = {process: [] for process in self.processes}
        for event in self.events("main"):
            if event["process"] in found and self.is_node(event["pid"]):
                found[event["process"]].append(event["pid"])
        return found

    def table(self):
        """The same by the table of processes: {process: [(pid, executable)]}."""
        found = {process: [] for process in self.processes}
        tail = ["start", "--home", str(self.node)]
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")[1:-1]
                name = "vega" if words[:3] == tail else "data-node" if words[:4] == ["datanode", *tail] else None
                if name and alive(int(entry.name)):
                    found[name].append((int(entry.name), os.readlink(entry / "exe").removesuffix(" (deleted)")))
            except OSError:
                continue
        return found

    # The home

    def state(self):
        """The release in the record; None if there is none, or no valid one."""
        try:
            state = json.loads((self.home / ".visor" / "state.json").read_text())
            return state["release"] if state["format"] == 2 and state["release"]["stage"] else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def forget_damaged(self):
        """What was set aside of damaged records; tells whether there was any."""
        aside = list((self.home / ".visor").glob("state.json.damaged-*"))
        for path in aside:
            path.unlink()
        return bool(aside)

    def lock_record(self, process="vega"):
        """What a lock file tells: (pid, record); (0, {}) if it tells nothing."""
        try:
            content = (self.home / ".visor" / f"{process}.lock").read_bytes()
            return int(content[:10]), json.loads(content[SIGNATURE_BYTES:])
        except (OSError, ValueError):
            return 0, {}

    def folder_of(self, version):
        return self.home / ("genesis" if version == "v1.0.0" else version)

    def fetchers(self):
        """visor-fetch of this home, whoever started it."""
        found = []
        staging = str(self.home / ".visor" / "staging").encode()
        for entry in pathlib.Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else [b""]
            except OSError:
                continue
            if words[0].endswith(b"visor-fetch") and any(word.startswith(staging) for word in words):
                found.append(int(entry.name))
        return found

    def check_round(self, version):
        """What must hold after every round, when the node of release @version is up."""
        nodes, table = self.nodes(), self.table()
        folder = self.folder_of(version)
        assert all(len(pids) == 1 for pids in nodes.values()), nodes
        for process in self.processes:
            assert table[process] == [(nodes[process][0], str(folder / "vega"))], (table, nodes, folder)
        assert self.current == folder, (self.current, folder)
        assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
            "run-config.toml", "vega"]
        started = [version_key(event["version"]) for event in self.events("main", process="vega")]
        assert started == sorted(started), "an older release was started after a newer one"
        assert not self.events("double-start"), "two copies of a node ran at once"
        assert not self.events("bad-scenario")

    def cleanup(self):
        super().cleanup()
        for found in self.table().values():
            for pid, _ in found:
                os.kill(pid, signal.SIGKILL)
        if self.has_small_disk:
            wait_until(lambda: not any(self.table().values()), "the node is gone")
            subprocess.run(["umount", "-l", self.home], check=False)
            self.has_small_disk = False

    def throw_away(self, version):
        """A release that nobody needs any more."""
        shutil.rmtree(self.home / version, ignore_errors=True)
        (self.stamps / version).unlink(missing_ok=True)


def version_key(version):
    return tuple(int(number) for number in re.findall(r"\d+", version))
