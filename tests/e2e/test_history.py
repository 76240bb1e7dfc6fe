"""What a person sees a month later: the events of an upgrade and of failures, also after a crash, a power cut, on a full
disk, and in bounded space."""

import datetime
import json
import os
import re
import signal
import stat
import subprocess

import pytest

from small_disk import can_mount, fill
from world import VISOR, upgraded, wait_until

FILE_BYTES_MAX = 1024 * 1024
LOST = "history"  # the component of the log that complains


def visor_history(world, *words, **more):
    return subprocess.run([VISOR, "history", "--home", world.home, *words], capture_output=True, text=True, timeout=60,
                          check=False, **more)


def history(world, damaged=0):
    """All events, oldest first."""
    shown = visor_history(world, "--output", "json")
    assert shown.returncode == 0, shown.stderr
    places = re.search(r"in (\d+) place", shown.stderr)
    assert (int(places[1]) if places else 0) == damaged, shown.stderr
    return [json.loads(line) for line in shown.stdout.splitlines()]


def names(events):
    return [event["event"] for event in events]


def in_order(wanted, found):
    rest = iter(found)
    return all(name in rest for name in wanted)


def files(world):
    return [world.home / ".visor" / name for name in ("history.jsonl.1", "history.jsonl")]


def line_of(event, **members):
    return json.dumps({"time": "2026-03-01T12:05:06.789Z", "event": event, **members}) + "\n"


