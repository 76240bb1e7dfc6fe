"""What operators and their machines do to Visor that no manual foresees."""

import fcntl
import os
import pathlib
import pty
import signal
import subprocess

import pytest

import memcheck
from world import VISOR, alive, upgraded, wait_until


def test_ignored_children_of_our_parent_are_not_ignored_by_us(world):
    """A shell's `trap '' CHLD` is inherited; the kernel would reap our children before we have looked."""
    world.write_config(maxNumberOfRestarts=0)
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 10**9))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        visor = world.start()
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    visor.wait("ready for the upgrade", tag="v1.1.0")
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("was killed by SIGKILL")
    assert visor.end() == 69


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGPIPE, signal.SIGXFSZ,
                                    signal.SIGTSTP, signal.SIGTTOU, signal.SIGRTMIN + 3])
def test_no_signal_takes_visor_from_its_node(world, number):
    visor = world.up()
    visor.signal(number)
    visor.signal(signal.SIGHUP)  # acted on after the other one
    visor.wait("read again; nothing has changed")
    visor.stop()
    assert world.living() == []


def test_a_frozen_visor_does_not_give_up_a_node_that_answers(world):
    world.write_config(maxNumberOfRestartConnectionRetries=1)
    world.scenario(start_delay_ms=500)
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    world.wait_event("main", count=2)
    visor.signal(signal.SIGSTOP)
    blocks = len(world.events("block"))
    wait_until(lambda: len(world.events("block")) > blocks + 6, "three seconds of blocks")
    visor.signal(signal.SIGCONT)
    visor.wait("the node answers", count=2)
    assert len(world.pids()) == 2
    visor.stop()


def test_a_reload_in_the_first_moment_does_not_end_visor(world):
    for _ in range(20):
        process = subprocess.Popen([VISOR, "run", "--home", world.home], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: "SigIgn" in pathlib.Path(f"/proc/{process.pid}/status").read_text(), "it is there")
        wait_until(lambda: memcheck.executable(process.pid) == str(VISOR), "it is visor")
        wait_until(lambda: blocks_signals(process.pid), "its first instructions")
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0


def blocks_signals(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("SigBlk")).split()[1], 16) != 0


def test_every_refusal_names_the_visor_that_runs(world):
    visor = world.up()
    (world.home / ".visor" / "lock").write_text("1\n")
    code, text = world.refused()
    assert code == 80 and f"pid {visor.pid}" in text
    visor.stop()


def test_sigquit_stops_gracefully_too(world):
    visor = world.up()
    visor.signal(signal.SIGQUIT)
    assert visor.end() == 0
    assert world.events("sigterm") and world.living() == []


def test_private_files_that_are_cleared_up_while_visor_runs(world):
    """Neither does that allow a second visor, nor does it keep the first from restarting its node."""
    visor = world.up()
    (world.home / ".visor").rename(world.folder / "aside")
    code, text = world.refused()
    assert code == 80 and "another visor" in text
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node answers", count=2)
    assert (world.home / ".visor" / "vega.lock").read_text().split()[0] == str(world.pids()[1])
    visor.stop()


def test_what_ran_last_is_known_without_any_upgrade(world):
    """A home that comes from v0.79 has no record; once its release has answered, a lost `current` is no way back."""
    world.release("v1.1.0", "v1.1.0")
    (world.home / "current").symlink_to("v1.1.0")
    visor = world.up()
    wait_until(lambda: (world.home / ".visor" / "state.json").exists(), "the record")
    visor.stop()
    (world.home / "current").unlink()
    world.up().stop()
    assert {event["version"] for event in world.events("main")} == {"v1.1.0"}


def test_a_release_that_was_linked_by_hand_is_no_older_than_the_record(world):
    for version in ("v1.1.0", "v1.2.0"):
        world.release(version, version)
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    visor.stop()
    (world.home / "current").unlink()
    (world.home / "current").symlink_to("v1.2.0")
    visor = world.up()
    (world.home / "current").unlink()
    os.kill(world.pids()[-1], signal.SIGKILL)
    visor.wait("the node answers", count=2)
    visor.stop()
    assert [event["version"] for event in world.events("main", process="vega")][-2:] == ["v1.2.0", "v1.2.0"]


