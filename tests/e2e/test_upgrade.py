"""Upgrades with a prepared folder: the main job, and everything that can be wrong with the folder."""

import json
import os
import shutil
import signal
import socket

import pytest

from world import upgraded, wait_until

SNAPSHOT = "--snapshot.load-from-block-height"


def height_of(main):
    argv = main["argv"]
    return argv[argv.index(SNAPSHOT) + 1] if SNAPSHOT in argv else None


def state(world):
    return json.loads((world.home / ".visor" / "state.json").read_text())["release"]


@pytest.mark.parametrize("data_node", [False, True])
def test_an_upgrade(world, data_node):
    world.has_data_node = data_node
    world.run_config("genesis")
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    assert visor.wait("the network has accepted an upgrade", tag="v1.1.0")["height"] == 200
    assert visor.wait("ready for the upgrade", tag="v1.1.0")
    line = upgraded(world, visor, "v1.1.0")
    assert line["from"] == "v1.0.0" and line["height"] == 200

    processes = ["vega", "data-node"] if data_node else ["vega"]
    for process in processes:
        assert world.events("sigterm", process=process, version="v1.0.0")
        world.wait_event("main", process=process, count=2)  # the core's answer completes it, whatever the data node does
        assert len(world.events("main", process=process)) == 2
    last_end = max(event["t_us"] for event in world.events("exit", version="v1.0.0"))
    assert all(event["t_us"] > last_end for event in world.events("main", version="v1.1.0"))
    assert height_of(world.events("main", process="vega", version="v1.1.0")[0]) == "200"
    assert world.current == world.home / "v1.1.0"
    assert state(world) == {"tag": "v1.1.0", "folder": str(world.home / "v1.1.0"), "height": 200, "stage": "answered"}
    visor.stop()
    assert world.living() == []


def test_the_upgrade_is_prepared_long_before_the_block(world):
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 10**9))
    visor = world.up()
    visor.wait("ready for the upgrade", tag="v1.1.0")
    assert not world.events("ready")
    visor.stop()


def test_several_upgrades_in_a_row(world):
    versions = ["v1.1.0", "v1.2.0-rc.1", "v1.2.0", "v1.10.0"]
    for version in versions:
        world.release(version, version)
    world.upgrade_at(*[(version, 200 * (i + 1)) for i, version in enumerate(versions)])
    visor = world.up()
    upgraded(world, visor, "v1.10.0")
    starts = [(event["version"], height_of(event)) for event in world.events("main", process="vega")]
    assert starts == [("v1.0.0", None), ("v1.1.0", "200"), ("v1.2.0-rc.1", "400"), ("v1.2.0", "600"),
                      ("v1.10.0", "800")]
    visor.stop()


def test_the_folder_can_be_mapped(world):
    world.write_config(upgradeFolders={"v1.1.0": "releases/next"})
    (world.home / "releases").mkdir()
    world.release("releases/next", "v1.1.0")
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    assert world.current == world.home / "releases" / "next"
    visor.stop()


def test_the_folder_can_be_absolute(world):
    elsewhere = world.folder / "elsewhere"
    world.write_config(upgradeFolders={"v1.1.0": str(elsewhere)})
    world.release(elsewhere, "v1.1.0")
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    assert world.current == elsewhere
    visor.stop()


def test_a_retracted_upgrade_is_forgotten(world):
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at({"tag": "v1.1.0", "height": 10**9})
    visor = world.up()
    visor.wait("ready for the upgrade", tag="v1.1.0")
    world.upgrade_at()
    visor.wait("the upgrade was retracted", tag="v1.1.0")
    world.upgrade_at({"tag": "v1.1.0", "height": 10**9})
    visor.wait("ready for the upgrade", count=2, tag="v1.1.0")
    assert len(world.pids()) == 1
    visor.stop()


def test_another_release_can_take_the_place_of_the_accepted_one(world):
    world.release("v1.1.0", "v1.1.0")
    world.release("v1.2.0", "v1.2.0")
    world.upgrade_at({"tag": "v1.1.0", "height": 10**9})
    visor = world.up()
    visor.wait("ready for the upgrade", tag="v1.1.0")
    world.upgrade_at(("v1.2.0", 200))
    upgraded(world, visor, "v1.2.0")
    assert [event["version"] for event in world.events("main", process="vega")] == ["v1.0.0", "v1.2.0"]
    visor.stop()


def test_the_height_can_move(world):
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at({"tag": "v1.1.0", "height": 10**9})
    visor = world.up()
    visor.wait("ready for the upgrade", tag="v1.1.0")
    world.upgrade_at(("v1.1.0", 300))
    assert visor.wait("the upgrade has a new height")["height"] == 300
    upgraded(world, visor, "v1.1.0")
    assert height_of(world.events("main", version="v1.1.0")[0]) == "300"
    visor.stop()


