"""Supervision: every way in which a node fails, and what Visor makes of it."""

import contextlib
import os
import pathlib
import signal

import pytest

from world import alive, wait_until

SNAPSHOT = "--snapshot.load-from-block-height"


def height_of(main):
    argv = main["argv"]
    return argv[argv.index(SNAPSHOT) + 1] if SNAPSHOT in argv else None


@pytest.mark.parametrize("end, said", [
    ({"crash_exit": 0}, "exited with code 0"),
    ({"crash_exit": 3}, "exited with code 3"),
    ({"crash_signal": "SIGKILL"}, "was killed by SIGKILL"),
    ({"crash_signal": "SIGSEGV"}, "was killed by SIGSEGV"),
])
def test_any_exit_is_a_failure(world, end, said):
    world.scenario(crash_at=20, crash_times=1, **end)
    visor = world.up()
    visor.wait(said)
    visor.wait("the node will be restarted")
    visor.wait("the node answers", count=2)
    assert height_of(world.events("main")[1]) is None
    visor.stop()


@pytest.mark.parametrize("process, sibling", [("vega", "data-node"), ("data-node", "vega")])
def test_the_sibling_of_a_failed_process_is_stopped_gracefully(world_with_data_node, process, sibling):
    world = world_with_data_node
    world.scenario(stop_ms=200)
    visor = world.up()
    os.kill(world.pids(process)[0], signal.SIGKILL)
    stopped = world.wait_event("exit", process=sibling)
    assert world.events("sigterm", process=sibling)
    visor.wait("the node answers", count=2)
    for name in ("vega", "data-node"):
        assert world.wait_event("main", process=name, count=2)["t_us"] > stopped["t_us"]
    visor.stop()


def test_a_sibling_that_ignores_sigterm_is_killed_after_the_grace(world_with_data_node):
    world = world_with_data_node
    world.scenario(processes={"data-node": {"ignore_sigterm": True}})
    world.write_config(stopSignalTimeoutSeconds=1)
    visor = world.up()
    victim = world.pids("data-node")[0]
    os.kill(world.pids("vega")[0], signal.SIGKILL)
    visor.wait("sent SIGKILL", process="data-node")
    wait_until(lambda: not alive(victim), "its end")
    visor.wait("the node answers", count=2)
    visor.stop()


def holders(lock):
    """The processes that have the file as their descriptor 3, as Visor's descendants do."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(process / "fd" / "3") == str(lock):
                found.append(int(process.name))
    return found


def test_descendants_are_ended_before_anything_is_started(world):
    """A process that outlives the node in its group holds the lock: TERM, grace, KILL, and only then a new start."""
    world.scenario(grandchild=True)
    world.write_config(stopSignalTimeoutSeconds=1)
    visor = world.up()
    grandchild = world.wait_event("grandchild")["pid"]
    os.kill(world.pids()[0], signal.SIGKILL)
    line = visor.wait("descendants of it hold its lock")
    assert str(grandchild) in line["pids"]
    visor.wait("sent SIGKILL")
    visor.wait("the node answers", count=2)
    assert not alive(grandchild)
    world.scenario(grandchild=False)
    visor.stop()


def test_a_descendant_in_a_session_of_its_own_is_found_by_the_lock(world):
    """A database that the data node brings along leaves its group; nothing is started before that has ended, too."""
    world.scenario(grandchild_setsid=True)
    world.write_config(stopSignalTimeoutSeconds=1)
    visor = world.up()
    grandchild = world.wait_event("grandchild")["pid"]
    world.scenario(grandchild_setsid=False)
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("sent SIGKILL")
    visor.wait("the node answers", count=2)
    assert not alive(grandchild)
    visor.stop()


def test_descendants_without_number_are_all_ended(world):
    """As the workers of a database: each has left the group and does not listen to SIGTERM."""
    real = world.put_binary(world.home / "genesis", "v1.0.0", "real")
    script = world.home / "genesis" / "vega"
    script.write_text(f"""#!/bin/sh
if [ "$1" = start ]; then
    trap "" TERM
    for i in $(seq 100); do setsid sleep 300 & done
