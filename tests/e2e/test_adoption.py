"""A Visor dies, the node lives, and the next Visor takes it over: never two nodes, never a lost node."""

import json
import os
import pathlib
import shutil
import signal

import pytest

from world import DEADLINE_FACTOR, alive, upgraded, wait_until


def lock(world, process="vega"):
    return world.home / ".visor" / f"{process}.lock"


def record(world, process="vega"):
    return json.loads(lock(world, process).read_text().split(maxsplit=2)[2])


def wait_for_record(world, process="vega", member="folder"):
    """A new file is there before it tells anything."""
    wait_until(lambda: lock(world, process).exists() and f'"{member}"' in lock(world, process).read_text(),
               f"the {member} of {process} is on record")


def successor(world):
    """The next visor, once it supervises what it found."""
    visor = world.start()
    visor.wait("taken over, alive")
    visor.wait("the admin socket answers" if visor.said("does not answer") else "this release runs")
    return visor


def test_the_living_node_is_taken_over(world_with_data_node):
    world = world_with_data_node
    pids = world.pids() + world.pids("data-node") if world.up() else []
    for _ in range(3):
        world.visors[-1].kill()
        visor = successor(world)
        assert {line["pid"] for line in visor.said("taken over, alive")} == {*world.pids(), *world.pids("data-node")}
    assert len(world.pids()) == 1 and len(world.pids("data-node")) == 1 and all(alive(pid) for pid in pids)
    assert not world.events("sigterm")
    visor.stop()
    assert world.living() == []


def test_the_restart_budget_goes_on(world):
    world.write_config(maxNumberOfRestarts=2)
    visor = world.up()
    for restart in (1, 2):
        os.kill(world.pids()[-1], signal.SIGKILL)
        visor.wait("the node will be restarted", restart=str(restart))
        wait_until(lambda: len(world.pids()) == restart + 1 and record(world)["answered"] and
                   lock(world).read_text().split()[0] == str(world.pids()[-1]), "it is on record that the node answers")
        visor.kill()
        visor = successor(world)
    os.kill(world.pids()[-1], signal.SIGKILL)
    assert visor.end() == 69 and visor.said("maxNumberOfRestarts is used up")


def test_the_end_of_an_adopted_node_is_seen(world):
    world.up().kill()
    visor = successor(world)
    pid = world.pids()[0]
    os.kill(pid, signal.SIGKILL)
    visor.wait("the node failed")
    assert visor.said("was killed by SIGKILL", pid=str(pid)) or visor.said("its exit status is not known", pid=str(pid))
    visor.wait("the node answers")
    visor.stop()


def test_killed_while_the_old_node_stops(world):
    """The upgrade is completed by the next Visor, and the old release is not started once more."""
    world.scenario(stop_ms=1500)
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 50))
    visor = world.up()
    visor.wait("sent SIGTERM")
    visor.kill()
    visor = world.start()
    visor.wait("an earlier visor began this upgrade")
    assert visor.wait("the upgrade is complete", tag="v1.1.0")
    assert [event["version"] for event in world.events("main")] == ["v1.0.0", "v1.1.0"]
    
    visor.stop()


def test_killed_before_the_switch_with_the_old_node_gone(world):
    world.scenario(stop_ms=1500)
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 50))
    visor = world.up()
    visor.wait("sent SIGTERM")
    visor.kill()
    wait_until(lambda: not world.living(), "the old node's end")
    visor = world.start()
    visor.wait("the upgrade is complete", tag="v1.1.0")
    assert [event["version"] for event in world.events("main")] == ["v1.0.0", "v1.1.0"]
    visor.stop()


def test_a_decided_release_that_is_gone_brings_the_old_one_back(world):
    world.scenario(stop_ms=1500)
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 50))
    visor = world.up()
    visor.wait("sent SIGTERM")
    visor.kill()
    wait_until(lambda: not world.living(), "the old node's end")
    shutil.rmtree(world.home / "v1.1.0")
    visor = world.start()
    visor.wait("the old release is started again")
    visor.wait("the node answers")
    world.release("v1.1.0", "v1.1.0")
    upgraded(world, visor, "v1.1.0")
    visor.stop()


def test_killed_while_the_operator_stops(world):
    """Whoever starts Visor wants the node: the stop is brought to its end, and costs no restart."""
    world.scenario(stop_ms=1500 * DEADLINE_FACTOR**2)  # the next visor has to begin within it
    world.write_config(maxNumberOfRestarts=0)
    visor = world.up()
    visor.signal(signal.SIGTERM)
    world.wait_event("sigterm")
    visor.kill()
    visor = world.start()
    visor.wait("then the node is started anew")
    visor.wait("the node answers")
    assert len(world.pids()) == 2 and not alive(world.pids()[0])
    visor.stop()


def test_a_sibling_that_ended_unseen_is_a_failure(world_with_data_node):
    world = world_with_data_node
    world.up().kill()
    os.kill(world.pids("data-node")[0], signal.SIGKILL)
    wait_until(lambda: not alive(world.pids("data-node")[0]), "its end")
    visor = world.start()
    visor.wait("the node failed", process="data-node")
    visor.wait("the node answers")
    assert len(world.pids()) == 2 and not alive(world.pids()[0])
    visor.stop()


