"""Many histories in the fast build; the same seed is the same history; and a share of the mutations is found."""

import datetime
import os
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from mutation_list import MUTATIONS  # noqa: E402
from mutations import Bench  # noqa: E402

PARTS = 6  # of the mutations, one a day


def simulator(build):
    return pathlib.Path(os.environ[build]) / "tests" / "simulation" / "simulate"


def run(*command):
    return subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True)


def test_histories():
    """Nothing is violated, and the driver gets everywhere: only what cannot happen is never met."""
    done = run(simulator("VISOR_PLAIN_BUILD"), "--seeds", 20000)
    assert done.returncode == 0, done.stdout[-20000:]
    lines = done.stdout.splitlines()
    assert "never done:" in lines, "an action that no history has"
    said = lines[lines.index("never said:") + 1 :]
    unsaid = [line.strip() for line in said if line.startswith("  ")]
    assert unsaid == ["an event came that cannot happen in this state; please report this"]


@pytest.mark.parametrize("seed", [1, 7, 58, 311, 1344, 6039])
def test_same_seed_same_history(seed):
    """Byte for byte, twice, and in another build by another compiler."""
    first = run(simulator("VISOR_PLAIN_BUILD"), seed)
    assert first.stdout
    assert run(simulator("VISOR_PLAIN_BUILD"), seed).stdout == first.stdout
    assert run(simulator("VISOR_BUILD"), seed).stdout == first.stdout


def test_jobs_do_not_matter():
    def result(jobs):
        said = run(simulator("VISOR_PLAIN_BUILD"), "--seeds", 500, "--jobs", jobs, "--brief").stdout
        return said.split("simulated years")[1]

    assert result(1) == result(3)


def test_a_share_of_the_mutations():
    """All of them take minutes: `make mutations`. Here they come in turn, so that no week passes without any."""
    part = datetime.date.today().toordinal() % PARTS + 1
    done = run(sys.executable, HERE / "mutations.py", "--part", f"{part}/{PARTS}")
    assert done.returncode == 0, done.stdout


def test_a_failing_seed_is_told_and_shrunk(tmp_path):
    """Alone it fails in the same way, and a much shorter history of few faults does so, too."""
    number, mutation = next(item for item in enumerate(MUTATIONS) if item[1].name == "leave-then-save")
    program = Bench(tmp_path).mutate(number, mutation)
    many = run(program, "--seeds", 20000)
    failure = re.search(r"^seed (\d+) violates (\w+): .*$", many.stdout, flags=re.M)
    before, after = map(int, re.search(r"^shrunk from (\d+) choices to (\d+):$", many.stdout, flags=re.M).groups())
    told = many.stdout[many.stdout.index("\nshrunk from") :].splitlines()
    assert many.returncode == 1 and after < before, many.stdout[:2000]
    assert f"VIOLATED {failure[2]}:" in "\n".join(told)
    alone = run(program, failure[1])
    assert alone.returncode == 1 and failure[0] in alone.stdout
    assert len(told) < len(alone.stdout.splitlines())


def test_every_mutation_can_be_made():
    """The list is in step with the core."""
    core = HERE.parent.parent / "src" / "core"
    stale = [mutation.name for mutation in MUTATIONS
             if (core / mutation.file).read_text(encoding="utf-8").count(mutation.old) != 1]
    assert not stale
    assert len(MUTATIONS) == len({mutation.name for mutation in MUTATIONS})
