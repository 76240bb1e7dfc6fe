"""The preflight: it finds what is wrong, names the cure, and changes nothing."""

import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import time

import pytest

from checking import auto_install, check, failed, faults, found, installed, looked, tree
from world import VISOR, wait_until


def test_a_home_that_has_never_run_is_well_and_stays_as_it_is(world):
    before = tree(world.home)
    findings = check(world)
    assert not faults(findings)
    found(findings, "current", "ok", "begins with genesis")
    found(findings, "binary", "ok", "reports version v1.0.0")
    found(findings, "socket", "ok", str(world.socket))
    found(findings, "lock", "ok", "no visor runs")
    assert tree(world.home) == before and not (world.home / ".visor").exists()


def test_what_a_person_sees(world):
    run = subprocess.run([VISOR, "check", "--home", world.home, "--upgrade", "v1.1.0"], capture_output=True, text=True,
                         timeout=60, check=False)
    lines = run.stdout.splitlines()
    assert run.returncode == 83
    assert all(line.split()[0] in ("ok", "warning", "problem") for line in lines[:-1])
    problem = next(line for line in lines if line.startswith("problem"))
    assert str(world.home / "v1.1.0") in problem and "visor prepare" in problem
    assert lines[-1].startswith("1 problem and ")


def test_beside_a_running_visor(world):
    visor = world.up()
    record = world.home / ".visor" / "state.json"
    wait_until(lambda: record.exists() and json.loads(record.read_text())["release"]["stage"] == "answered", "the last record")
    before = tree(world.home)
    findings = check(world)
    assert not faults(findings)
    found(findings, "lock", "ok", f"a visor runs: pid {visor.pid}")
    found(findings, "lock", "ok", f"a vega process is alive: pid {world.pids()[0]}")
    found(findings, "socket", "ok", f"the node of this home answers: pid {world.pids()[0]}")
    found(findings, "current", "ok", str(world.home / "genesis"))
    assert tree(world.home) == before
    assert len(world.events("main")) == 1
    visor.stop()


def killed(world):
    """A node whose Visor is no more."""
    visor = world.up()
    visor.kill()
    return world.pids()[0]


def test_a_node_that_lives_without_its_visor(world):
    pid = killed(world)
    findings = check(world)
    warning = found(findings, "lock", "warning", f"a vega process is alive without a visor: pid {pid}")
    assert "takes it over" in warning["cure"] and faults(findings) == [warning]
    found(findings, "lock", "ok", "no visor runs")
    found(findings, "lock", "ok", "no data-node process is alive")
    found(findings, "socket", "ok", f"the node of this home answers: pid {pid}")
    before = tree(world.home)
    check(world)
    assert tree(world.home) == before
    visor = world.start()
    visor.wait("taken over, alive", pid=str(pid))
    visor.stop()


def test_a_node_that_its_dead_visor_has_told_to_stop(world):
    world.write_config(onVisorDeath="stop")
    world.scenario(stop_ms=600_000)
    killed(world)
    assert "starts the node anew" in found(check(world), "lock", "warning", "alive without a visor")["cure"]


@pytest.mark.parametrize("text, why", [
    (b"{\"format\":1,", "is damaged"),
    (b"{\"format\":99}", "was written by a newer visor"),
    (b" " * 4000, "does not tell who holds it"),
])
def test_a_node_that_no_visor_could_take_over(world, text, why):
    pid = killed(world)
    with open(world.home / ".visor" / "vega.lock", "r+b") as lock:
        lock.seek(32)  # behind the signature
        lock.write(text.ljust(4000))
    problem = found(check(world), "lock", "problem", f"pid {pid}, and visor could not take it over")
    assert why in problem["text"] and "stop" in problem["text"]
    assert len(world.pids()) == 1


def test_beside_a_visor_that_waits(world):
    """A visor that runs and a node that runs are not all: it may be that one cannot take over the other."""
    killed(world)
    lock = world.home / ".visor" / "vega.lock"
    good = lock.read_text()
    lock.write_text(good[:32] + "{".ljust(len(good) - 32))
    visor = world.start()
    visor.wait("cannot be taken over")
    problem = wait_until(
        lambda: [finding for finding in faults(check(world)) if "waits beside a node" in finding["text"]],
        "that it waits")[0]
    assert problem["result"] == "problem" and "is damaged" in problem["text"] and "stop" in problem["text"]
    lock.write_text(good)
    visor.wait("taken over, alive")
    wait_until(lambda: not faults(check(world)), "that it waits no more")
    visor.stop()


def test_a_node_that_runs_what_current_does_not_name(world):
    killed(world)
    world.release("v1.1.0", "v1.1.0")
    current = world.home / "current"
    current.unlink()
    current.symlink_to(world.home / "v1.1.0")
    warning = found(check(world), "current", "warning", "is what runs, and `current` does not name it")
    assert str(world.home / "genesis") in warning["text"]
    (world.home / "genesis" / "run-config.toml").write_text("name = 5\n")
    found(check(world), "run-config", "problem", "genesis/run-config.toml")


