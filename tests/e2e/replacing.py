"""A visor that can be replaced while it runs, as a package manager does it."""

import shutil
import subprocess

import pytest

from world import VISOR


@pytest.fixture
def installed(world, monkeypatch):
    """A visor of the test's own, so that it can be replaced."""
    program = world.folder / "bin" / "visor"
    program.parent.mkdir()
    shutil.copy(VISOR, program)
    monkeypatch.setattr("world.VISOR", program)
    return program


def command(world, program=VISOR):
    return [program, "reexec", "--home", world.home]


def reexec(world, program=VISOR):
    return subprocess.run(command(world, program), capture_output=True, text=True, timeout=60, check=False)


def install(program, text=None, mode=0o755):
    """Replaces it by rename."""
    new = program.with_name("visor.new")
    if text is None:
        shutil.copy(VISOR, new)
    else:
        new.write_text(text)
    new.chmod(mode)
    new.rename(program)


def install_with(program, afterwards):
    """A visor that rehearses well; then the shell command @afterwards is run, before the exec and so unseen by it."""
    real = program.with_name("visor-to-be")
    shutil.copy(VISOR, real)
    install(program, f"""#!/bin/sh
if [ "$1" != rehearse ]; then exec {real} "$@"; fi
{real} "$@" || exit
{afterwards}
""")
