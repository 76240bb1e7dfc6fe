"""A state.json that is damaged or gone: all that it told is read from the copy in the lock file of the core."""

import json
import os
import signal

import pytest

from test_blocks import await_blocks
from test_upgrade import height_of
from world import alive, upgraded, wait_until

LOSSES = {
    "damaged": lambda path: path.write_text("{"),
    "empty": lambda path: path.write_text(""),
    "of zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "gone": lambda path: path.unlink(),
}
lost = pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)


def state_file(world):
    return world.home / ".visor" / "state.json"


def state(world):
    return json.loads(state_file(world).read_text())


def copy_of_state(world):
    """None while what the lock tells is being written."""
    try:
        return json.loads((world.home / ".visor" / "vega.lock").read_text().split(maxsplit=2)[2]).get("state")
    except (ValueError, IndexError):
        return None


def is_all_written(world):
    """Has Visor nothing more to write of a start? The last is the copy of the record, and that may be late."""
    lock = (world.home / ".visor" / "vega.lock").read_text()
    return '"answered":true' in lock and state_file(world).exists() and copy_of_state(world) == state(world)


def starts(world):
    """(version, height) of every start of the core."""
    return [(main["version"], height_of(main)) for main in world.events("main", process="vega")]


def to_be_upgraded(world, **of_the_new_one):
    world.release("v1.1.0", "v1.1.0")
    world.scenario(versions={"v1.1.0": of_the_new_one})
    world.upgrade_at(("v1.1.0", 200))
    return world.up()


def dead_as_the_old_node_stops(world):
    """An upgrade is decided on; then neither Visor nor the node is there."""
    world.scenario(stop_ms=600_000)
    visor = to_be_upgraded(world)
    world.wait_event("sigterm")
    visor.kill()
    os.kill(world.pids()[0], signal.SIGKILL)
    wait_until(lambda: not alive(world.pids()[0]), "its end")


@lost
def test_a_release_that_has_not_answered_still_gets_its_height(world, lose):
    visor = to_be_upgraded(world, start_delay_ms=600_000)
    world.wait_event("main", version="v1.1.0")
    wait_until(lambda: state(world)["release"]["stage"] == "switched", "the record of the switch")
    visor.stop()
    before = state(world)
    lose(state_file(world))
    world.scenario(versions={})
    visor = world.start()
    visor.wait("the state is taken from", tag="v1.1.0", stage="switched", height="200")
    visor.wait("the node answers")
    assert starts(world)[1:] == [("v1.1.0", "200"), ("v1.1.0", "200")]
    visor.stop()
    after = state(world)
    assert after["release"].pop("stage") == "answered" and before["release"].pop("stage") == "switched"
    assert after == before


@lost
def test_a_release_that_has_answered_gets_no_height_any_more(world, lose):
    visor = to_be_upgraded(world)
    upgraded(world, visor, "v1.1.0")
    visor.stop()
    before = state(world)
    assert before["release"]["stage"] == "answered" and copy_of_state(world) == before
    lose(state_file(world))
    (world.home / "current").unlink()
    visor = world.up()
    assert state(world) == before and world.current == world.home / "v1.1.0"
    visor.stop()
    assert starts(world) == [("v1.0.0", None), ("v1.1.0", "200"), ("v1.1.0", None)]


@pytest.mark.parametrize("node", ["lives", "dies"])
def test_an_upgrade_that_was_decided_is_made(world, node):
    """Visor dies as the old node stops; it is not started once more, nor stopped for nothing."""
    world.write_config(stopSignalTimeoutSeconds=600)
    world.scenario(stop_ms=600_000)
    visor = to_be_upgraded(world)
    world.wait_event("sigterm")
    visor.kill()
    assert state(world)["release"]["stage"] == "decided"
    state_file(world).write_text("{")
    old = world.pids()[0]
    if node == "dies":
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: not alive(old), "its end")
    visor = world.start()
    visor.wait("the state is taken from", stage="decided")
    if node == "lives":
        visor.wait("taken over, alive")
        os.kill(old, signal.SIGKILL)
    visor.wait("the node answers")
    world.scenario(stop_ms=0)
    assert starts(world) == [("v1.0.0", None), ("v1.1.0", "200")]
    visor.wait("the upgrade is complete; an earlier visor began it", tag="v1.1.0")
    visor.stop()


