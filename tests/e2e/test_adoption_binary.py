"""A node that lives is taken over, whatever became of the files that it was started from."""

import os
import shutil
import signal

from test_adoption import lock
from world import alive, upgraded, wait_until


def test_a_node_whose_binary_is_gone_is_taken_over(world):
    """What runs needs its binary for its next start only: it is supervised, and taken through its upgrade."""
    world.release("v1.1.0", "v1.1.0")
    world.up().kill()
    (world.home / "genesis" / "vega").unlink()
    visor = world.start()
    visor.wait("taken over, alive")
    assert "genesis/vega is missing" in visor.wait("could not be started again")["why"]
    visor.wait("upgrades are told apart by their folder")
    world.upgrade_at(("v1.1.0", 20))
    upgraded(world, visor, "v1.1.0")
    assert [event["version"] for event in world.events("main")] == ["v1.0.0", "v1.1.0"]
    visor.stop()


def test_the_next_start_of_a_node_whose_binary_is_gone_says_so(world):
    world.up().kill()
    (world.home / "genesis" / "vega").unlink()
    visor = world.start()
    visor.wait("taken over, alive")
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the binary")
    assert visor.end() in (69, 78) and len(world.pids()) == 1


def test_a_data_node_whose_binary_is_gone_is_not_tried(world_with_data_node):
    """It has to be started beside the core that lives; that is not stopped because it cannot be."""
    world = world_with_data_node
    good = world.home / "genesis" / "data-node"
    shutil.copy(world.binary("v1.0.0"), good)
    path = world.home / "genesis" / "run-config.toml"
    core, data_node = path.read_text().split("[data_node.binary]")
    path.write_text(core + "[data_node.binary]" + data_node.replace('"vega"', '"data-node"'))
    world.up().kill()
    os.kill(world.pids("data-node")[0], signal.SIGKILL)
    wait_until(lambda: not alive(world.pids("data-node")[0]), "its end")
    content = lock(world, "data-node").read_text()
    lock(world, "data-node").write_text("0".ljust(11) + "0".ljust(20) + "\n" + content[32:])
    good.rename(good.with_name("aside"))
    visor = world.start()
    assert "genesis/data-node is missing" in visor.wait("cannot be taken over")["why"]
    assert alive(world.pids()[0]) and not world.events("sigterm")
    good.with_name("aside").rename(good)
    visor.wait("taken over, alive")
    wait_until(lambda: len(world.pids("data-node")) == 2, "the data node")
    assert len(world.pids()) == 1
    visor.stop()
