"""Visor, a child before it is the node, or visor-fetch dies at each fail point: the next Visor ends in the same place."""

import os
import re
import subprocess

import pytest

from fail_points import POINTS, Scenario
from world import BUILD, ROOT

# Scenario: the points that it passes, with the number of the pass where the first is not the one that matters.
PASSED = {
    "start": "FILE_WRITTEN FILE_RENAMED FILE_DURABLE STATE_BEFORE STATE_SAVED CURRENT_PREPARED CURRENT_RENAMED "
             "CURRENT_DURABLE LOCK_TAKEN RECORD_UNSIGNED RECORD_WRITTEN FORKED CHILD_UNSIGNED CHILD_SIGNED SPAWNED NOTE_WRITTEN "
             "LOCK_TAKEN:2 RECORD_WRITTEN:2 FORKED:2 CHILD_UNSIGNED:2 CHILD_SIGNED:2 SPAWNED:2 NOTE_WRITTEN:2",
    "restart": "END_SEEN LOCK_FREE LOCK_TAKEN:2 FORKED:2 CHILD_UNSIGNED:2 SPAWNED:2",
    "restart_both": "END_SEEN TERMINATED END_SEEN:2 LOCK_FREE LOCK_FREE:2 LOCK_TAKEN:3 FORKED:3 SPAWNED:3 LOCK_TAKEN:4 "
                    "RECORD_UNSIGNED:4 FORKED:4 CHILD_UNSIGNED:4 SPAWNED:4",
    "stop": "TERMINATED END_SEEN LOCK_FREE",
    "upgrade": "FILE_WRITTEN:2 FILE_RENAMED:2 FILE_DURABLE:2 STATE_BEFORE:2 STATE_SAVED:2 CURRENT_PREPARED:2 TERMINATED "
               "END_SEEN LOCK_FREE CURRENT_RENAMED:2 CURRENT_DURABLE:2 LOCK_TAKEN:2 RECORD_WRITTEN:2 FORKED:2 "
               "CHILD_UNSIGNED:2 CHILD_SIGNED:2 SPAWNED:2 STATE_BEFORE:3 FILE_RENAMED:3 STATE_SAVED:3 STATE_BEFORE:4 "
               "FILE_RENAMED:4 STATE_SAVED:4",
    "upgrade_both": "TERMINATED TERMINATED:2 END_SEEN END_SEEN:2 LOCK_FREE LOCK_FREE:2 STATE_SAVED:2 CURRENT_DURABLE:2 "
                    "LOCK_TAKEN:3 FORKED:3 SPAWNED:3 LOCK_TAKEN:4 FORKED:4 CHILD_SIGNED:4 SPAWNED:4 STATE_SAVED:3",
    "fetch": "STAGING_MADE FETCH_STARTED FETCH_COMMITTED FETCH_MARKED FETCH_ENDED RUN_CONFIG_DERIVED RELEASE_MARKED "
             "PLACEMENT_CHECKED RELEASE_RENAMED RELEASE_PLACED PUT_ASIDE",
    "supply": "BINARY_LINKED PUT_ASIDE",
    "reload": "CONFIG_READ CONFIG_TAKEN_OVER",
    "adopt": "ADOPTED NOTE_WRITTEN",
    "reexec": "REEXEC_LEFT REEXEC_BEGUN",
}
CASES = [(scenario, point) for scenario, points in PASSED.items() for point in points.split()]


@pytest.mark.parametrize("scenario, point", CASES)
def test_dying_at_a_fail_point(world, releases, scenario, point):
    played = Scenario(world, releases, point)
    died = played.play(scenario)
    if played.dies == "VISOR":
        assert died, f"{point} was never passed:\n{played.visor.text()}"
    else:
        assert not died and "SIGKILL" in played.visor.text(), f"{point} was never passed:\n{played.visor.text()}"
    played.go_on()


def test_every_fail_point_is_passed():
    assert {point.split(":")[0] for _, point in CASES} == set(POINTS)


def test_every_fail_point_is_somewhere():
    placed = [name for path in (ROOT / "src").rglob("*.c")
              for name in re.findall(r"\bFAIL_POINT(?:_IF)?\((?:.*, )?(\w+)\);", path.read_text())]
    assert set(placed) == set(POINTS)


def test_an_ordinary_build_contains_no_fail_points():
    """What its preprocessor leaves of them is a constant that nobody looks at."""
    files = [path for path in (ROOT / "src").rglob("*.c") if "FAIL_POINT" in path.read_text()
             and path.name != "fail_point.c"]
    assert len(files) > 10
    for path in files:
        command = [os.environ.get("CC", "cc"), "-D_GNU_SOURCE", f"-I{ROOT / 'src'}", f"-I{BUILD}",
                   "-E", str(path)]
        ordinary = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        deadly = subprocess.run([*command, "-DVISOR_FAIL_POINTS"], check=True, capture_output=True, text=True).stdout
        assert "fail_point_pass" not in ordinary and "fail_point_pass(" in deadly, path
