"""Whatever is killed while a release is fetched, and whenever: it gets into place, right and whole (see kills.py)."""

import pytest

from kills import Kills


@pytest.mark.parametrize("seed", range(4))
def test_kills_at_random_moments(world, releases, seed):
    Kills(world, releases, seed).run(10)
