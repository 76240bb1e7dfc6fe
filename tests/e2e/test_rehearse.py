"""`visor rehearse` finds what `visor run` would find, and changes nothing."""

import os
import shutil
import signal
import subprocess
import threading

import pytest

from checking import tree
from replacing import installed, reexec  # noqa: F401: a fixture
from test_state_lost import is_all_written
from world import VISOR, alive, wait_until


def rehearse(world):
    done = subprocess.run([VISOR, "rehearse", "--home", world.home], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def spoil(lock):
    text = lock.read_text()
    lock.write_text(text[:32] + "{".ljust(len(text) - 32))


def test_a_home_that_has_never_run(world):
    (world.home / "genesis" / "vega").chmod(0o644)
    before = tree(world.home)
    code, text = rehearse(world)
    assert code == 0 and "can take over" in text, text
    assert tree(world.home) == before and not (world.home / ".visor").exists()
    (world.home / "genesis" / "vega").unlink()
    code, text = rehearse(world)
    assert code == 78 and "genesis/vega is missing" in text, text


def test_nothing_is_mended(world):
    visor = world.up()
    wait_until(lambda: (world.home / ".visor" / "state.json").exists(), "the record")
    visor.stop()
    (world.home / ".visor" / "state.json").write_text("{")
    before = tree(world.home)
    assert rehearse(world)[0] == 0
    (world.home / "current").unlink()
    code, text = rehearse(world)
    assert code == 0, text  # the locks tell what ran last
    (world.home / "current").symlink_to(world.home / "genesis")
    assert tree(world.home).keys() == before.keys() and (world.home / ".visor" / "state.json").read_text() == "{"


def test_a_node_whose_binary_is_gone(world, installed):
    """It needs that for its next start only: it is taken over, and stays supervised."""
    visor = world.up()
    (world.home / "genesis" / "vega").unlink()
    code, text = rehearse(world)
    assert code == 0 and "warning: " in text and "genesis/vega is missing" in text, text
    done = reexec(world)
    assert done.returncode == 0, done
    visor.wait("taken over, alive")
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node failed")
    assert visor.end() in (69, 78)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_lock_file_of_a_process_that_is_no_more(world_with_data_node, installed, damaged):
    """The home had a data node once, and the folder that it ran from is long gone."""
    world = world_with_data_node
    world.up().stop()
    world.release("v1.1.0", "v1.1.0", data_node=False)
    (world.home / "current").unlink()
    (world.home / "current").symlink_to(world.home / "v1.1.0")
    world.has_data_node = False
    visor = world.up()
    shutil.rmtree(world.home / "genesis")
    if damaged:
        spoil(world.home / ".visor" / "data-node.lock")
    code, text = rehearse(world)
    assert code == 0, text
    done = reexec(world)
    assert done.returncode == 0, done
    visor.stop()


def test_a_living_node_that_could_not_be_taken_over(world, installed):
    visor = world.up()
    lock = world.home / ".visor" / "vega.lock"
    wait_until(lambda: is_all_written(world), "the last word of the start")
    visor.signal(signal.SIGSTOP)  # it would put that right at once
    spoil(lock)
    code, text = rehearse(world)
    assert code == 81 and "is damaged" in text, text
    visor.signal(signal.SIGCONT)
    visor.wait("somebody has changed what its lock file tells")
    path = world.home / "genesis" / "run-config.toml"
    path.rename(path.with_name("aside"))
    refused = reexec(world)
    assert refused.returncode == 86 and "the old visor goes on" in refused.stderr, refused
    assert "run-config.toml" in refused.stderr
    path.with_name("aside").rename(path)
    assert rehearse(world)[0] == 0 and reexec(world).returncode == 0
    assert len(world.pids()) == 1 and alive(world.pids()[0])
    visor.stop()


def test_a_visor_that_waits_may_be_replaced_nevertheless(world, installed):
    """The new binary may be the cure, and what waits is supervised no less by another."""
    visor = world.up()
    visor.kill()
    lock = world.home / ".visor" / "vega.lock"
    good = lock.read_text()
    spoil(lock)
    visor = world.start()
    visor.wait("cannot be taken over")
    code, text = rehearse(world)
    assert code == 0 and "it would wait, as visor does now" in text and "is damaged" in text, text
    done = reexec(world)
    assert done.returncode == 0, done
    lock.write_text(good)
    visor.wait("taken over, alive")
    visor.stop()


def test_it_is_in_no_visors_way(world):
    """It looks at the locks, but never holds one that is wanted for a start."""
    world.write_config(maxNumberOfRestarts=1000)
    visor = world.up()
    over = threading.Event()

    def loop():
        while not over.is_set():
            rehearse(world)

    threads = [threading.Thread(target=loop) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for count in range(2, 10):
            os.kill(world.pids()[-1], signal.SIGKILL)
            visor.wait("the node answers", count)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not visor.said("the start failed") and not visor.said("descendants of it hold its lock")
    visor.stop()
