"""What the lock files tell a new Visor: of an older one, or of one that died as it wrote them."""

import json
import os
import shutil
import signal

import pytest

from checking import check, found
from test_state_lost import is_all_written
from world import alive, wait_until

LATER = ("process", "homeDevice", "homeInode")


def next_one_takes_over(world):
    visor = world.start()
    visor.wait("taken over, alive")
    visor.stop()
    assert len(world.pids()) == 1


def test_what_an_older_visor_wrote_is_completed(world_with_data_node):
    world = world_with_data_node
    visor = world.up()
    visor.wait("this release runs")
    visor.kill()
    before = {}
    for process in ("vega", "data-node"):
        lock = world.home / ".visor" / f"{process}.lock"
        pid, ticks, text = lock.read_text().split(maxsplit=2)
        before[process] = json.loads(text)
        older = {key: value for key, value in before[process].items() if key not in LATER}
        with open(lock, "r+b") as file:
            file.write(f"{pid:<10} {ticks:<20}\n{json.dumps(older):<4064}".encode())
    visor = world.start()
    visor.wait("taken over, alive", count=2)
    visor.wait("this release runs")
    for process, record in before.items():
        told = json.loads((world.home / ".visor" / f"{process}.lock").read_text().split(maxsplit=2)[2])
        assert {key: told[key] for key in LATER} == {key: record[key] for key in LATER}
    visor.stop()
    assert len(world.pids()) == 1 and len(world.pids("data-node")) == 1


@pytest.mark.parametrize("point", ["RECORD_UNSIGNED:4", "RECORD_WRITTEN:4", "FORKED:4"])
def test_a_data_node_that_was_to_be_restarted_is_no_failure_of_its_core(world_with_data_node, point):
    """Visor dies at what the lock of the data node tells, of the last one and of the next; the new core just runs."""
    world = world_with_data_node
    visor = world.start(VISOR_FAIL_POINT=point)
    visor.wait("the node answers")
    wait_until(lambda: world.pids("data-node"), "the data node")  # which says nothing to Visor
    os.kill(world.pids("data-node")[0], signal.SIGKILL)
    visor.end()
    wait_until(lambda: len(world.pids()) == 2, "the new core says that it is there")
    assert point == "FORKED:4" or len(world.pids("data-node")) == 1
    visor = world.start()
    wait_until(lambda: len(world.pids("data-node")) == 2, "the data node")
    assert len(world.pids()) == 2 and alive(world.pids()[1]) and not visor.said("the node failed"), world.said()
    visor.stop()


def test_a_copy_of_a_home_leaves_the_node_of_the_other_alone(world):
    """All that the copied lock file tells is true: pid, start time, executable; but not of this home."""
    visor = world.up()
    visor.kill()
    copy = world.folder / "copy"
    shutil.copytree(world.home, copy, symlinks=True)
    beside = world.start("run", "--home", copy)
    why = beside.wait("cannot be taken over")["why"]
    assert f"{copy}/.visor/vega.lock is a copy" in why and "remove the file" in why
    beside.stop(code=81)
    visor = world.start()
    visor.wait("taken over, alive")
    assert len(world.pids()) == 1 and alive(world.pids()[0]) and not world.events("sigterm")
    visor.stop()


def test_a_lock_that_somebody_has_written_to_is_put_right(world):
    """As by cp -a out of a backup, over what is there."""
    visor = world.up()
    lock = world.home / ".visor" / "vega.lock"
    wait_until(lambda: is_all_written(world), "visor has nothing more to write")
    with open(lock, "r+b") as file:
        file.write(f"{1:<10} {77:<20}\n".encode())
    visor.wait("somebody has changed what its lock file tells")
    wait_until(lambda: int(lock.read_text().split()[0]) == world.pids()[0], "it tells of the node again")
    visor.kill()
    next_one_takes_over(world)


def test_a_check_knows_the_node_whose_lock_file_was_made_anew(world):
    visor = world.up()
    lock = world.home / ".visor" / "vega.lock"
    lock.unlink()
    wait_until(lambda: lock.exists() and str(world.pids()[0]) in lock.read_text(), "it is made anew")
    findings = check(world)
    found(findings, "lock", "ok", f"a vega process is alive: pid {world.pids()[0]}")
    found(findings, "socket", "ok", "the node of this home answers")
    visor.stop()


@pytest.mark.parametrize("text", ['{"format":1', '{"format":2}', ""])
def test_a_lock_file_that_tells_nothing_beside_the_one_that_the_node_holds(world, text):
    """The name is on a file that Visor made anew and somebody then spoiled; the node holds the one before."""
    visor = world.up()
    visor.wait("this release runs")
    lock = world.home / ".visor" / "vega.lock"
    lock.unlink()
    wait_until(lambda: lock.exists() and '"answered":true' in lock.read_text(), "it is made anew")
    visor.kill()
    lock.write_text(lock.read_text()[:32] + text)
    found(check(world), "lock", "warning", f"a vega process is alive without a visor: pid {world.pids()[0]}")
    next_one_takes_over(world)


@pytest.mark.parametrize("by_rename", [False, True], ids=["as cp does", "as rsync does"])
def test_a_backup_that_is_brought_back_is_written_over(world, by_rename):
    visor = world.up()
    visor.wait("this release runs")
    folder = world.home / ".visor"
    files = [folder / name for name in ("state.json", "lock", "vega.lock")]
    wait_until(lambda: is_all_written(world), "visor has nothing more to write")
    before = [file.read_bytes() for file in files]
    backup = {"state.json": before[0].replace(b"answered", b"decided"),
              "lock": f"{1:<10} {77:<20}\n{{}}".encode(),
              "vega.lock": f"{1:<10} {77:<20}\n{{}}".encode()}
    for file in files:
        if by_rename:
            part = file.with_name("part")
            part.write_bytes(backup[file.name])
            part.rename(file)
        else:
            file.write_bytes(backup[file.name])
    for file, content in zip(files, before):
        wait_until(lambda: file.read_bytes().rstrip() == content.rstrip(), f"{file.name} is as it was")
    visor.wait("somebody has changed HOME/.visor/state.json")
    found(check(world), "lock", "ok", f"a visor runs: pid {visor.pid}")
    visor.kill()
    next_one_takes_over(world)