def test_an_upgrade_and_its_times(world):
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    logged = upgraded(world, visor, "v1.1.0")
    running = history(world)  # which a visor that runs does not mind
    visor.stop()
    events = history(world)
    assert events[:len(running)] == running
    assert in_order(["visor-begins", "starting", "answered", "accepted", "prepared", "ready", "committed", "ended", "switched",
                     "starting", "answered", "completed", "stopping", "ended", "visor-ends"], names(events)), names(events)
    assert names(events).count("completed") == 1

    completed = next(event for event in events if event["event"] == "completed")
    assert {"tag", "from", "height"} < set(completed)
    assert (completed["tag"], completed["from"], completed["height"]) == ("v1.1.0", "v1.0.0", 200)
    for part in ("ready_to_stop", "stop", "switch", "start"):
        assert abs(completed[f"{part}_ms"] - logged[part]) < 0.11
    assert events[0]["version"].startswith("v") and events[0]["pid"] == visor.pid and events[-1]["code"] == 0
    assert [event["how"] for event in events if event["event"] == "ended"] == ["exited with code 0"] * 2

    times = [datetime.datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%S.%fZ") for event in events]
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert times == sorted(times) and 0 <= (now - times[0]).total_seconds() < 600
    assert stat.S_IMODE(files(world)[1].stat().st_mode) == 0o600


def test_for_a_person(world):
    assert visor_history(world).stdout == ""  # not yet run
    world.up().stop()
    hostile = line_of("e\x1b[2J", text="two words", note_ms=12.3, list=[1, {"a": None}], n=7)
    with open(files(world)[1], "a", encoding="utf-8") as file:
        file.write(hostile)
    shown = visor_history(world, env={**os.environ, "TZ": "UTC-2"})
    assert shown.returncode == 0 and shown.stderr == ""
    lines = shown.stdout.splitlines()
    assert len(lines) == len(history(world))
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+02:00  \S+", line), line
    assert [line.split()[1] for line in lines][:2] == ["visor-begins", "starting"]
    assert {line.index(line.split()[2]) for line in lines if "=" in line} == {50}  # they stand in a column
    assert re.fullmatch(r"\S+  answered +took=\d+\.\dms", next(line for line in lines if " answered " in line))
    assert lines[-1] == ('2026-03-01T14:05:06.789+02:00  e?[2J              text="two words" note=12.3ms '
                         'list="[1,{\\"a\\":null}]" n=7')


def test_failures_and_giving_up(world):
    world.write_config(maxNumberOfRestarts=1)
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    world.wait_event("main", count=2)
    visor.wait("the node answers", count=2)
    os.kill(world.pids()[1], signal.SIGKILL)
    assert visor.end() == 69
    events = history(world)
    assert in_order(["answered", "ended", "failed", "restarting", "starting", "answered", "ended", "failed", "budget-spent",
                     "visor-ends"], names(events)), names(events)
    assert {event["how"] for event in events if event["event"] == "ended"} == {"was killed by SIGKILL"}
    assert next(event for event in events if event["event"] == "restarting")["of"] == 1
    assert events[-1]["code"] == 69


def history_of_a_start(world):
    """The binary tells its version in its own time."""
    wait_until(lambda: "release" in names(history(world)), "its version is told")
    return history(world)


def test_a_crash_of_visor_loses_nothing(world):
    visor = world.up()
    before = history_of_a_start(world)
    visor.process.kill()
    visor.process.wait()
    assert history(world) == before and "visor-ends" not in names(before)


def test_what_a_power_cut_leaves(world):
    good = line_of("old", n=1)
    files(world)[1].parent.mkdir(mode=0o700)
    files(world)[1].write_bytes(good.encode() + b'{"time":"2026-03-01T12:0' + bytes(5000) + good.encode() + good[:30].encode())
    world.up().stop()
    events = history(world, damaged=3)
    assert names(events)[:3] == ["old", "old", "visor-begins"] and names(events)[-1] == "visor-ends"
    assert visor_history(world).stderr.startswith("Warning: ")


def test_it_stays_bounded(world):
    old, new = files(world)
    new.parent.mkdir(mode=0o700)
    line = line_of("old", text="x" * 50)
    new.write_text(line * ((FILE_BYTES_MAX - 300) // len(line)))
    old.write_text(line_of("ancient"))
    world.up().stop()
    events = names(history(world))
    assert "ancient" not in events and events[0] == "old" and events[-1] == "visor-ends"
    assert in_order(["visor-begins", "starting", "answered", "ended", "visor-ends"], events)
    assert 0 < new.stat().st_size < 10_000 and FILE_BYTES_MAX - 2000 < old.stat().st_size <= FILE_BYTES_MAX


@pytest.mark.parametrize("kind", ["folder", "link", "fifo"])
def test_what_stands_in_its_place_stops_nothing(world, kind):
    path, elsewhere = files(world)[1], world.folder / "elsewhere"
    path.parent.mkdir(mode=0o700)
    elsewhere.write_text("")
    {"folder": path.mkdir, "link": lambda: path.symlink_to(elsewhere), "fifo": lambda: os.mkfifo(path)}[kind]()
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    said = [line for line in visor.lines() if line["component"] == LOST]
    assert 1 <= len(said) <= 2 and "move it away" in said[0]["message"], said  # that of the beginning is one of them
    shown = visor_history(world)
    assert shown.returncode == 74 and shown.stderr.startswith("Error: ") and "move it away" in shown.stderr
    visor.stop()
    assert elsewhere.read_text() == ""


class TestFullDisk:
    """Only where a small disk can be had; what stands in the file's place, above, stands in for it elsewhere."""

    __test__ = can_mount()

    @staticmethod
    def fill(folder):
        """Leaves no byte, not even in the last page of the history."""
        fill(folder)
        history_file = folder / "history.jsonl"
        padding = 4096 - history_file.stat().st_size % 4096
        with open(history_file, "ab") as file:
            file.write((line_of("padding")[:-1].ljust(padding - 1) + "\n").encode() if padding > 100 else b"\n" * padding)

    def test_a_full_disk_stops_nothing(self, world, small_disk):
        visor = world.up()
        before = history_of_a_start(world)
        self.fill(small_disk)
        size = (small_disk / "history.jsonl").stat().st_size
        os.kill(world.pids()[0], signal.SIGKILL)
        visor.wait("the node answers", count=2)
        said = [line for line in visor.lines() if line["component"] == LOST]
        assert len(said) == 1 and "No space left" in said[0]["message"] and said[0]["lost"] == 1
        assert (small_disk / "history.jsonl").stat().st_size == size
        assert names(history(world)) == names(before) + ["padding"] * (names(history(world))[-1] == "padding")
        (small_disk / "ballast").unlink()
        os.kill(world.pids()[1], signal.SIGKILL)
        visor.wait("the node answers", count=3)
        wait_until(lambda: in_order(["ended", "failed", "restarting", "starting", "answered"],
                                    names(history(world))[len(before):]), lambda: history(world))
        visor.stop()


def test_no_home(tmp_path):
    shown = subprocess.run([VISOR, "history", "--home", tmp_path / "none"], capture_output=True, text=True, check=False)
    assert shown.returncode == 66 and shown.stderr.startswith("Error: ") and shown.stdout == ""


def test_a_reader_that_has_seen_enough(world):
    path = files(world)[1]
    path.parent.mkdir(mode=0o700)
    path.write_text(line_of("old", text="x" * 500) * 1500)
    shown = subprocess.Popen([VISOR, "history", "--home", world.home], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert b"old" in shown.stdout.readline()
    shown.stdout.close()
    assert shown.stderr.read() == b"" and shown.wait() == -signal.SIGPIPE
    shown.stderr.close()
