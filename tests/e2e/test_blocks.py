"""An upgrade that is complete when its blocks come, and a Visor that dies before they do."""

import json
import os
import signal
import socket
import subprocess

import pytest

from world import VISOR, alive, wait_until


def await_blocks(world):
    """An upgrade that is complete but for its blocks; returns what lets them come."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    world.release("v1.1.0", "v1.1.0")
    run_config = world.home / "v1.1.0" / "run-config.toml"
    run_config.write_text(run_config.read_text() + f'[vega.statistics]\nurl = "http://127.0.0.1:{port}/statistics"\n')
    world.scenario(versions={"v1.1.0": {"statistics_port": port, "statistics_stuck": True}})
    world.upgrade_at(("v1.1.0", 100))
    world.up().wait("the node answers", count=2)
    return lambda: world.scenario(versions={"v1.1.0": {"statistics_port": port}})


@pytest.mark.parametrize("how", ["killed", "becomes another", "killed with its node"])
def test_blocks_are_awaited_by_the_next_visor_too(world, how):
    let_them_come = await_blocks(world)
    visor = world.visors[-1]
    if how == "becomes another":
        subprocess.run([VISOR, "reexec", "--home", world.home], check=True, timeout=60, capture_output=True)
    else:
        visor.kill()
        if how == "killed with its node":
            os.kill(world.pids()[1], signal.SIGKILL)
            wait_until(lambda: not alive(world.pids()[1]), "its end")
        visor = world.start()
    assert not visor.said("the upgrade is complete")
    let_them_come()
    visor.wait("the upgrade is complete; an earlier visor began it", tag="v1.1.0", height="100")
    wait_until(lambda: "blocksAwaited" not in json.loads((world.home / ".visor" / "state.json").read_text())["release"],
               "that is on record")
    told = (world.home / ".visor" / "history.jsonl").read_text()
    assert told.count('"completed') == 1
    assert len(world.pids()) == (3 if how == "killed with its node" else 2)
    visor.kill()
    visor = world.start()
    visor.wait("taken over, alive")
    visor.wait("this release runs")
    visor.stop()
    assert not visor.said("the upgrade is complete")
