"""One home, one simulated node, one visor: what every end-to-end test is made of."""

import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time

import memcheck

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("VISOR_BUILD", ROOT / "build" / "test"))
PLAIN_BUILD = pathlib.Path(os.environ.get("VISOR_PLAIN_BUILD", ROOT / "build" / "clang"))  # without sanitizers
VISOR = BUILD / "src" / "cli" / "visor"
SIM = BUILD / "sim" / "vega-sim"

DEADLINE_FACTOR = int(os.environ.get("VISOR_DEADLINE_FACTOR", "1"))  # for what is slower than sanitizers: valgrind
DEADLINE_SECONDS = 40 * DEADLINE_FACTOR  # generous: machines are shared, and the build under test has sanitizers
LOOK_SECONDS = 0.01
SANITIZER_REPORT = re.compile(r"ERROR: AddressSanitizer|ERROR: LeakSanitizer|runtime error:|please report this")

memcheck.install()


def wait_until(look, what, seconds=DEADLINE_SECONDS):
    """Waits for look() to return something true, and returns it; fails the test when the deadline passes."""
    never = threading.Event()
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {seconds} s: {what() if callable(what) else what}")
        never.wait(LOOK_SECONDS)


def alive(pid):
    """Is the process there, and neither a zombie nor just being reaped?"""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_free(folder):
    """Has nobody the lock of the folder itself?"""
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(fd)


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value) if isinstance(value, str) else str(value)


def toml_file(tables):
    """{"a": 1, "t.u": {"b": 2}} as TOML; plain values first, since what follows a table belongs to it."""
    lines = [f"{key} = {toml(value)}" for key, value in tables.items() if not isinstance(value, dict)]
    for name, table in tables.items():
        if isinstance(table, dict):
            lines.append(f"[{name}]")
            lines += [f"{json.dumps(key)} = {toml(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


class Visor:
    """A running `visor run`, with its log."""

    def __init__(self, world, process, log):
        self.world = world
        self.process = process
        self.log = log

    @property
    def pid(self):
        return self.process.pid

    def text(self):
        return self.log.read_text(errors="replace")

    def lines(self):
        """The lines of Visor's own log; what the children printed is left out."""
        lines = []
        for line in self.text().splitlines():
            try:
                parsed = json.loads(line)
            except ValueError:
                continue
            if isinstance(parsed, dict) and "component" in parsed:
                lines.append(parsed)
        return lines

    def said(self, message, **fields):
        """All lines whose message contains @message and whose fields match."""
        return [
            line for line in self.lines()
            if message in line["message"] and all(value in str(line.get(key)) for key, value in fields.items())
        ]

    def wait(self, message, count=1, seconds=DEADLINE_SECONDS, **fields):
        """Waits for the count-th such line and returns it."""
        def look():
            found = self.said(message, **fields)
            if len(found) < count and self.process.poll() is not None and len(self.said(message, **fields)) < count:
                raise AssertionError(f"visor ended ({self.process.returncode}) before saying {message!r}:\n{self.text()}")
            return found[count - 1] if len(found) >= count else None
        return wait_until(look, lambda: f"{message!r} {fields} in:\n{self.text()}", seconds)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, code=0):
        self.signal(signal.SIGTERM)
        assert self.end() == code

    def kill(self):
        """A child that it has just forked has the home, too, until it comes to its exec."""
        self.signal(signal.SIGKILL)
        assert self.end() == -signal.SIGKILL
        wait_until(lambda: is_free(self.world.home), "nobody has the home")

    def end(self):
        """Waits for the end of visor and returns its exit code."""
        try:
            return self.process.wait(timeout=DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"visor did not end:\n{self.text()}") from None


