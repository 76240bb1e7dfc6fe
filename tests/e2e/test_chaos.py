"""Rounds of chaos.py, as many as there is time for: `make chaos N=2000` plays more."""

import subprocess
import sys

from small_disk import can_mount
from world import BUILD, DEADLINE_FACTOR, ROOT

ROUNDS = 200 // DEADLINE_FACTOR**2
DEADLINE_SECONDS = 300 * DEADLINE_FACTOR


def test_chaos():
    played = subprocess.run(
        [sys.executable, ROOT / "tests" / "e2e" / "chaos.py", BUILD, "--rounds", str(ROUNDS), "--seed", "1"],
        capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)
    assert played.returncode == 0 and f"{ROUNDS} rounds in" in played.stdout, played.stdout + played.stderr
    assert ("skipped: 0" in played.stdout) == can_mount(), played.stdout
