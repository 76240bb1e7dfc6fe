"""`visor reexec`: the running Visor becomes another binary, and the node does not notice."""

import os
import re
import shutil
import signal
import subprocess
import threading

import pytest

import memcheck
from replacing import install, install_with, installed, reexec  # noqa: F401: a fixture
from world import DEADLINE_FACTOR, VISOR, Visor, alive, wait_until


def test_it_becomes_the_binary_at_its_path(world_with_data_node, installed):
    world = world_with_data_node
    visor = world.up()
    install(installed)
    for times in range(1, 6):
        done = reexec(world)
        assert done.returncode == 0 and f"visor, pid {visor.pid}, is v" in done.stdout, done
        assert len(visor.said("visor goes on as a new binary")) == times
    assert memcheck.executable(visor.pid) == str(installed)
    assert len(world.pids()) == 1 and len(world.pids("data-node")) == 1 and not world.events("sigterm")
    visor.stop()
    assert world.living() == []


@pytest.mark.parametrize("found", [False, True], ids=["by its path", "by PATH"])
def test_a_link_is_followed_anew(world, installed, monkeypatch, found):
    """As an installation with a folder for each version has it."""
    def version(name):
        folder = world.folder / name
        folder.mkdir()
        shutil.copy(VISOR, folder / "visor")
        link = installed.with_name("link")
        link.symlink_to(folder / "visor")
        link.rename(installed)
        return folder / "visor"

    version("v1")
    if found:
        monkeypatch.setattr("world.VISOR", "visor")
        monkeypatch.setenv("PATH", f"/nowhere:{installed.parent}:{os.environ['PATH']}")
    visor = world.up()
    for name in ("v2", "v3"):
        new = version(name)
        done = reexec(world)
        assert done.returncode == 0, done
        assert memcheck.executable(visor.pid) == str(new)
    assert len(world.pids()) == 1
    visor.stop()


def test_a_false_name_is_not_followed(world, installed):
    """Whoever starts a program may call it what he likes."""
    for name in ("/bin/true", "true", "", "-visor", "./visor"):
        log = world.folder / "log"
        with open(log, "wb") as stream:
            process = subprocess.Popen([name, "run", "--home", world.home], executable=installed, stdin=subprocess.DEVNULL,
                                       stdout=stream, stderr=stream)
        visor = Visor(world, process, log)
        world.visors.append(visor)
        visor.wait("the node answers")
        assert reexec(world).returncode == 0
        assert memcheck.executable(visor.pid) == str(installed)
        visor.stop()


def test_another_version_than_the_one_that_asks(world, installed):
    """The new binary asks, but lies where visor was not started from."""
    version = subprocess.run([VISOR, "version"], capture_output=True, check=True).stdout
    commit = re.search(rb"\((\w+)\)", version)[1]
    new = installed.with_name("visor.new")
    new.write_bytes(VISOR.read_bytes().replace(commit, b"f" * len(commit)))
    new.chmod(0o755)
    new.rename(installed)
    visor = world.up()
    done = reexec(world)
    assert done.returncode == 0 and "ffff)" in done.stdout, done
    assert f"({commit.decode()}); visor was started from another place" in done.stderr and str(installed) in done.stderr, done
    install(installed)
    assert "warning" not in reexec(world).stderr
    visor.stop()


@pytest.mark.parametrize("text, mode, why", [
    ("#!/bin/sh\necho 'no such thing' >&2\nexit 1\n", 0o755, "no such thing"),
    ("#!/bin/sh\nkill -SEGV $$\n", 0o755, "SIGSEGV"),
    ("no program", 0o755, "Exec format error"),
    ("#!/bin/sh\n", 0o644, "Permission denied"),
], ids=["fails", "crashes", "no program", "not executable"])
def test_what_cannot_take_over_does_not(world, installed, text, mode, why):
    visor = world.up()
    install(installed, text, mode)
    refused = reexec(world)
    assert refused.returncode == 86 and "the old visor goes on" in refused.stderr and why in refused.stderr, refused
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node answers", count=2)
    install(installed)
    assert reexec(world).returncode == 0
    visor.stop()


def test_settings_that_cannot_be_read_are_no_time_for_it(world, installed):
    visor = world.up()
    (world.home / "config.toml").write_text("maxNumberOfRestarts = ")
    refused = reexec(world)
    assert refused.returncode == 86 and "config.toml" in refused.stderr, refused
    assert alive(visor.pid) and alive(world.pids()[0])
    world.write_config()
    visor.stop()