def test_a_data_node_that_was_never_forked_is_started(world_with_data_node):
    """Visor died between the record of the data node and its fork: the core is not restarted for that."""
    world = world_with_data_node
    world.up().kill()
    os.kill(world.pids("data-node")[0], signal.SIGKILL)
    wait_until(lambda: not alive(world.pids("data-node")[0]), "its end")
    content = lock(world, "data-node").read_text()
    lock(world, "data-node").write_text("0".ljust(11) + "0".ljust(20) + "\n" + content[32:])
    visor = world.start()
    visor.wait("the node answers") if not record(world)["answered"] else visor.wait("taken over, alive")
    wait_until(lambda: len(world.pids("data-node")) == 2, "the data node")
    assert len(world.pids()) == 1 and alive(world.pids()[0]) and not visor.said("the node failed")
    visor.stop()


def spoil(text):
    def change(world):
        content = lock(world).read_text()
        lock(world).write_text(content[:32] + text.ljust(len(content) - 32))
    return change


@pytest.mark.parametrize("change, why", [
    (spoil("{}"), "is damaged"),
    (spoil(""), "does not tell who holds it"),
    (spoil('{"format":99}'), "written by a newer visor"),
    (lambda world: lock(world).write_text("1".ljust(11) + "1".ljust(20) + "\n" + lock(world).read_text()[32:]), "has ended"),
], ids=["damaged", "blank", "newer", "another process"])
def test_what_cannot_be_identified_is_left_alone(world, change, why):
    world.up().kill()
    good = lock(world).read_text()
    change(world)
    visor = world.start()
    line = visor.wait("cannot be taken over", vega=str(world.pids()[0]))
    assert why in line["why"]
    assert alive(world.pids()[0]) and len(world.pids()) == 1 and not world.events("sigterm")
    lock(world).write_text(good)
    visor.wait("taken over, alive")
    visor.stop()


def test_a_stop_leaves_what_cannot_be_identified(world):
    world.up().kill()
    spoil("{}")(world)
    visor = world.start()
    visor.wait("cannot be taken over")
    visor.stop(code=81)
    assert alive(world.pids()[0])


def test_a_run_config_that_cannot_be_read_is_waited_for(world):
    world.up().kill()
    path = world.home / "genesis" / "run-config.toml"
    good = path.read_text()
    path.write_text("broken = ")
    visor = world.start()
    assert "run-config.toml" in visor.wait("cannot be taken over")["why"]
    path.write_text(good)
    visor.wait("taken over, alive")
    assert len(world.pids()) == 1
    visor.stop()


def test_a_node_without_its_lock_is_known_nevertheless(world):
    """A wrapper that closes descriptor 3 gives the lock away; pid, start time and executable still tell."""
    wrapper = world.home / "genesis" / "wrapper"
    wrapper.write_text(f'#!/bin/sh\nexec "{world.home}/genesis/vega" "$@" 3>&-\n')
    wrapper.chmod(0o755)
    world.run_config("genesis", path="wrapper")
    visor = world.up()
    visor.wait("does not hold its lock")
    wait_until(lambda: record(world).get("executable", "").endswith("/vega"), "what it runs is on record")
    visor.kill()
    visor = successor(world)
    assert len(world.pids()) == 1
    visor.stop()
    assert world.living() == []


def test_cleared_private_files_are_no_way_to_lose_the_node(world):
    visor = world.up()
    (world.home / ".visor").rename(world.folder / "aside")
    visor.wait("it is made anew")
    wait_for_record(world)
    visor.kill()
    visor = successor(world)
    assert len(world.pids()) == 1 and alive(world.pids()[0])
    visor.stop()


def remove(path, aside):
    del aside
    path.unlink() if path.is_file() else shutil.rmtree(path)


def move(path, aside):
    path.rename(aside / path.name)


def restore(path, aside):
    """As out of a backup: what it tells is of another time."""
    lock_file = path if path.is_file() else path / "vega.lock"
    text = lock_file.read_bytes()
    move(path, aside)
    lock_file.parent.mkdir(mode=0o700, exist_ok=True)
    lock_file.write_bytes(b"1".ljust(10) + b" " + b"77".ljust(20) + text[31:])


@pytest.mark.parametrize("how", [remove, move, restore])
@pytest.mark.parametrize("what", ["vega.lock", "data-node.lock", ""], ids=["core", "data node", "all"])
def test_a_lock_file_that_loses_its_name_while_no_visor_runs_is_no_second_node(world_with_data_node, how, what):
    """Whoever holds it still has it open, and can be read there. The socket is gone: it must not be what saves the day."""
    world = world_with_data_node
    visor = world.up()
    wait_for_record(world, "vega", "executable")
    wait_for_record(world, "data-node", "executable")
    visor.kill()
    world.socket.unlink()
    how(world.home / ".visor" / what, world.folder)
    visor = world.start()
    visor.wait("taken over, alive", count=2)
    wait_for_record(world)
    assert len(world.pids()) == 1 and len(world.pids("data-node")) == 1 and not world.events("sigterm")
    visor.kill()
    visor = world.start()
    visor.wait("taken over, alive", count=2)
    visor.stop()
    assert world.living() == [] and len(world.pids()) == 1


