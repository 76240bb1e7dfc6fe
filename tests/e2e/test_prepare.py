"""A release brought into its place by hand, from a server that only has files."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from release_server import Releases
from terminal import Terminal
from world import SANITIZER_REPORT, VISOR, is_free, upgraded, wait_until


@pytest.fixture
def files(world):
    served = Releases(world.folder / "files")
    world.write_config(**{
        "autoInstall": {"enabled": False, "repositoryOwner": "o", "repository": "r", "apiURL": "http://127.0.0.1:1",
                        "downloadURL": served.url, "stallTimeoutSeconds": 30},
        "autoInstall.asset": {"name": "vega.zip", "binaryName": "vega"},
    })
    yield served
    served.close()


def command(world, tag, *words, visor=VISOR):
    return [str(visor), "prepare", tag, "--home", str(world.home), *words]


def prepare(world, tag, *words, code=0, **more):
    run = subprocess.run(command(world, tag, *words), capture_output=True, text=True, timeout=100, check=False, **more)
    assert run.returncode == code, run.stdout + run.stderr
    assert not SANITIZER_REPORT.search(run.stderr), run.stderr
    return run


def events(run):
    return [json.loads(line) for line in run.stdout.splitlines()]


def staged(world, tag):
    return world.home / ".visor" / "staging" / tag


def discarded(world):
    return list((world.home / ".visor" / "staging").glob(".discarded-*"))


def test_a_release_comes_into_its_place(world, files):
    digest = files.publish("v1.1.0", world.binary("v1.1.0"))
    run = prepare(world, "v1.1.0")
    folder = world.home / "v1.1.0"
    assert (folder / "vega").read_bytes() == world.binary("v1.1.0").read_bytes()
    assert 'name = "v1.1.0"' in (folder / "run-config.toml").read_text()
    assert digest in run.stdout and "SHA256SUMS" in run.stdout  # what was verified, and against what
    assert run.stdout.splitlines()[-1] == f"v1.1.0: in place and proven: {folder}"
    assert run.stderr == "" and "\r" not in run.stdout and "\033" not in run.stdout
    assert list((world.home / ".visor" / "staging").iterdir()) == []  # nothing is left over

    requests = len(files.requests)
    again = prepare(world, "v1.1.0")  # only proven
    assert again.stdout == f"v1.1.0: in place and proven: {folder}\n" and len(files.requests) == requests

    world.upgrade_at(("v1.1.0", 100))
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    visor.stop()


def test_beside_a_running_visor(world, files):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    world.upgrade_at(("v1.1.0", 10**9))
    visor = world.up()
    visor.wait("the release is not ready")
    prepare(world, "v1.1.0")
    visor.wait("ready for the upgrade", tag="v1.1.0")
    world.upgrade_at(("v1.1.0", 200))
    upgraded(world, visor, "v1.1.0")
    visor.stop()


def test_json_lines(world, files):
    digest = files.publish("v1.1.0", world.binary("v1.1.0"))
    said = events(prepare(world, "v1.1.0", "--output", "json"))
    names = [event["event"] for event in said]
    assert names[-1] == "prepared" and "found" in names and "progress" in names
    assert said[-1]["folder"] == str(world.home / "v1.1.0") and said[-1]["fetched"] is True
    fetched = next(event for event in said if event["event"] == "fetched")
    assert fetched["sha256"] == digest and fetched["verified"] == said[-1]["verified"] != []
    assert [event["against"] for event in said if event["event"] == "verified"] == fetched["verified"]

    again = events(prepare(world, "v1.1.0", "--output", "json"))
    assert again == [{"event": "prepared", "tag": "v1.1.0", "folder": str(world.home / "v1.1.0"), "fetched": False,
                      "verified": []}]

    run = prepare(world, "v9.9.9", "--output", "json", code=84)
    assert events(run)[-1]["event"] == "failed" and "v9.9.9" in events(run)[-1]["text"]
    assert run.stderr.startswith("Error: ")


def test_an_operators_folder_gets_only_the_binary(world, files):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    folder = world.home / "v1.1.0"
    folder.mkdir()
    world.run_config("v1.1.0")
    (folder / "notes").write_text("mine")
    text = (folder / "run-config.toml").read_text() + "# by hand\n"
    (folder / "run-config.toml").write_text(text)
    prepare(world, "v1.1.0")
    assert sorted(path.name for path in folder.iterdir()) == ["notes", "run-config.toml", "vega"]
    assert (folder / "run-config.toml").read_text() == text and (folder / "notes").read_text() == "mine"


@pytest.mark.parametrize("spoil, words", [
    (lambda world: world.put_binary(world.home / "v1.1.0", "v1.2.0"), "reports version v1.2.0"),
    (lambda world: (world.home / "v1.1.0" / "run-config.toml").write_text("x = \n"), "run-config.toml"),
    (lambda world: (world.home / "v1.1.0" / "vega").write_bytes(b"PK\3\4"), "no program"),
])
def test_a_folder_that_is_wrong_is_the_operators_matter(world, files, spoil, words):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    world.release("v1.1.0", "v1.1.0")
    spoil(world)
    run = prepare(world, "v1.1.0", code=84)
    assert words in run.stderr and run.stderr.startswith("Error: ") and run.stderr.count("\n") == 1
    assert files.requests == []


def test_what_does_not_match_its_pin_is_not_put_in_place(world, files):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    world.write_config(**{"autoInstall.asset.sha256": {"v1.1.0": "00" * 32}})
    run = prepare(world, "v1.1.0", code=84)
    assert "(verify)" in run.stderr and not (world.home / "v1.1.0").exists()


def test_what_is_another_release_is_not_put_in_place(world, files):
    files.publish("v1.1.0", world.binary("v1.2.0"))
    run = prepare(world, "v1.1.0", code=84)
    assert "reports version v1.2.0" in run.stderr and not (world.home / "v1.1.0").exists()
    assert not staged(world, "v1.1.0").exists() and discarded(world) == []
    files.publish("v1.1.0", world.binary("v1.1.0"))  # published anew, it is fetched anew
    prepare(world, "v1.1.0")


def test_what_was_spoiled_while_it_was_staged_is_fetched_anew(world, files):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    model = world.home / "genesis" / "run-config.toml"
    text = model.read_text()
    model.unlink()
    run = prepare(world, "v1.1.0", code=84)
    assert "cannot take over the run-config" in run.stderr
    model.write_text(text)
    (staged(world, "v1.1.0") / "release" / "vega").chmod(0o644)
    assert "must be fetched anew" in prepare(world, "v1.1.0", code=84).stderr
    prepare(world, "v1.1.0")
    assert len(files.asset_requests()) == 2


def test_without_current_what_ran_last_is_the_model(world, files):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    world.release("v1.0.5", "v1.0.5")
    (world.home / "current").symlink_to("v1.0.5")
    visor = world.up()
    record = world.home / ".visor" / "state.json"
    wait_until(lambda: record.exists() and json.loads(record.read_text())["release"]["stage"] == "answered", "the last record")
    visor.stop()
    (world.home / "current").unlink()
    with open(world.home / "v1.0.5" / "run-config.toml", "a") as stream:
        stream.write("# what ran last\n")
    prepare(world, "v1.1.0")
    assert "# what ran last" in (world.home / "v1.1.0" / "run-config.toml").read_text()


def test_a_cut_is_gone_on_with(world, files):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    files.cuts = [200000, 400000]
    run = prepare(world, "v1.1.0")
    assert files.asset_requests() == [None, "bytes=200000-", "bytes=400000-"]
    assert run.stdout.count("going on from there") == 2 and "200.0 kB are here already" in run.stdout


def test_a_cut_that_repeats_is_given_up(world, files):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    files.cuts = [100000 * i for i in range(1, 20)]
    run = prepare(world, "v1.1.0", code=84)
    assert len(files.asset_requests()) == 6 and "(download)" in run.stderr
    files.cuts = []
    prepare(world, "v1.1.0")  # and goes on the next time
    assert files.asset_requests()[-1] == "bytes=600000-"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_fetch_goes_on_the_next_time(world, files, number):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    files.hold_at = 300000
    process = subprocess.Popen(command(world, "v1.1.0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    part = staged(world, "v1.1.0") / "asset.part"
    wait_until(lambda: part.exists() and part.stat().st_size == 300000, "what was sent")
    process.send_signal(number)
    _, errors = process.communicate(timeout=40)
    assert process.returncode == -number
    if number == signal.SIGKILL:  # then it is the kernel that ends visor-fetch, a moment later
        wait_until(lambda: is_free(staged(world, "v1.1.0")), "the end of visor-fetch")
    else:
        assert "stays for the next time" in errors and is_free(staged(world, "v1.1.0"))
    assert part.stat().st_size == 300000
    files.hold_at = None
    prepare(world, "v1.1.0")
    assert files.asset_requests()[-1] == "bytes=300000-"


def test_below_nohup_it_outlives_the_terminal(world, files):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    files.hold_at = 300000
    process = subprocess.Popen(["nohup", *command(world, "v1.1.0")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert files.held.wait(40)
    for number in (signal.SIGHUP, signal.SIGWINCH):
        process.send_signal(number)
    files.go_on.set()
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and "in place and proven" in output, errors


def test_two_at_once(world, files):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    files.hold_at = 300000
    first = subprocess.Popen(command(world, "v1.1.0"), stdout=subprocess.PIPE, text=True)
    assert files.held.wait(40)
    second = subprocess.Popen(command(world, "v1.1.0", "--output", "json"), stdout=subprocess.PIPE, text=True)
    follows = json.loads(second.stdout.readline())
    while follows["event"] != "following":
        follows = json.loads(second.stdout.readline())
    assert re.search(r"visor-fetch with pid \d+", follows["text"])
    files.go_on.set()
    assert first.wait(timeout=60) == 0 and second.wait(timeout=60) == 0
    assert json.loads(second.communicate()[0].splitlines()[-1])["event"] == "prepared"
    assert files.asset_requests() == [None]


@pytest.mark.parametrize("columns", [40, 100])
def test_the_progress_bar(world, files, columns):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    files.hold_at = 500000
    terminal = Terminal(command(world, "v1.1.0"), columns)
    terminal.read(until=": download  ")
    began = time.monotonic()
    wait_until(lambda: terminal.read(seconds=0.2) or time.monotonic() - began > 2, "two seconds of it")
    took = time.monotonic() - began
    drawn = [line for line in re.split(r"\r\033\[K", terminal.text) if line.startswith("v1.1.0: download") and "\n" not in line]
    assert 1 <= len(drawn) <= 4 * took + 2
    assert all(len(line) < columns for line in drawn)
    if columns == 100:
        assert re.search(r"\[#+\.*\] +\d+%  \d+\.\d [kM]B of \d+\.\d MB", drawn[-1]), drawn
    files.go_on.set()
    terminal.read()
    assert terminal.close() == 0
    last = terminal.text.split("\r\n")
    assert last[-1] == "" and f"in place and proven: {world.home / 'v1.1.0'}" in last[-2]


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_be_drawn_upon(world, files, term):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    terminal = Terminal(command(world, "v1.1.0"), 100, term)
    terminal.read()
    assert terminal.close() == 0 and "in place and proven" in terminal.text and "\033" not in terminal.text


def test_a_hasty_helper_is_drawn_calmly(world):
    (world.folder / "bin").mkdir()
    (world.folder / "libexec" / "visor").mkdir(parents=True)
    visor = shutil.copy(VISOR, world.folder / "bin" / "visor")
    fetch = world.folder / "libexec" / "visor" / "visor-fetch"
    fetch.write_text("""#!/bin/sh