fi
exec "{real}" "$@"
""")
    world.write_config(stopSignalTimeoutSeconds=1)
    visor = world.up()
    lock = world.home / ".visor" / "vega.lock"
    wait_until(lambda: len(holders(lock)) > 100, "all of them are there")
    visor.stop()
    assert holders(lock) == []


def test_the_budget_ends(world):
    world.write_config(maxNumberOfRestarts=2)
    world.scenario(crash_after_ms=1, crash_exit=1)
    visor = world.start()
    assert visor.end() == 69
    assert len(world.pids()) == 3
    assert [line["restart"] for line in visor.said("the node will be restarted")] == [1, 2]
    assert visor.said("giving up: maxNumberOfRestarts")
    assert world.living() == []


def test_the_budget_ends_with_the_sibling_stopped(world_with_data_node):
    world = world_with_data_node
    world.write_config(maxNumberOfRestarts=0)
    world.scenario(processes={"vega": {"crash_at": 20, "crash_exit": 1}})
    visor = world.start()
    assert visor.end() == 69
    assert world.events("sigterm", process="data-node")
    assert world.living() == []


def test_the_budget_refills_while_the_node_answers(world):
    world.write_config(maxNumberOfRestarts=1, restartsBudgetResetSeconds=1)
    visor = world.up()
    for restart in (1, 2, 3):
        os.kill(world.pids()[-1], signal.SIGKILL)
        visor.wait("the node answers", count=restart + 1)
        visor.wait("all restarts are available again", count=restart)
    visor.stop()


def test_the_restart_delay(world):
    world.write_config(restartsDelaySeconds=1)
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    gone = world.events("block")
    visor.wait("the node answers", count=2)
    starts = world.events("main")
    assert (starts[1]["t_us"] - starts[0]["t_us"]) / 1e6 >= 1, gone
    visor.stop()


def test_a_node_that_never_answers_is_stopped_before_visor_leaves(world):
    world.write_config(maxNumberOfFirstConnectionRetries=1)
    world.scenario(start_delay_ms=600_000, stop_ms=100)
    visor = world.start()
    assert visor.end() == 69
    assert visor.said("did not answer in time")
    assert world.events("sigterm") and world.events("exit")
    assert world.living() == []


def test_a_slow_start_is_no_failure(world):
    world.scenario(start_delay_ms=3000)
    visor = world.up()
    assert len(world.pids()) == 1 and not visor.said("will be restarted")
    visor.stop()


def test_a_restarted_node_has_its_own_time_to_answer(world):
    world.write_config(maxNumberOfRestartConnectionRetries=1)
    visor = world.up()
    world.scenario(start_delay_ms=600_000)
    os.kill(world.pids()[0], signal.SIGKILL)
    assert visor.end() == 69
    assert len(world.pids()) == 2 and world.living() == []


@pytest.mark.parametrize("segment", [4711, {"number": 4711}])
def test_a_restart_with_a_data_node_loads_the_latest_segment(world_with_data_node, segment):
    world = world_with_data_node
    world.scenario(segment=segment)
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node answers", count=2)
    starts = world.events("main", process="vega")
    assert [height_of(start) for start in starts] == [None, "4711"]
    assert all(height_of(start) is None for start in world.events("main", process="data-node"))
    visor.stop()


def test_no_segments_yet_means_no_height(world_with_data_node):
    world = world_with_data_node
    world.scenario(segment="none")
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node answers", count=2)
    assert height_of(world.events("main", process="vega")[1]) is None
    visor.stop()


@pytest.mark.parametrize("segment", ["fail", "garbage", "null", "huge"])
def test_a_failed_segment_query_is_a_failed_start(world_with_data_node, segment):
    world = world_with_data_node
    world.write_config(maxNumberOfRestarts=2)
    world.scenario(segment=segment)
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    assert visor.end() == 69
    assert len(visor.said("the start failed")) == 2
    assert len(world.pids()) == 1 and world.living() == []


def test_an_operator_can_stop_during_a_segment_query_that_hangs(world_with_data_node):
    world = world_with_data_node
    world.scenario(segment="hang")
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node will be restarted")
    segment = world.wait_event("main", process="segment")["pid"]
    visor.stop()
    assert not alive(segment)


def test_the_operators_own_height_is_left_alone(world_with_data_node):
    world = world_with_data_node
    world.run_config("genesis", args=["start", "--home", str(world.node), SNAPSHOT + "=77"])
    world.scenario(segment=4711)
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node answers", count=2)
    for start in world.events("main", process="vega"):
        assert SNAPSHOT + "=77" in start["argv"] and SNAPSHOT not in start["argv"]
    assert not world.events("main", process="segment")
    visor.stop()


def test_a_start_that_fails_while_restarting_uses_the_budget(world):
    world.write_config(maxNumberOfRestarts=2)
    visor = world.up()
    (world.home / "genesis" / "vega").unlink()
    os.kill(world.pids()[0], signal.SIGKILL)
    assert visor.end() == 69
    assert len(visor.said("the start failed")) == 2
