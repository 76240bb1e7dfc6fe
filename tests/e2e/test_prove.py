"""Examining the folder of the accepted release: what is missing is said early, and nothing is stopped for it."""

import re
import shutil

import pytest

from world import alive, upgraded, wait_until


def blocked(world, visor, *words):
    """The old node stays up at the block; the log says why."""
    visor.wait("THE NETWORK WAITS", tag="v1.1.0")
    wait_until(
        lambda: any(all(word in line["why"] for word in words) for line in visor.said("the release is not ready")),
        lambda: f"{words} in {visor.text()}")
    assert alive(world.pids()[0]) and len(world.pids()) == 1
    assert not world.events("sigterm")


def test_a_missing_folder_keeps_the_old_node_up_until_it_comes(world):
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    visor.wait("the release is not ready", why="is missing: make it")
    blocked(world, visor, "v1.1.0", "is missing")
    assert (world.home / "current").resolve() == world.home / "genesis"

    late = world.home / "late"
    late.mkdir()
    world.put_binary(late, "v1.1.0")
    world.run_config("late")
    late.rename(world.home / "v1.1.0")
    upgraded(world, visor, "v1.1.0")
    visor.stop()


def test_a_folder_that_is_filled_bit_by_bit(world):
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    blocked(world, visor, "is missing")
    (world.home / "v1.1.0").mkdir()
    blocked(world, visor, "run-config.toml")
    world.run_config("v1.1.0")
    blocked(world, visor, "v1.1.0/vega", "missing")
    world.put_binary(world.home / "v1.1.0", "v1.1.0")
    upgraded(world, visor, "v1.1.0")
    visor.stop()


@pytest.mark.parametrize("spoil, words", [
    (lambda world: world.put_binary(world.home / "v1.1.0", "v1.0.0"), ["reports version v1.0.0", "v1.1.0 is wanted"]),
    (lambda world: (world.home / "v1.1.0" / "vega").write_bytes(b"PK\3\4"), ["no program"]),
    (lambda world: (world.home / "v1.1.0" / "vega").write_text("#!/bin/sh\nexit 3\n"), ["exited with code 3"]),
    (lambda world: (world.home / "v1.1.0" / "vega").write_text("#!/bin/sh\necho hello\n"), ["no JSON"]),
    (lambda world: (world.home / "v1.1.0" / "vega").write_text("#!/bin/sh\nkill -SEGV $$\n"), ["SIGSEGV"]),
    (lambda world: (world.home / "v1.1.0" / "vega").write_text("#!/bin/sh\nyes\n"), ["printed more than"]),
    (lambda world: (world.home / "v1.1.0" / "vega").write_text("#!/none\n"), ["could not be executed"]),
    (lambda world: (world.home / "v1.1.0" / "run-config.toml").write_text("[vega\n"), ["run-config.toml"]),
    (lambda world: (world.home / "v1.1.0" / "run-config.toml").write_text('name = "x"\n'), ["path"]),
])
def test_a_release_that_is_not_proven_keeps_the_old_node_up(world, spoil, words):
    world.release("v1.1.0", "v1.1.0")
    spoil(world)
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    blocked(world, visor, *words)
    world.release("v1.1.0", "v1.1.0")
    upgraded(world, visor, "v1.1.0")
    visor.stop()


def test_the_data_nodes_binary_is_proven_too(world_with_data_node):
    world = world_with_data_node
    world.release("v1.1.0", "v1.1.0")
    other = world.put_binary(world.home / "v1.1.0", "v1.0.0", "data-node")
    text = (world.home / "v1.1.0" / "run-config.toml").read_text()
    head, tail = text.split("[data_node.binary]")
    (world.home / "v1.1.0" / "run-config.toml").write_text(
        head + "[data_node.binary]" + tail.replace('"vega"', '"data-node"'))
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    blocked(world, visor, str(other), "reports version v1.0.0")
    world.put_binary(world.home / "v1.1.0", "v1.1.0", "data-node")
    upgraded(world, visor, "v1.1.0")
    visor.stop()


