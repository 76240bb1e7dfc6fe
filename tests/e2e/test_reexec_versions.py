"""Updates and downgrades of Visor: `visor-next` reads the files of today, and writes what today's visor does not know."""

import json
import shutil

from replacing import install, installed, reexec  # noqa: F401: a fixture
from world import VISOR, wait_until

NEXT = VISOR.with_name("visor-next")


def state(world):
    return json.loads((world.home / ".visor" / "state.json").read_text())


def record(world, process="vega"):
    return json.loads((world.home / ".visor" / f"{process}.lock").read_text().split(maxsplit=2)[2])


def install_next(installed):
    new = installed.with_name("visor.new")
    shutil.copy(NEXT, new)
    new.rename(installed)


def be_next(world, installed):
    """A visor of today that has become the next one, and has written what it has to say."""
    visor = world.up()
    wait_until((world.home / ".visor" / "state.json").exists, "what runs is recorded")
    assert state(world)["format"] == 2 and record(world)["format"] == 1
    install_next(installed)
    done = reexec(world)
    assert done.returncode == 0, done
    wait_until(lambda: state(world)["format"] == 3 and record(world)["format"] == 2, "the files are those of the next one")
    return visor


def test_the_next_version_takes_over_and_the_last_one_does_not(world_with_data_node, installed):
    world = world_with_data_node
    visor = be_next(world, installed)
    assert record(world, "data-node")["format"] == 2
    install(installed)
    refused = reexec(world)
    assert refused.returncode == 86 and "newer visor" in refused.stderr, refused
    assert state(world)["format"] == 3 and not visor.said("somebody has changed"), visor.text()
    install_next(installed)
    assert reexec(world).returncode == 0
    assert len(world.pids()) == 1 and len(world.pids("data-node")) == 1 and not world.events("sigterm")
    visor.stop()


def test_the_last_version_leaves_alone_what_the_next_one_wrote(world, installed):
    visor = be_next(world, installed)
    visor.kill()
    install(installed)
    last = world.start()
    assert last.end() == 85 and "newer visor" in last.text()
    assert state(world)["format"] == 3 and len(world.pids()) == 1 and not world.events("sigterm")
    install_next(installed)
    visor = world.start()
    visor.wait("taken over, alive")
    visor.stop()
    assert len(world.pids()) == 1