@pytest.mark.parametrize("point", ["STATE_BEFORE", "FILE_WRITTEN", "FILE_DURABLE", "STATE_SAVED"])
def test_visor_dies_as_it_sets_a_damaged_record_aside(world, point):
    """That is not the same as a record that was removed by hand: what was decided stays decided."""
    dead_as_the_old_node_stops(world)
    state_file(world).write_text("{")
    for _ in range(2):
        assert world.start(VISOR_FAIL_POINT=f"{point}:1").end() == -signal.SIGKILL
    world.scenario(stop_ms=0)
    visor = world.up()
    visor.wait("the upgrade is complete; an earlier visor began it", tag="v1.1.0")
    visor.stop()
    assert starts(world) == [("v1.0.0", None), ("v1.1.0", "200")]
    aside = list(state_file(world).parent.glob("state.json.damaged-*"))
    assert len(aside) == 1 and aside[0].read_text() == "{"


def test_a_decision_that_was_removed_is_taken_back(world):
    """With the node down, somebody wants another release than the one that was decided on, and removes what says so."""
    dead_as_the_old_node_stops(world)
    assert state(world)["release"]["stage"] == copy_of_state(world)["release"]["stage"] == "decided"
    world.release("hotfix", "v1.0.1")
    world.upgrade_at()
    (world.home / "current").unlink()
    (world.home / "current").symlink_to("hotfix")
    state_file(world).unlink()
    visor = world.up()
    wait_until(lambda: state_file(world).exists() and state(world)["release"]["tag"] == "v1.0.1", "its record")
    assert starts(world) == [("v1.0.0", None), ("v1.0.1", None)]
    world.scenario(stop_ms=0)
    visor.stop()
    assert copy_of_state(world) == state(world)


def test_a_copy_that_somebody_changes_is_written_again(world):
    visor = world.up()
    visor.wait("this release runs")
    wait_until(lambda: is_all_written(world), "visor has nothing more to write")
    lock = world.home / ".visor" / "vega.lock"
    before = lock.read_text()
    for other in (before.replace('"stage":"answered"', '"stage":"switched"'), before.replace('"state"', '"stats"')):
        assert other != before
        lock.write_text(other)
        wait_until(lambda: lock.read_text() == before, "it is as it was")
    visor.wait("somebody has changed what its lock file tells", count=2)
    visor.stop()


def test_blocks_are_still_awaited(world):
    let_them_come = await_blocks(world)
    visor = world.visors[-1]
    wait_until(lambda: state(world)["release"].get("blocksAwaited") and copy_of_state(world) == state(world), "both")
    visor.kill()
    state_file(world).unlink()
    visor = world.start()
    visor.wait("taken over, alive")
    assert not visor.said("the upgrade is complete")
    let_them_come()
    visor.wait("the upgrade is complete; an earlier visor began it", tag="v1.1.0", height="100")
    wait_until(lambda: "blocksAwaited" not in state(world)["release"], "that is on record")
    wait_until(lambda: copy_of_state(world) == state(world), "and in its copy")
    visor.stop()


def test_a_copy_that_is_damaged_is_none(world):
    """Then `current` and the lock tell what runs, as they do of an older Visor, which wrote no copy."""
    visor = world.up()
    visor.wait("this release runs")
    wait_until(state_file(world).exists, "the record")
    visor.stop()
    lock = world.home / ".visor" / "vega.lock"
    text = lock.read_text()
    assert '"stage":"answered"' in text
    lock.write_text(text.replace('"stage":"answered"', '"stage":"answerec"'))
    state_file(world).write_text("{")
    visor = world.up()
    assert not visor.said("the state is taken from")
    wait_until(lambda: state_file(world).exists() and copy_of_state(world) == state(world), "both anew")
    visor.stop()