class World:
    def __init__(self, folder, stamps, build=BUILD):
        self.folder = folder
        self.stamps = stamps  # of the same build
        self.build = build
        self.home = folder / "home"
        self.node = folder / "node"
        self.socket = self.node / "vega.sock"
        self.visors = []
        self.settings = {
            "maxNumberOfFirstConnectionRetries": 30,
            "maxNumberOfRestartConnectionRetries": 30,
            "maxNumberOfRestarts": 3,
            "restartsDelaySeconds": 0,
            "stopSignalTimeoutSeconds": 30,
            "rpc": {"pollIntervalMilliseconds": 50, "acceptedPollIntervalMilliseconds": 20,
                    "timeoutMilliseconds": 2000},
            "log": {"format": "json", "level": "debug"},
        }
        self.facts = {"block_time_ms": 5 * DEADLINE_FACTOR}
        self.home.mkdir(mode=0o755)
        self.node.mkdir()
        self.write_config()
        self.scenario()
        self.release("genesis", "v1.0.0")

    # What lies on disk

    def write_config(self, **changes):
        for key, value in changes.items():
            if isinstance(value, dict):
                self.settings[key] = {**self.settings.get(key, {}), **value}
            else:
                self.settings[key] = value
        self.replace(self.home / "config.toml", toml_file(self.settings))

    @staticmethod
    def replace(path, text):
        new = path.with_name(path.name + ".new")
        new.write_text(text)
        new.rename(path)

    def scenario(self, **changes):
        """Changes what the simulated node does, from now on."""
        self.facts.update(changes)
        self.replace(self.node / "scenario.json", json.dumps(self.facts))

    def binary(self, version):
        """A release as one executable; stamped once a session."""
        path = self.stamps / version
        if not path.exists():
            subprocess.run([self.build / "sim" / "vega-sim", "stamp", "--version", version, path], check=True)
        return path

    def put_binary(self, folder, version, name="vega"):
        """Puts a binary in place as a careful operator does: whole, by rename."""
        path = pathlib.Path(folder) / name
        new = path.with_name(name + ".part")
        shutil.copy(self.binary(version), new)
        new.rename(path)
        return path

    def run_config(self, folder, data_node=None, args=None, **vega):
        data_node = self.has_data_node if data_node is None else data_node
        tables = {
            "name": pathlib.Path(folder).name,
            "vega.binary": {"path": vega.get("path", "vega"),
                            "args": args or ["start", "--home", str(self.node)]},
            "vega.rpc": {"socketPath": str(self.socket), "httpPath": vega.get("http_path", "/rpc")},
        }
        if data_node:
            tables["data_node.binary"] = {"path": vega.get("path", "vega"),
                                          "args": ["datanode", "start", "--home", str(self.node)]}
        (self.home / folder / "run-config.toml").write_text(toml_file(tables))

    has_data_node = False

    def release(self, folder, version, **run_config):
        (self.home / folder).mkdir(exist_ok=True)
        self.put_binary(self.home / folder, version)
        self.run_config(folder, **run_config)
        return self.home / folder

    def upgrade_at(self, *upgrades):
        """The network's plan: (tag, height) pairs, or dictionaries as the simulator takes them."""
        self.scenario(upgrades=[
            upgrade if isinstance(upgrade, dict) else {"tag": upgrade[0], "height": upgrade[1]} for upgrade in upgrades
        ])

    @property
    def current(self):
        return pathlib.Path(os.readlink(self.home / "current"))

    # What runs

    @property
    def program(self):
        return VISOR if self.build == BUILD else self.build / "src" / "cli" / "visor"

    def start(self, *words, **environment):
        log = self.folder / f"visor-{len(self.visors)}.log"
        with open(log, "wb") as stream:
            process = subprocess.Popen(
                [self.program, *(words or ("run", "--home", self.home))], stdin=subprocess.DEVNULL, stdout=stream,
                stderr=stream, env={**os.environ, **environment},
            )
        visor = Visor(self, process, log)
        self.visors.append(visor)
        return visor

    def up(self, count=1):
        """Starts visor and waits until its node answers."""
        visor = self.start()
        visor.wait("the node answers", count)
        if self.has_data_node:  # which says nothing to Visor, so it may come a little later
            wait_until(lambda: len(self.pids("data-node")) == len(self.pids()), self.said)
        return visor

    def refused(self, *words):
        """Starts visor where it must refuse; returns its exit code and all it said."""
        visor = self.start(*words)
        return visor.end(), visor.text()

    # What the node itself says of it

    def events(self, event=None, **fields):
        log = self.node / "events.jsonl"
        found = []
        for line in log.read_text().splitlines() if log.exists() else []:
            try:
                parsed = json.loads(line)
            except ValueError:
                continue  # a line that is being written
            if (event is None or parsed["event"] == event) and all(
                    parsed.get(key) == value for key, value in fields.items()):
                found.append(parsed)
        return found

    def wait_event(self, event, count=1, seconds=DEADLINE_SECONDS, **fields):
        def look():
            found = self.events(event, **fields)
            return found[count - 1] if len(found) >= count else None
        return wait_until(look, lambda: f"event {event} {fields} in {self.events()}\n{self.said()}", seconds)

    def said(self):
        return "\n".join(visor.text() for visor in self.visors)

    def pids(self, process="vega"):
        return [event["pid"] for event in self.events("main", process=process)]

    def living(self):
        return [event["pid"] for event in self.events("main") + self.events("grandchild") if alive(event["pid"])]

    def cleanup(self):
        for visor in self.visors:
            if visor.process.poll() is None:
                visor.signal(signal.SIGTERM)
                visor.signal(signal.SIGTERM)
                try:
                    visor.process.wait(timeout=DEADLINE_SECONDS)
                except subprocess.TimeoutExpired:
                    visor.process.kill()
                    visor.process.wait()
        for pid in self.living():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def check(self):
        """What must hold after every test, whatever it was about."""
        assert not self.events("double-start"), "two copies of a node ran at once"
        assert not self.events("bad-scenario"), self.events("bad-scenario")
        for visor in self.visors:
            found = SANITIZER_REPORT.search(visor.text())
            assert not found, visor.text()


def upgraded(world, visor, version, count=1):
    """Waits until the upgrade to @version is complete; returns the line that says so."""
    line = visor.wait("the upgrade is complete", count=count, tag=version)
    assert world.wait_event("listening", version=version)
    return line