def test_a_switch_comes_first(world, installed):
    world.scenario(stop_ms=1000 * DEADLINE_FACTOR)  # `visor reexec` has to begin within it
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 50))
    visor = world.up()
    visor.wait("sent SIGTERM")
    done = reexec(world)
    assert done.returncode == 0 and "visor becomes the new binary after that" in done.stderr, done
    visor.wait("the upgrade is complete", tag="v1.1.0")
    assert [event["version"] for event in world.events("main")] == ["v1.0.0", "v1.1.0"]
    visor.stop()


def test_nobody_to_ask(world):
    refused = reexec(world)
    assert refused.returncode == 86 and "no visor of yours is seen" in refused.stderr, refused


def test_a_plain_signal_does_it_too(world, installed):
    visor = world.up()
    visor.signal(signal.SIGUSR2)
    visor.wait("visor goes on as a new binary")
    visor.wait("taken over")
    visor.stop()


def test_signals_and_ends_in_between_are_not_lost(world, installed):
    """The exec takes a moment; what comes in it waits for the new binary."""
    world.write_config(maxNumberOfRestarts=1000)
    visor = world.up()
    for times in range(1, 11):
        visor.signal(signal.SIGUSR2)
        visor.wait("becoming the new binary", count=times)
        os.kill(world.pids()[-1], signal.SIGKILL)
        visor.wait("was killed by SIGKILL", count=times)
        wait_until(lambda: len(world.pids()) == times + 1, "the next node")
        code, text = world.refused()
        assert code == 80, text
    visor.signal(signal.SIGUSR2)
    visor.wait("becoming the new binary", count=11)
    visor.stop()
    assert world.living() == [] and not visor.said("somebody has changed what its lock file tells"), visor.text()


def test_the_home_is_never_free(world, installed):
    """Rivals try to take it all the time, so also in the moment of each exec."""
    visor = world.up()
    over = threading.Event()
    codes = []

    def rival():
        while not over.is_set():
            codes.append(subprocess.run([VISOR, "run", "--home", world.home], stdin=subprocess.DEVNULL, timeout=60,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode)

    rivals = [threading.Thread(target=rival) for _ in range(3)]
    for thread in rivals:
        thread.start()
    try:
        for _ in range(10):
            assert reexec(world).returncode == 0
    finally:
        over.set()
        for thread in rivals:
            thread.join()
    assert len(codes) > 10 and set(codes) == {80}
    assert len(world.pids()) == 1 and not world.events("sigterm")
    visor.stop()


@pytest.mark.parametrize("clear", [
    lambda private: (private / "lock").unlink(),
    lambda private: shutil.rmtree(private, ignore_errors=True),  # what is made anew meanwhile may be in its way
], ids=["the lock", "all of it"])
def test_what_was_cleared_up_is_made_anew(world, installed, clear):
    """Whoever removes HOME/.visor or a file in it while Visor runs does not lock it out of its own home."""
    visor = world.up()
    clear(world.home / ".visor")
    done = reexec(world)
    assert done.returncode == 0, done
    assert len(world.pids()) == 1 and alive(world.pids()[0])
    assert world.refused()[0] == 80
    visor.stop()
    assert world.living() == []


@pytest.mark.parametrize("cleared", [".visor", ".visor/vega.lock", ".visor/data-node.lock"])
def test_what_is_cleared_up_in_the_last_moment_is_made_anew(world_with_data_node, installed, cleared):
    """After the last look at it and before the new binary's first: that still finds the node it is to supervise."""
    world = world_with_data_node
    visor = world.up()
    install_with(installed, f"mv {world.home / cleared} {world.home}/aside")
    done = reexec(world)
    assert done.returncode == 0, done
    visor.wait("taken over, alive", count=2)
    assert len(world.pids()) == 1 and len(world.pids("data-node")) == 1 and not world.events("sigterm")
    assert visor.process.poll() is None
    visor.stop()
    assert world.living() == []


def test_a_forged_handover_is_ignored(world):
    visor = world.up()
    for value in ("0:1:2", "3:4:5", "7:8:0", "-1:-1:0", "x", ""):
        forged = world.start("run", "--home", str(world.home), VISOR_HANDOVER=value)
        assert forged.end() == 80
    visor.stop()
    visor = world.start("run", "--home", str(world.home), VISOR_HANDOVER="5:6:7")
    visor.wait("the node answers")
    assert b"VISOR_HANDOVER" not in open(f"/proc/{world.pids()[-1]}/environ", "rb").read()
    visor.stop()
