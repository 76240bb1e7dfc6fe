"""Stopping: gracefully, in haste, and at awkward moments."""

import os
import signal

import pytest

from world import alive, wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_node_gracefully(world_with_data_node, number):
    world = world_with_data_node
    world.scenario(stop_ms=300)
    visor = world.up()
    visor.signal(number)
    assert visor.end() == 0
    assert visor.said("asked to stop", signal=number.name)
    for process in ("vega", "data-node"):
        assert world.events("sigterm", process=process) and world.events("exit", process=process)
    assert world.living() == []


def test_a_node_that_ignores_sigterm_is_killed_after_the_grace(world):
    world.scenario(ignore_sigterm=True)
    world.write_config(stopSignalTimeoutSeconds=1)
    visor = world.up()
    visor.stop()
    assert visor.said("sent SIGKILL", detail="stopSignalTimeoutSeconds")
    assert world.living() == []


def test_a_second_signal_hastens(world):
    world.scenario(ignore_sigterm=True)
    world.write_config(stopSignalTimeoutSeconds=3600)
    visor = world.up()
    visor.signal(signal.SIGTERM)
    world.wait_event("sigterm")
    assert visor.process.poll() is None
    visor.signal(signal.SIGINT)
    assert visor.end() == 0
    assert visor.said("sent SIGKILL", detail="asked twice")
    assert world.living() == []


def test_a_signal_to_all_at_once_is_a_stop_and_no_failure(world):
    """systemd and ^C signal the node, too; it may be gone before Visor has looked."""
    visor = world.up()
    visor.signal(signal.SIGSTOP)
    os.kill(world.pids()[0], signal.SIGTERM)
    wait_until(lambda: world.living() == [], "the node's own end")
    visor.signal(signal.SIGTERM)
    visor.signal(signal.SIGCONT)
    assert visor.end() == 0
    assert len(world.pids()) == 1 and not visor.said("the node failed")


def test_visor_leaves_only_after_the_node(world):
    world.scenario(stop_ms=1500)
    visor = world.up()
    node = world.pids()[0]
    visor.signal(signal.SIGTERM)
    world.wait_event("sigterm")
    assert visor.process.poll() is None and alive(node)
    assert visor.end() == 0
    assert not alive(node) and world.events("exit")


def test_stop_while_waiting_for_a_restart(world):
    world.write_config(restartsDelaySeconds=3600)
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node will be restarted")
    visor.stop()
    assert len(world.pids()) == 1


def test_stop_before_the_node_answers(world):
    world.scenario(start_delay_ms=600_000)
    visor = world.start()
    world.wait_event("main")
    visor.wait("does not answer yet")
    visor.stop()
    assert world.living() == []


def test_stop_while_the_admin_socket_hangs(world):
    world.write_config(rpc={"timeoutMilliseconds": 600_000})
    world.scenario(rpc_fault="hang")
    visor = world.start()
    world.wait_event("listening")
    visor.wait("this release runs")
    visor.stop()
    assert world.living() == []


def test_a_failing_node_is_not_restarted_once_the_stop_is_asked(world_with_data_node):
    world = world_with_data_node
    world.scenario(processes={"data-node": {"stop_ms": 800}})
    visor = world.up()
    os.kill(world.pids("vega")[0], signal.SIGKILL)
    world.wait_event("sigterm", process="data-node")
    visor.stop()
    assert len(world.pids("vega")) == 1 and world.living() == []


def test_the_grace_can_be_shortened_while_it_runs(world):
    world.scenario(ignore_sigterm=True)
    world.write_config(stopSignalTimeoutSeconds=3600)
    visor = world.up()
    visor.signal(signal.SIGTERM)
    world.wait_event("sigterm")
    world.write_config(stopSignalTimeoutSeconds=0)
    assert visor.end() == 0


def test_nothing_is_left_after_a_stop(world):
    visor = world.up()
    wait_until(lambda: (world.home / ".visor" / "state.json").exists(), "the record of what runs")
    visor.stop()
    assert not [name for name in os.listdir(world.home) if name.startswith(".") and name != ".visor"]
    assert sorted(os.listdir(world.home / ".visor")) == ["history.jsonl", "lock", "state.json", "vega.lock"]
    wait_until(lambda: world.living() == [], "all gone")