def test_a_terminal_that_is_not_read_does_not_stop_the_supervision(world):
    controller, terminal = pty.openpty()
    process = subprocess.Popen([VISOR, "run", "--home", world.home], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=terminal)
    os.close(terminal)
    try:
        world.wait_event("polled")
        for i in range(60):  # fills it with news
            world.write_config(maxNumberOfRestarts=100 + i)
            process.send_signal(signal.SIGHUP)
        os.kill(world.pids()[0], signal.SIGKILL)
        world.wait_event("main", count=2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0
    finally:
        process.kill()
        os.close(controller)


def test_an_accepted_release_that_comes_and_goes_does_not_fill_the_log(world):
    visor = world.up()
    for i in range(40):
        world.scenario(accepted={"tag": f"v1.{i}.0", "height": 10**9})
        world.wait_event("polled", tag=f"v1.{i}.0")
    assert len(visor.said("the network has accepted an upgrade")) <= 31
    visor.stop()


def test_warnings_of_a_run_config_are_not_repeated_for_each_look(world):
    folder = world.release("v1.1.0", "v1.0.0")
    run_config = folder / "run-config.toml"
    run_config.write_text("surprise = 1\n" + run_config.read_text())
    world.upgrade_at(("v1.1.0", 10**9))
    visor = world.up()
    visor.wait("the release is not ready")
    for i in range(10):
        (folder / f"file-{i}").write_text("")
        wait_until(lambda: True, "")
    world.put_binary(folder, "v1.1.0")
    visor.wait("ready for the upgrade")
    assert len(visor.said("surprise")) == 1
    visor.stop()


def test_a_node_that_drops_its_lock_is_reported(world):
    real = world.put_binary(world.home / "genesis", "v1.0.0", "real")
    script = world.home / "genesis" / "vega"
    script.write_text(f'#!/bin/sh\nexec "{real}" "$@" 3>&-\n')
    visor = world.up()
    assert visor.said("does not hold its lock", level="error")
    visor.stop()


def test_a_wrapper_script_is_a_fine_binary(world):
    real = world.put_binary(world.home / "genesis", "v1.0.0", "real")
    (world.home / "genesis" / "vega").write_text(f'#!/bin/sh\n"{real}" "$@"\n')
    world.write_config(stopSignalTimeoutSeconds=2)
    visor = world.up()
    visor.stop()
    wait_until(lambda: world.living() == [], "nothing of it is left")


def test_a_binary_that_may_be_run_but_not_read(world):
    if os.geteuid() == 0:  # root reads everything: what is left to see is that it runs
        (world.home / "genesis" / "vega").chmod(0o711)
    else:
        (world.home / "genesis" / "vega").chmod(0o111)
    world.up().stop()


def test_a_socket_that_cannot_be_tried_is_no_free_socket(world):
    loop = world.node / "loop"
    loop.symlink_to(loop)
    world.socket = loop / "vega.sock"
    world.run_config("genesis")
    code, text = world.refused()
    assert code == 81 and "cannot tell" in text
    assert world.pids() == []


def test_locks_that_a_dead_visor_left_to_a_child_are_waited_for(world):
    """Killed between a fork and the child's exec, a visor leaves its locks to that child for a moment."""
    visor = world.up()
    os.kill(visor.pid, signal.SIGKILL)
    visor.end()
    folder = os.open(world.home, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    successor = world.start()
    call = pathlib.Path(f"/proc/{successor.pid}/syscall")
    waits = {"x86_64": "230", "aarch64": "115"}[os.uname().machine]  # clock_nanosleep
    wait_until(lambda: call.read_text().split()[0] == waits, "it waits for the lock")
    os.close(folder)
    successor.wait("taken over")
