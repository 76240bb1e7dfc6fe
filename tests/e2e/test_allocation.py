"""Visor without memory, for one allocation or some: its node takes no harm (see allocations.py)."""

import pathlib
import random
import shutil
import tempfile

import pytest

from allocations import Allocations

RUNS = 12


@pytest.fixture
def allocations():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="visor-"))
    (folder / "stamps").mkdir()
    made = Allocations(folder, folder / "stamps")
    try:
        yield made
    finally:
        made.world.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("seed", range(4))
def test_an_allocation_fails(allocations, seed):
    total = allocations.count()
    assert total > 500, "the shim sees what the program allocates"
    dice = random.Random(seed)
    allocations.run(sorted(dice.sample(range(1, total + 1), RUNS)), dice)