i=1
while [ $i -lt 5000 ]; do echo '{"event":"progress","phase":"download","bytes":'$i',"of":9000}'; i=$((i+1)); done
echo '{"event":"failed","step":"find","text":"enough","progressed":false,"retryAfterSeconds":null}'
exit 69
""")
    fetch.chmod(0o755)
    began = time.monotonic()
    terminal = Terminal(command(world, "v1.1.0", visor=visor), 100)
    terminal.read()
    assert terminal.close() == 84
    assert 1 <= terminal.text.count(": download  ") <= 4 * (time.monotonic() - began) + 2


def test_the_terminal_is_left_in_order(world, files):
    files.publish("v1.1.0", world.binary("v1.1.0"))
    files.hold_at = 500000
    terminal = Terminal(command(world, "v1.1.0"), 100)
    terminal.read(until="500.0 kB of ")
    terminal.process.send_signal(signal.SIGINT)
    terminal.read()
    assert terminal.close() == -signal.SIGINT
    _, _, after = terminal.text.rpartition("\033[K")  # the line is cleared, and nothing but the error follows
    assert after.startswith("Error: interrupted") and after.endswith("\r\n")


def test_what_cannot_be_prepared(world, files):
    run = prepare(world, "v9.9.9", code=84)
    assert run.stderr.startswith("Error: cannot fetch v9.9.9 (find): ")
    assert not (world.home / "v9.9.9").exists()
    assert subprocess.run([VISOR, "prepare", "v1", "--home", world.folder / "none"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 66
    (world.folder / "bin").mkdir()
    shutil.copy(VISOR, world.folder / "bin" / "visor")
    lonely = subprocess.run(command(world, "v1.1.0", visor=world.folder / "bin" / "visor"), capture_output=True,
                            text=True, check=False)
    assert lonely.returncode == 84 and "visor-fetch is missing" in lonely.stderr
    (world.home / "config.toml").write_text("rpc = 5\n")
    assert prepare(world, "v1.1.0", code=78).stderr.count("Error: ") == 1


def test_not_as_somebody_else(world, files):
    if os.geteuid() != 0:
        return  # the one who may give a folder away is root
    files.publish("v1.1.0", world.binary("v1.1.0"))
    os.chown(world.home, 65534, 65534)
    before = sorted(world.home.rglob("*"))
    run = prepare(world, "v1.1.0", code=84)
    assert "belongs to user 65534" in run.stderr
    assert sorted(world.home.rglob("*")) == before  # no folder of root's, which would keep visor from starting


def test_check_agrees(world, files):
    world.write_config(autoInstall={"enabled": True})
    files.publish("v1.1.0", world.binary("v1.1.0"))

    def check():
        run = subprocess.run([VISOR, "check", "--home", world.home, "--upgrade", "v1.1.0", "--output", "json"],
                             capture_output=True, text=True, timeout=60, check=False)
        return json.loads(run.stdout)["findings"]

    before = sorted(path for path in world.home.rglob("*"))
    found = [finding["text"] for finding in check() if finding["check"] == "autoInstall"]
    assert any(text.startswith("can be fetched") for text in found), found
    assert any(text.startswith("can be verified by") for text in found), found
    assert sorted(path for path in world.home.rglob("*")) == before
    prepare(world, "v1.1.0")
    assert any("nothing is left to do" in finding["text"] for finding in check())


def test_a_visor_that_fetches_the_same_is_followed(world, files):
    world.write_config(autoInstall={"enabled": True, "prefetchSpreadSeconds": 0})
    files.publish("v1.1.0", world.binary("v1.1.0"))
    files.hold_at = 300000
    world.upgrade_at(("v1.1.0", 10**9))
    visor = world.up()
    assert files.held.wait(40)
    process = subprocess.Popen(command(world, "v1.1.0"), stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    while "being fetched already" not in line:
        assert line, "prepare ended"
        line = process.stdout.readline()
    files.go_on.set()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and output.endswith(f"in place and proven: {world.home / 'v1.1.0'}\n")
    visor.wait("ready for the upgrade", tag="v1.1.0")
    assert files.asset_requests() == [None]
    wait_until(lambda: list((world.home / ".visor" / "staging").iterdir()) == [], "nothing is left over")
    visor.stop()


def test_from_an_api(world, releases):
    releases.make("v1.1.0", size=3_000_000)
    world.write_config(autoInstall=releases.config())
    run = prepare(world, "v1.1.0")
    assert releases.sha256("v1.1.0", "vega-linux-amd64.zip") in run.stdout and "digest" in run.stdout
    assert run.stdout.endswith(f"in place and proven: {world.home / 'v1.1.0'}\n")


@pytest.mark.parametrize("spoil, code", [
    (lambda world: (world.home / "config.toml").unlink(), 66),
    (lambda world: (world.home / "config.toml").write_text("maxNumberOfRestarts = 'x'\n"), 78),
])
def test_a_start_that_fails_is_an_event_too(world, spoil, code):
    spoil(world)
    run = prepare(world, "v1.1.0", "--output", "json", code=code)
    assert [event["event"] for event in events(run)] == ["failed"]
    assert events(run)[0]["text"] in run.stderr
