"""A disk that was full when the node was started: what a new Visor needs is written down as soon as there is room."""

import signal
import subprocess

from small_disk import can_mount, fill
from test_state_lost import copy_of_state, state, to_be_upgraded
from world import VISOR, wait_until

UNWRITTEN = "what runs cannot be written down"


class TestFullDisk:
    __test__ = can_mount()

    def test_it_is_written_down_when_there_is_room(self, world_with_data_node, small_disk):
        world = world_with_data_node
        ballast = fill(small_disk)
        visor = world.up()
        visor.wait(UNWRITTEN, component="vega", error="No space left")
        visor.wait(UNWRITTEN, component="data-node")
        ballast.unlink()
        visor.wait("what runs is written down now", component="vega")
        visor.wait("what runs is written down now", component="data-node")
        assert len(visor.said(UNWRITTEN)) == 2
        visor.kill()
        successor = world.start()
        successor.wait("taken over, alive", count=2)
        successor.stop()
        assert len(world.pids()) == 1 and len(world.pids("data-node")) == 1

    def test_no_reexec_into_what_could_not_take_over(self, world, small_disk):
        visor = world.up()
        ballast = fill(small_disk)
        (small_disk / "vega.lock").unlink()  # its room is given back only when the node ends
        visor.wait(UNWRITTEN)
        command = [VISOR, "reexec", "--home", world.home]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert refused.returncode == 86 and "No space left on device" in refused.stderr, refused
        ballast.unlink()
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done
        visor.stop()
        assert len(world.pids()) == 1 and world.living() == []

    def test_no_reexec_without_the_state(self, world, small_disk):
        visor = world.up()
        wait_until((small_disk / "state.json").exists, "what runs is recorded")
        fill(small_disk)
        visor.signal(signal.SIGSTOP)  # or it would be written again before its room is taken
        (small_disk / "state.json").unlink()
        ballast = fill(small_disk)
        visor.signal(signal.SIGCONT)
        command = [VISOR, "reexec", "--home", world.home]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert refused.returncode == 86 and "No space left on device" in refused.stderr, refused
        ballast.unlink()
        wait_until((small_disk / "state.json").exists, "visor tries again by itself")
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done
        visor.stop()
        assert len(world.pids()) == 1 and world.living() == []

    def test_what_is_written_needs_no_more_room(self, world, small_disk):
        visor = world.up()
        fill(small_disk)
        visor.kill()
        successor = world.start()
        successor.wait("taken over, alive")
        successor.stop()
        assert not successor.said(UNWRITTEN) and len(world.pids()) == 1

    def test_what_is_recorded_when_the_core_is_dead_has_its_copy_too(self, world, small_disk):
        """That the new release has answered cannot be recorded until the disk has room, and that is when visor leaves."""
        visor = to_be_upgraded(world, start_delay_ms=600_000)
        world.wait_event("main", version="v1.1.0")
        wait_until(lambda: state(world)["release"]["stage"] == copy_of_state(world)["release"]["stage"] == "switched", "both")
        ballast = fill(small_disk)
        world.scenario(versions={})
        visor.wait("the node answers", count=2)
        assert state(world)["release"]["stage"] == copy_of_state(world)["release"]["stage"] == "switched"
        ballast.unlink()
        visor.stop()
        assert state(world)["release"]["stage"] == "answered" and copy_of_state(world) == state(world)
