"""A node that was started by an older Visor, whose lock file tells less."""

import json
import signal

LATER = ("process", "homeDevice", "homeInode")


def test_it_is_taken_over_and_told_in_full(world_with_data_node):
    world = world_with_data_node
    visor = world.up()
    visor.wait("this release runs")
    visor.signal(signal.SIGKILL)
    visor.end()
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