@pytest.mark.parametrize("tag", ["../x", "current", "genesis", "a/b", "", ".hidden", "..", "v1..2", "v1 2", "ünïcode",
                                 "v1.1.0\n", "-rf"])
def test_a_tag_that_is_no_plain_name_is_refused(world, tag):
    world.scenario(accepted={"tag": tag, "height": 100}, ready=True)
    visor = world.up()
    visor.wait("names no release" if tag == "" else "no plain version name")
    assert len(world.pids()) == 1 and not world.events("sigterm")
    visor.stop()


def test_an_older_release_is_refused(world):
    world.release("v0.9.0", "v0.9.0")
    world.scenario(accepted={"tag": "v0.9.0", "height": 100}, ready=True)
    visor = world.up()
    visor.wait("older than the one that runs", tag="v0.9.0")
    assert len(world.pids()) == 1
    visor.stop()


def test_ready_without_a_release_leaves_the_node_running(world):
    world.scenario(rpc_fault="ready-without-info")
    visor = world.up()
    visor.wait("names no release")
    blocks = len(world.events("block"))
    wait_until(lambda: len(world.events("block")) > blocks + 1, "several polls")
    assert len(world.pids()) == 1 and len(visor.said("names no release")) == 1
    visor.stop()


def test_a_node_that_is_ready_for_itself_is_left_running(world):
    world.scenario(accepted={"tag": "v1.0.0", "height": 100}, ready=True)
    visor = world.up()
    visor.wait("ready for the release it already is")
    polls = len(world.events("block"))
    wait_until(lambda: len(world.events("block")) > polls + 1, "time to pass")
    assert len(world.pids()) == 1 and len(visor.said("ready for the release it already is")) == 1
    visor.stop()


def test_the_new_node_may_name_its_own_release_for_a_while(world):
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at({"tag": "v1.1.0", "height": 200, "linger_blocks": -1, "ready_linger": True})
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    visor.wait("ready for the release it already is")
    assert [event["version"] for event in world.events("main", process="vega")] == ["v1.0.0", "v1.1.0"]
    visor.stop()


def test_a_folder_named_otherwise_than_its_release_is_no_upgrade(world):
    """What runs is what the binary reports, not the name of the folder."""
    world.release("genesis", "v1.1.0")
    world.scenario(accepted={"tag": "v1.1.0", "height": 100}, ready=True)
    visor = world.up()
    visor.wait("ready for the release it already is", tag="v1.1.0")
    assert len(world.pids()) == 1
    visor.stop()


def test_a_running_binary_that_does_not_tell_its_version(world):
    """Its folder tells instead: the release it was switched to is never started again for itself."""
    shutil.rmtree(world.home / "genesis")
    world.release("v1.1.0", "v1.1.0")
    (world.home / "current").symlink_to("v1.1.0")
    (world.home / "v1.1.0" / "scenario.json").write_text(json.dumps({"version_answer": "fail"}))
    world.scenario(accepted={"tag": "v1.1.0", "height": 100}, ready=True)
    visor = world.up()
    visor.wait("did not report its version")
    visor.wait("ready for the release it already is")
    assert len(world.pids()) == 1
    visor.stop()


def test_the_stop_delay(world):
    world.write_config(stopDelaySeconds=1)
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    ready = world.events("ready", version="v1.0.0")[0]
    stopped = world.events("sigterm", version="v1.0.0")[0]
    assert stopped["t_us"] - ready["t_us"] >= 1_000_000
    visor.stop()


def test_an_old_node_that_ignores_sigterm_is_killed_for_the_upgrade(world):
    world.write_config(stopSignalTimeoutSeconds=1)
    world.release("v1.1.0", "v1.1.0")
    world.scenario(versions={"v1.0.0": {"ignore_sigterm": True}})
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    assert visor.said("sent SIGKILL")
    visor.stop()


def test_the_upgrade_height_is_used_until_the_new_release_has_answered(world):
    world.release("v1.1.0", "v1.1.0")
    world.scenario(versions={"v1.1.0": {"crash_after_ms": 1, "crash_exit": 1, "crash_times": 2}})
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    os.kill(world.pids()[-1], signal.SIGKILL)
    visor.wait("the node answers", count=3)
    starts = [height_of(event) for event in world.events("main", process="vega", version="v1.1.0")]
    assert starts == ["200", "200", "200", None]
    visor.stop()


def test_the_upgrade_height_survives_a_new_visor(world):
    world.release("v1.1.0", "v1.1.0")
    world.scenario(versions={"v1.1.0": {"start_delay_ms": 600_000}})
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    world.wait_event("main", version="v1.1.0")
    visor.stop()
    assert state(world)["stage"] == "switched"
    world.scenario(versions={})
    visor = world.up()
    visor.stop()
    assert state(world)["stage"] == "answered"
    visor = world.up()
    visor.stop()
    starts = [height_of(event) for event in world.events("main", process="vega", version="v1.1.0")]
    assert starts == ["200", "200", None]


