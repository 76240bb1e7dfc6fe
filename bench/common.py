"""What the benches share: worlds with the default settings, and how a figure is shown."""

import os
import pathlib
import shutil
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOOK_SECONDS = 0.1  # between two looks at a log: whoever looks takes the processor from what is measured


def load_world(build):
    os.environ["VISOR_BUILD"] = str(build)
    sys.path.insert(0, str(ROOT / "tests" / "e2e"))
    import world
    world.LOOK_SECONDS = LOOK_SECONDS
    return world


def fresh(world, stamps):
    made = world.World(pathlib.Path(tempfile.mkdtemp(prefix="visor-bench-")), stamps)
    made.settings["rpc"] = {}  # the defaults of config.toml
    made.settings["log"] = {"format": "json", "level": "info"}
    made.write_config()
    return made


def finish(made):
    made.cleanup()
    shutil.rmtree(made.folder)


def show(name, values_ms, against=None):
    median = statistics.median(values_ms)
    line = f"{name:<48}{min(values_ms):9.2f} {median:9.2f} {max(values_ms):9.2f} ms"
    print(line + (f"   {against}" if against else ""), flush=True)
    return median


def status(pid, key):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    raise KeyError(key)


def upgrade_times(made):
    """Takes @made, whose release v1.1.0 is prepared or will be, through its upgrade: (ready -> SIGTERM, old node gone ->
    new node's main()), by the node's own event log."""
    made.scenario(block_time_ms=20, stop_ms=100)
    made.upgrade_at(("v1.1.0", 10**9))
    visor = made.start()
    visor.wait("ready for the upgrade", tag="v1.1.0")
    made.upgrade_at(("v1.1.0", 2))  # long passed: ready with the next block
    visor.wait("the upgrade is complete")
    first = {(event["version"], event["event"]): event["t_us"] for event in reversed(made.events())}
    visor.stop()
    made.check()
    finish(made)
    return (
        (first["v1.0.0", "sigterm"] - first["v1.0.0", "ready"]) / 1000,
        (first["v1.1.0", "main"] - first["v1.0.0", "exit"]) / 1000,
    )