def test_somebody_elses_node_at_the_socket(world):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(world.socket))
        other.listen()
        found(check(world), "socket", "problem", f"pid {os.getpid()} answers, which is no node of this home")


@pytest.mark.parametrize("spoil, text", [
    (lambda world: world.socket.write_text(""), "is no socket"),
    (lambda world: shutil.rmtree(world.node), "a node cannot listen there"),
])
def test_a_place_where_no_node_can_listen(world, spoil, text):
    spoil(world)
    found(check(world), "socket", "problem", text)


@pytest.mark.parametrize("spoil, name, text", [
    (lambda world: (world.home / "config.toml").write_text("maxNumberOfRestarts = -1\nrpc = 5\n"), "config",
     "config.toml:2:1"),
    (lambda world: (world.home / "config.toml").write_text("maxNumberOfRestarts = -1\nrpc = 5\n"), "config",
     "config.toml:1:"),
    (lambda world: (world.home / "genesis" / "run-config.toml").write_text("name = 5\n"), "run-config",
     "'vega.binary.path'"),
    (lambda world: shutil.rmtree(world.home / "genesis"), "folder", "is missing"),
    (lambda world: (world.home / "genesis" / "vega").unlink(), "binary", "is missing"),
    (lambda world: (world.home / "genesis" / "vega").write_bytes(b"PK\3\4"), "binary", "no program"),
    (lambda world: (world.home / "genesis" / "vega").write_text("#!/bin/sh\necho '{}'\n"), "binary",
     "does not report its version"),
    (lambda world: (world.home / "genesis" / "vega").write_text("#!/bin/sh\nexit 3\n"), "binary",
     "exited with code 3"),
    (lambda world: (world.home / "current").mkdir(), "current", "real folder"),
    (lambda world: (world.home / "current").symlink_to("nowhere"), "current", "points to"),
])
def test_what_is_wrong_is_a_problem(world, spoil, name, text):
    spoil(world)
    before = tree(world.home)
    found(check(world), name, "problem", text)
    assert tree(world.home) == before


def test_a_missing_x_bit_is_left_alone(world):
    binary = world.home / "genesis" / "vega"
    binary.chmod(0o640)
    warning = found(check(world), "binary", "warning", "is not executable yet")
    assert "chmod a+x" in warning["cure"] and stat.S_IMODE(binary.stat().st_mode) == 0o640
    visor = world.up()  # which does set it
    visor.stop()
    assert not faults(check(world))


def test_a_home_that_is_none(world):
    findings = check(world, home=world.folder / "nowhere")
    assert len(findings) == 1 and "visor init" in findings[0]["text"]


def test_a_complete_upgrade(world):
    world.release("v1.1.0", "v1.1.0")
    before = tree(world.home)
    findings = check(world, "--upgrade", "v1.1.0")
    assert not faults(findings)
    found(findings, "upgrade", "ok", "nothing is left to do")
    assert tree(world.home) == before


def test_faults_of_an_upgrade(world):
    world.release("v1.1.0", "v1.2.0")
    found(check(world, "--upgrade", "v1.1.0"), "binary", "problem", "reports version v1.2.0, but the upgrade is to v1.1.0")
    missing = found(check(world, "--upgrade", "v1.3.0"), "upgrade", "problem", "autoInstall is off")
    assert "visor prepare" in missing["cure"] and str(world.home / "v1.3.0") in missing["subject"]
    found(check(world, "--upgrade", "v1.0.0"), "upgrade", "warning", "is what runs already")
    found(check(world, "--upgrade", "v0.9.0"), "upgrade", "warning", "v0.9.0 is older than v1.0.0")
    world.write_config(upgradeFolders={"v1.4.0": "genesis"})
    found(check(world, "--upgrade", "v1.4.0"), "upgrade", "problem", "is the one that is in use")


def test_a_release_that_auto_install_would_fetch(world):
    auto_install(world)
    visor = installed(world, 'printf "%s\\n" "$*" >> "$(dirname "$0")/asked"\n' + looked())
    before = tree(world.home)
    findings = check(world, "--upgrade", "v1.1.0", visor=visor)
    found(findings, "upgrade", "ok", "is not there yet: autoInstall fetches it")
    found(findings, "autoInstall", "ok", "can be fetched: 1000 bytes from https://releases.example/vega.zip")
    found(findings, "autoInstall", "ok", "can be verified by the digest that the API tells")
    found(findings, "clock", "ok", "agrees with that of the server")
    assert not [finding for finding in findings if finding["result"] == "problem"]
    asked = (world.folder / "libexec" / "visor" / "asked").read_text()
    assert asked.startswith("look {") and '"tag":"v1.1.0"' in asked and '"asset":"vega.zip"' in asked
    assert tree(world.home) == before

    check(world, visor=visor)  # without a tag it looks for the release that runs
    assert '"tag":"v1.0.0"' in (world.folder / "libexec" / "visor" / "asked").read_text().splitlines()[-1]


