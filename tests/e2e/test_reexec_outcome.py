"""What `visor reexec` says: the truth, to each who asked, and at once."""

import os
import pathlib
import signal
import subprocess

from replacing import command, install, install_with, installed, reexec  # noqa: F401: a fixture
from world import alive, wait_until

QUICK_SECONDS = 8  # less than the command waits for a Visor that says nothing


def ask(world):
    return subprocess.Popen(command(world), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(asking, seconds=60):
    output, error = asking.communicate(timeout=seconds)
    return asking.returncode, output + error


def is_waiting(pid):
    """Does the command sleep, with the process that it asked under watch? It does nothing else that takes time."""
    descriptors = pathlib.Path(f"/proc/{pid}/fd")
    asleep = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S"
    return asleep and any("pidfd" in os.readlink(descriptor) for descriptor in descriptors.iterdir())


def test_all_who_ask_at_once_hear_of_it(world, installed):
    visor = world.up()
    for _ in range(5):
        for code, text in [told(asking) for asking in [ask(world) for _ in range(3)]]:
            assert code == 0 and f"visor, pid {visor.pid}, is v" in text, text
    visor.stop()


def test_all_who_ask_at_once_hear_that_it_was_refused(world, installed):
    visor = world.up()
    install(installed, "#!/bin/sh\nsleep 0.3\necho 'no such thing' >&2\nexit 1\n")
    for code, text in [told(asking) for asking in [ask(world) for _ in range(3)]]:
        assert code == 86 and "no such thing" in text, text
    visor.stop()


def test_a_visor_that_leaves_says_so_at_once(world, installed):
    world.scenario(stop_ms=600_000)
    visor = world.up()
    visor.signal(signal.SIGTERM)
    visor.wait("sent SIGTERM")
    code, text = told(ask(world), QUICK_SECONDS)
    assert code == 86 and "refused: visor is leaving" in text, text


def test_whoever_waits_hears_that_visor_leaves(world, installed):
    world.scenario(stop_ms=600_000)
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 50))
    visor = world.up()
    visor.wait("sent SIGTERM")
    asking = ask(world)
    visor.wait("that waits until the node is up")
    visor.signal(signal.SIGTERM)
    code, text = told(asking, QUICK_SECONDS)
    assert code == 86 and "refused: visor is leaving" in text, text


def test_whoever_waits_hears_that_visor_has_given_up(world, installed):
    world.write_config(restartsDelaySeconds=2, maxNumberOfRestarts=1)
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node will be restarted")
    (world.home / "genesis" / "vega").unlink()
    code, text = told(ask(world))
    assert visor.end() == 69 and code == 86 and "visor leaves with exit code 69" in text, text


def test_nothing_is_claimed_of_a_node_whose_visor_was_killed(world, installed):
    world.scenario(stop_ms=600_000)
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 50))
    visor = world.up()
    visor.wait("sent SIGTERM")
    asking = ask(world)
    visor.wait("that waits until the node is up")
    visor.signal(signal.SIGKILL)
    code, text = told(asking, QUICK_SECONDS)
    assert code == 86 and "has ended and has not told what became of it" in text, text
    assert "see its log" in text and "lives on" not in text


def test_a_lock_file_that_was_removed_is_no_reason_to_hear_nothing(world, installed):
    visor = world.up()
    install(installed, "#!/bin/sh\nrm -f \"$3/.visor/lock\"\necho 'no such thing' >&2\nexit 1\n")
    for _ in range(3):
        code, text = told(ask(world), QUICK_SECONDS)
        assert code == 86 and "no such thing" in text, text
    lock = world.home / ".visor" / "lock"
    lock.unlink()
    wait_until(lambda: lock.exists() and lock.read_text().startswith(f"{visor.pid} "), "it is made anew")
    install(installed)
    assert world.refused()[0] == 80
    visor.stop()


def test_a_request_that_was_lost_is_made_again(world, installed):
    """A signal that comes while another of its kind is pending is dropped by the kernel, and its token with it."""
    visor = world.up()
    visor.signal(signal.SIGSTOP)
    visor.signal(signal.SIGUSR2)
    asking = ask(world)
    wait_until(lambda: is_waiting(asking.pid), "it has asked")
    visor.signal(signal.SIGCONT)
    code, text = told(asking)
    assert code == 0, text
    visor.stop()


def test_a_new_visor_that_has_to_wait_says_so(world, installed):
    """It has the home, but not the node: that is no success, and when it is cured, it goes on."""
    visor = world.up()
    path = world.home / "genesis" / "run-config.toml"
    install_with(installed, f"mv {path} {path}.aside")
    refused = reexec(world)
    assert refused.returncode == 86 and "waits beside the node" in refused.stderr, refused
    assert "run-config.toml" in refused.stderr and alive(world.pids()[0])
    path.with_name("run-config.toml.aside").rename(path)
    visor.wait("taken over, alive")
    assert len(world.pids()) == 1 and not world.events("sigterm")
    visor.stop()
