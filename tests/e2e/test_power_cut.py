"""After a power cut at any point the home is valid and the right release starts (see power_cut.py and disk_model.py)."""

import stat

import pytest

from power_cut import power_cuts


@pytest.mark.parametrize("kind, starts, seed", [("fetched", 25, 1), ("fetched", 25, 2), ("prepared", 20, 3)])
def test_a_power_cut_at_any_point(kind, starts, seed):
    with power_cuts(kind) as cuts:
        assert sum(map(cuts.disk.concerns, cuts.records)) > 5, "what was recorded is about the home"
        cuts.run(starts, choices=8, seed=seed)
        assert cuts.starts > starts / 3


@pytest.mark.parametrize("what, kind", [(stat.S_ISREG, "fetched"), (stat.S_ISDIR, "fetched"), (stat.S_ISREG, "prepared"),
                                        (stat.S_ISDIR, "prepared")])
def test_a_missing_fsync_is_found(what, kind):
    """The test is itself tested: with files, or folders, that are never synchronised it must complain."""
    with power_cuts(kind) as cuts:
        cuts.records = [record for record in cuts.records if record.kind != "Y" or not what(record.mode)]
        with pytest.raises(AssertionError):
            cuts.run(0, choices=8, seed=1)


@pytest.mark.parametrize("kind", ["fetched", "prepared"])
def test_a_copy_that_is_not_synced_is_found(kind):
    with power_cuts(kind) as cuts:
        locks = {record.inode for record in cuts.records if record.kind == "C" and record.name == "vega.lock"}
        cuts.records = [record for record in cuts.records if record.kind != "Y" or record.inode not in locks]
        with pytest.raises(AssertionError, match="no durable copy"):
            cuts.run(0, choices=1, seed=1)