def test_a_complaint_is_not_repeated_for_each_examination(world):
    (world.home / "v1.1.0").mkdir()
    world.upgrade_at(("v1.1.0", 10**9))
    visor = world.up()
    visor.wait("the release is not ready")
    for i in range(20):
        (world.home / "v1.1.0" / f"file-{i}").write_text("")
    world.run_config("v1.1.0")
    world.put_binary(world.home / "v1.1.0", "v1.1.0")
    visor.wait("ready for the upgrade")
    assert len(visor.said("the release is not ready")) <= 3
    visor.stop()


def test_a_proof_does_not_outlive_the_files_it_was_about(world):
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 10**9))
    visor = world.up()
    visor.wait("ready for the upgrade", tag="v1.1.0")
    world.put_binary(world.home / "v1.1.0", "v1.0.0")
    visor.wait("the proven release has changed")
    visor.wait("the release is not ready", why="reports version v1.0.0")
    world.upgrade_at(("v1.1.0", 200))
    blocked(world, visor, "reports version v1.0.0")
    visor.stop()


def test_the_mapping_can_be_cured_while_the_network_waits(world):
    world.write_config(upgradeFolders={"v1.1.0": "typo"})
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    blocked(world, visor, "typo")
    world.write_config(upgradeFolders={"v1.1.0": "v1.1.0"})
    upgraded(world, visor, "v1.1.0")
    visor.stop()


@pytest.mark.parametrize("spoil", [
    lambda world: world.put_binary(world.home / "v1.1.0", "v1.2.0"),
    lambda world: shutil.rmtree(world.home / "v1.1.0"),
], ids=["replaced", "removed"])
def test_a_proof_that_falls_while_the_old_node_stops_brings_the_old_node_back(world, spoil):
    world.release("v1.1.0", "v1.1.0")
    world.scenario(versions={"v1.0.0": {"stop_ms": 1500}})
    world.upgrade_at(("v1.1.0", 200))
    visor = world.up()
    world.wait_event("sigterm", version="v1.0.0")
    spoil(world)
    visor.wait("the old release is started again", tag="v1.1.0")
    visor.wait("the node answers", count=2)
    assert (world.home / "current").resolve() == world.home / "genesis"
    world.scenario(versions={})
    world.release("v1.1.0", "v1.1.0")
    upgraded(world, visor, "v1.1.0")
    assert [event["version"] for event in world.events("main", process="vega")] == ["v1.0.0", "v1.0.0", "v1.1.0"]
    visor.stop()


def test_a_binary_that_writes_into_its_folder_is_not_asked_without_end(world):
    folder = world.release("v1.1.0", "v1.1.0")
    real = (folder / "vega").rename(folder / "real")
    asked = world.folder / "asked"
    (folder / "vega").write_text(f'#!/bin/sh\necho x >> {asked}\ntouch {folder}/trace-$$\nexec {real} "$@" extra >&2\n')
    world.upgrade_at(("v1.1.0", 10**9))
    visor = world.up()
    visor.wait("the release is not ready")
    blocks = len(world.events("block"))
    wait_until(lambda: len(world.events("block")) > blocks + 6, "three seconds of blocks")
    assert len(asked.read_text().splitlines()) < 12
    visor.stop()


def test_a_refused_release_is_named_again_at_its_block(world):
    world.scenario(accepted={"tag": "../x", "height": 100})
    visor = world.up()
    visor.wait("no plain version name")
    world.scenario(ready=True)
    visor.wait("no plain version name", count=2)
    visor.stop()


def test_errors_of_a_run_config_have_line_and_column(world):
    folder = world.release("v1.1.0", "v1.1.0")
    text = (folder / "run-config.toml").read_text()
    (folder / "run-config.toml").write_text("name = 5\n" + text.split("\n", 1)[1].replace('"/rpc"', '7'))
    world.upgrade_at(("v1.1.0", 10**9))
    visor = world.up()
    why = visor.wait("the release is not ready")["why"]
    assert re.search(r"run-config.toml: 1:\d+: ", why) and why.count(":") >= 5
    visor.stop()