def test_a_new_release_that_never_comes_up_ends_visor_without_a_way_back(world):
    world.write_config(maxNumberOfRestarts=2)
    world.release("v1.1.0", "v1.1.0")
    world.scenario(versions={"v1.1.0": {"crash_after_ms": 1, "crash_exit": 1}})
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    assert visor.end() == 69
    versions = [event["version"] for event in world.events("main", process="vega")]
    assert versions == ["v1.0.0"] + ["v1.1.0"] * 3
    assert world.current == world.home / "v1.1.0"


def test_a_missing_current_never_leads_back(world):
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    upgraded(world, visor, "v1.1.0")
    visor.stop()
    (world.home / "current").unlink()
    visor = world.up()
    assert world.current == world.home / "v1.1.0"
    visor.stop()
    assert [event["version"] for event in world.events("main", process="vega")] == ["v1.0.0", "v1.1.0", "v1.1.0"]


def test_current_that_vanishes_while_the_node_runs(world):
    world.release("v1.1.0", "v1.1.0")
    (world.home / "current").symlink_to("v1.1.0")
    visor = world.up()
    (world.home / "current").unlink()
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node answers", count=2)
    assert world.current == world.home / "v1.1.0"
    assert {event["version"] for event in world.events("main")} == {"v1.1.0"}
    visor.stop()


def test_current_that_became_a_real_folder_holds_up_the_upgrade(world):
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at({"tag": "v1.1.0", "height": 10**9})
    visor = world.up()
    visor.wait("ready for the upgrade")
    (world.home / "current").unlink()
    (world.home / "current").mkdir()
    (world.home / "current" / "precious").write_text("keys")
    world.upgrade_at(("v1.1.0", 200))
    visor.wait("THE NETWORK WAITS")
    visor.wait("the release is not ready", why="is a real folder")
    assert not world.events("sigterm")
    shutil.move(world.home / "current", world.home / "saved")
    upgraded(world, visor, "v1.1.0")
    assert (world.home / "saved" / "precious").read_text() == "keys"
    visor.stop()


def test_a_crash_at_the_block_is_a_restart_and_then_the_upgrade(world):
    world.release("v1.1.0", "v1.1.0")
    world.write_config(stopDelaySeconds=3600)
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    visor.wait("ready to be upgraded")
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node answers", count=2)
    world.write_config(stopDelaySeconds=0)
    upgraded(world, visor, "v1.1.0")
    visor.stop()


def test_an_operator_who_stops_during_the_upgrade_finds_the_switch_done(world):
    world.release("v1.1.0", "v1.1.0")
    world.scenario(versions={"v1.0.0": {"stop_ms": 500}})
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    world.wait_event("sigterm")
    visor.stop()
    assert world.current == world.home / "v1.1.0" and len(world.pids()) == 1
    visor = world.up()
    assert height_of(world.events("main", version="v1.1.0")[0]) == "200"
    visor.stop()


def test_an_upgrade_that_is_accepted_while_the_node_is_down(world):
    """The folder is examined when the restarted node tells of it."""
    world.release("v1.1.0", "v1.1.0")
    world.write_config(restartsDelaySeconds=1)
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    world.upgrade_at(("v1.1.0", 400))
    upgraded(world, visor, "v1.1.0")
    visor.stop()


def test_an_upgrade_while_polls_fail_now_and_then(world):
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at({"tag": "v1.1.0", "height": 10**9})
    visor = world.up()
    for fault in ("half", "html", "close"):
        world.scenario(rpc_fault=fault)
        visor.wait("the node does not answer", error="")
        world.scenario(rpc_fault="none")
        visor.wait("ready for the upgrade")
    world.upgrade_at(("v1.1.0", 300))
    upgraded(world, visor, "v1.1.0")
    visor.stop()


def test_with_statistics_the_upgrade_is_complete_when_blocks_come(world):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    world.release("v1.1.0", "v1.1.0")
    run_config = world.home / "v1.1.0" / "run-config.toml"
    run_config.write_text(run_config.read_text() +
                          f'[vega.statistics]\nurl = "http://127.0.0.1:{port}/statistics"\n')
    world.scenario(versions={"v1.1.0": {"statistics_port": port, "statistics_stuck": True}})
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    visor.wait("the node answers", count=2)
    blocks = len(world.events("block"))
    wait_until(lambda: len(world.events("block")) > blocks + 8, "time to be asked more than once")
    assert not visor.said("the upgrade is complete")
    world.scenario(versions={"v1.1.0": {"statistics_port": port}})
    upgraded(world, visor, "v1.1.0")
    visor.stop()