def test_a_descendant_whose_lock_lost_its_name_is_waited_for(world):
    """Its Visor has made the file anew, which nobody holds."""
    world.scenario(grandchild=True)
    world.write_config(stopSignalTimeoutSeconds=1)
    visor = world.up()
    grandchild = world.wait_event("grandchild")["pid"]
    lock(world).unlink()
    visor.wait("it is made anew")
    wait_until(lambda: lock(world).exists(), "the lock file is there again")
    os.kill(world.pids()[0], signal.SIGKILL)
    assert str(grandchild) in visor.wait("descendants of it hold its lock")["pids"]
    visor.wait("sent SIGKILL")
    visor.wait("the node answers", count=2)
    assert not alive(grandchild)
    world.scenario(grandchild=False)
    visor.stop()


def test_a_descendant_whose_lock_lost_its_name_is_waited_for_by_the_next_visor(world):
    world.scenario(grandchild=True)
    world.up().kill()
    grandchild = world.wait_event("grandchild")["pid"]
    world.socket.unlink()
    shutil.rmtree(world.home / ".visor")
    os.kill(world.pids()[0], signal.SIGKILL)
    wait_until(lambda: not alive(world.pids()[0]), "the end of the node")
    visor = world.start()
    line = visor.wait("cannot be taken over")
    assert "was removed or replaced" in line["why"] and "stop it" in line["why"] and line["vega"] == str(grandchild)
    assert len(world.pids()) == 1
    os.kill(grandchild, signal.SIGKILL)
    visor.wait("the node answers")
    world.scenario(grandchild=False)
    visor.stop()


def test_a_lost_current_is_made_anew_beside_the_living_node(world):
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 20))
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    visor.kill()
    (world.home / "current").unlink()
    (world.home / ".visor" / "state.json").write_text("{")
    visor = successor(world)
    assert world.current == world.home / "v1.1.0"
    assert alive(world.pids()[-1]) and len(world.pids()) == 2
    visor.stop()


def test_the_locks_tell_what_ran_last(world):
    """`current` lost and the record damaged: what was started last is still known, and genesis is not started."""
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 20))
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    visor.stop()
    (world.home / "current").unlink()
    (world.home / ".visor" / "state.json").write_text("")
    world.up().stop()
    assert world.events("main")[-1]["version"] == "v1.1.0"


def test_a_node_that_is_to_die_with_its_visor(world):
    world.write_config(onVisorDeath="stop", maxNumberOfRestarts=0)
    world.scenario(stop_ms=500)
    world.up().kill()
    world.wait_event("sigterm")
    visor = world.start()
    visor.wait("the node answers")
    assert len(world.pids()) == 2 and not alive(world.pids()[0])
    visor.stop()


def test_a_newer_state_is_not_guessed_at(world):
    world.up().kill()
    path = world.home / ".visor" / "state.json"
    path.write_text('{"format":3,"releases":[]}')
    code, text = world.refused()
    assert code == 85 and "newer visor" in text and str(path) in text
    assert path.read_text() == '{"format":3,"releases":[]}' and alive(world.pids()[0])
    path.unlink()
    successor(world).stop()


def test_an_older_state_is_understood(world):
    world.release("v1.1.0", "v1.1.0")
    (world.home / ".visor").mkdir(mode=0o700)
    (world.home / ".visor" / "state.json").write_text(json.dumps({"format": 1, "release": {
        "tag": "v1.1.0", "folder": str(world.home / "v1.1.0"), "height": 77, "answered": False}}))
    (world.home / "current").symlink_to(world.home / "v1.1.0")
    visor = world.up()
    visor.wait("starting the node", height="77")
    visor.wait("an earlier visor began it", tag="v1.1.0")
    visor.stop()
    assert json.loads(pathlib.Path(world.home / ".visor" / "state.json").read_text())["format"] == 2


@pytest.mark.parametrize("cleared", ["vega.lock", "data-node.lock"])
def test_a_lock_file_that_was_cleared_up_is_made_anew(world_with_data_node, cleared):
    """An operator removes a lock that looks stale; then Visor dies. Nothing of the node may be started a second time."""
    world = world_with_data_node
    visor = world.up()
    lock = world.home / ".visor" / cleared
    lock.unlink()
    wait_until(lock.exists, f"it is written again:\n{visor.text()}")
    visor.process.kill()
    visor.end()
    visor = world.start()
    visor.wait("taken over, alive", count=2)
    assert len(world.pids()) == 1 and len(world.pids("data-node")) == 1 and not world.events("sigterm")
    visor.stop()
    assert world.living() == []
