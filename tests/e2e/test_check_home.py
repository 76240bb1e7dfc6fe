"""The preflight looks at rights, names and places."""

import json
import os
import pathlib
import socket
import tempfile

import pytest

from checking import auto_install, check, faults, found, installed, looked
from world import wait_until


@pytest.mark.parametrize("spoil", [
    lambda folder: folder.write_text(""),
    lambda folder: folder.symlink_to("/tmp"),
])
def test_a_private_folder_that_is_none(world, spoil):
    spoil(world.home / ".visor")
    found(check(world), "home", "problem", "is no folder")


def belongs_to(world, user):
    """The home and the node's folder are given to @user, who can come there."""
    world.folder.chmod(0o755)
    for path in [world.home, *world.home.rglob("*"), world.node]:
        os.chown(path, user, user)


OTHER = 65534
AS_OTHER = {"user": OTHER, "group": OTHER, "extra_groups": []}


def test_a_private_folder_that_its_owner_cannot_use(world):
    if os.geteuid() != 0:
        return  # the one who may give a folder away is root
    belongs_to(world, OTHER)
    visor = installed(world)
    (world.home / ".visor").mkdir(mode=0o700)  # root's, as after a careless sudo
    problem = found(check(world, visor=visor, **AS_OTHER), "home", "problem", "so visor cannot start")
    assert "chown" in problem["cure"]
    os.chown(world.home / ".visor", OTHER, OTHER)
    (world.home / ".visor").chmod(0o500)
    found(check(world, visor=visor, **AS_OTHER), "home", "problem", "so visor cannot start")
    (world.home / ".visor").chmod(0o700)
    assert not faults(check(world, visor=visor, **AS_OTHER))


def test_a_binary_that_nobody_may_make_executable(world):
    if os.geteuid() != 0:
        return  # the one who may give a folder away is root
    belongs_to(world, OTHER)
    visor = installed(world)
    binary = world.home / "genesis" / "vega"
    binary.chmod(0o644)
    found(check(world, visor=visor, **AS_OTHER), "binary", "warning", "is not executable yet")
    os.chown(binary, 0, 0)
    found(check(world, visor=visor, **AS_OTHER), "binary", "problem", "visor cannot make it so")


def test_the_length_of_the_sockets_name(world):
    world.socket = world.node / ("v" * 120)
    world.run_config("genesis")
    problem = found(check(world), "socket", "problem", "longer than that of a socket can be")
    assert "shorter" in problem["cure"]
    deep = world.node / ("d" * 80)
    deep.mkdir()
    world.socket = deep / "vega.sock"
    world.run_config("genesis")
    found(check(world), "socket", "warning", "107 bytes")


def test_a_node_too_busy_to_be_connected_to(world):
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as client:
        other.bind(str(world.socket))
        other.listen(0)
        client.connect(str(world.socket))
        found(check(world), "socket", "problem", "somebody answers, who is no node of this home")


def test_space_is_needed_where_the_release_comes_to(world):
    if os.stat("/dev/shm").st_dev == os.stat(world.home).st_dev:
        return  # there is no other file system
    elsewhere = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        auto_install(world)
        world.write_config(upgradeFolders={"v1.1.0": str(elsewhere / "releases" / "v1.1.0")})
        findings = check(world, "--upgrade", "v1.1.0", visor=installed(world, looked(bytes=1 << 60)))
        problem = found(findings, "disk", "problem", "an upgrade needs about")
        assert problem["subject"] == str(elsewhere)
    finally:
        elsewhere.rmdir()


def test_a_node_that_does_not_answer(world):
    visor = world.up()
    world.socket = world.node / "another.sock"
    world.run_config("genesis")  # what the operator has changed meanwhile
    found(check(world), "socket", "warning", "is alive but does not answer")
    visor.stop()


def test_without_current_the_record_tells(world):
    visor = world.up()
    current, record = world.home / "current", world.home / ".visor" / "state.json"
    wait_until(lambda: record.exists() and json.loads(record.read_text())["release"]["stage"] == "answered", "the last record")
    visor.stop()
    current.unlink()
    found(check(world), "current", "warning", "there is no `current`")
    current.symlink_to("nowhere")
    found(check(world), "current", "warning", "points to nothing")
    current.unlink()
    record.write_text("{")
    found(check(world), "current", "warning", "there is no `current`")  # the lock has a copy
    (world.home / ".visor" / "vega.lock").unlink()
    findings = check(world)
    found(findings, "current", "problem", "the record of what ran last cannot be used")
    found(findings, "home", "warning", "is damaged")


def test_the_data_nodes_own_binary(world_with_data_node):
    world = world_with_data_node
    world.release("v1.1.0", "v1.1.0")
    config = world.home / "v1.1.0" / "run-config.toml"
    head, tail = config.read_text().split("[data_node.binary]")
    config.write_text(head + "[data_node.binary]" + tail.replace('"vega"', '"data-node"'))
    world.put_binary(world.home / "v1.1.0", "v1.2.0", "data-node")
    problem = found(check(world, "--upgrade", "v1.1.0"), "binary", "problem", "reports version v1.2.0")
    assert problem["subject"] == str(world.home / "v1.1.0" / "data-node")


def test_a_record_of_a_newer_visor(world):
    world.up().stop()
    record = world.home / ".visor" / "state.json"
    record.write_text('{"format": 99}')
    problem = found(check(world), "home", "problem", "newer visor")
    assert str(record) in problem["text"]
    assert world.refused("run", "--home", world.home)[0] == 85
    assert record.read_text() == '{"format": 99}'