def test_an_operators_folder_that_lacks_the_binary_gets_it(world):
    auto_install(world)
    visor = installed(world, looked())
    (world.home / "v1.1.0").mkdir()
    world.run_config("v1.1.0")
    findings = check(world, "--upgrade", "v1.1.0", visor=visor)
    found(findings, "upgrade", "ok", "the binary for v1.1.0 is not there yet: autoInstall fetches it")
    assert not [finding for finding in findings if finding["result"] == "problem"]


def test_faults_of_auto_install(world):
    auto_install(world)
    visor = installed(world, failed("find", "the release v1.1.0 does not exist"))
    script = world.folder / "libexec" / "visor" / "visor-fetch"

    def play(text):
        script.write_text("#!/bin/sh\n" + text)

    found(check(world, "--upgrade", "v1.1.0", visor=visor), "autoInstall", "problem", "does not exist")
    found(check(world, visor=visor), "autoInstall", "warning", "does not exist")  # nothing waits for it
    play(looked(verifiable=[]))
    found(check(world, "--upgrade", "v1.1.0", visor=visor), "autoInstall", "warning", "cannot be verified")
    auto_install(world, verify="require")
    found(check(world, "--upgrade", "v1.1.0", visor=visor), "autoInstall", "problem", "verify is \"require\"")
    auto_install(world, verify="off", prefetch=False)
    findings = check(world, "--upgrade", "v1.1.0", visor=visor)
    found(findings, "autoInstall", "warning", "unverified")
    found(findings, "upgrade", "warning", "only when the network waits")
    play(looked(serverTime=int(time.time()) - 500))
    assert "behind" not in found(check(world, visor=visor), "clock", "warning", "s ahead of")["text"]
    play(looked(bytes=1 << 60))
    found(check(world, "--upgrade", "v1.1.0", visor=visor), "disk", "problem", "an upgrade needs about")
    play("echo nonsense; exit 0\n")
    found(check(world, "--upgrade", "v1.1.0", visor=visor), "autoInstall", "problem", "do not understand each other")
    play("kill -SEGV $$\n")
    found(check(world, "--upgrade", "v1.1.0", visor=visor), "autoInstall", "problem", "SIGSEGV")
    script.unlink()
    found(check(world, visor=visor), "autoInstall", "problem", "visor-fetch is missing")


def test_an_interrupted_check_leaves_nobody_behind(world):
    auto_install(world)
    visor = installed(world, 'echo $$ > "$(dirname "$0")/pid"\nexec sleep 1000\n')
    process = subprocess.Popen([visor, "check", "--home", world.home], stdout=subprocess.DEVNULL)
    pid_file = world.folder / "libexec" / "visor" / "pid"
    pid = int(wait_until(lambda: pid_file.exists() and pid_file.read_text().strip(), "the look"))
    process.send_signal(2)
    assert process.wait(timeout=20) == -2
    wait_until(lambda: not os.path.exists(f"/proc/{pid}") or
               pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z", "its end")


def test_as_somebody_else(world):
    if os.geteuid() != 0:
        return  # the one who may change users is root
    world.folder.chmod(0o755)
    for path in [world.home, *world.home.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.name == "vega" else 0o644)
    before = tree(world.home)
    visor = installed(world)
    findings = check(world, visor=visor, user=65534, group=65534, extra_groups=[])
    found(findings, "home", "warning", "belongs to user 0, this is user 65534")
    found(findings, "binary", "ok", "reports version v1.0.0")
    assert tree(world.home) == before

    (world.home / "config.toml").chmod(0o600)
    running = world.up()
    findings = check(world, visor=visor, user=65534, group=65534, extra_groups=[])
    found(findings, "config", "problem", "Permission denied")
    found(findings, "lock", "ok", "a visor runs")
    found(findings, "lock", "warning", "is closed to this user")
    (world.home / ".visor").chmod(0o755)
    findings = check(world, visor=visor, user=65534, group=65534, extra_groups=[])
    found(findings, "lock", "warning", "it cannot be told whether a vega process is alive")
    running.stop()


def test_a_report_that_nobody_can_read_is_an_error(world):
    with open("/dev/full", "w") as full:
        result = subprocess.run([VISOR, "check", "--home", world.home], stdout=full, stderr=subprocess.PIPE, text=True,
                                check=False)
    assert result.returncode == 74
    assert "standard output" in result.stderr
