"""Visor without memory, for one allocation or some: its node takes no harm (see allocations.py)."""

import random

import pytest

from allocations import LIVES, allocations_of

RUNS = 12


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("seed", range(2))
def test_an_allocation_fails(life, seed):
    with allocations_of(life) as allocations:
        total = allocations.count()
        assert total > 500, "the shim sees what the program allocates"
        dice = random.Random(seed)
        allocations.run(sorted(dice.sample(range(1, total + 1), RUNS)), dice)
