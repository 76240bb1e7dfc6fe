"""What the programs are made of: the resident one touches neither the internet nor an archive."""

import pathlib
import re
import subprocess

import pytest

from world import BUILD, SIM, VISOR

FETCH = BUILD / "src" / "fetch" / "visor-fetch"


def needed(program):
    """The libraries that a program asks for, without version, those of its libraries included."""
    listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return {re.sub(r"\.so.*", "", pathlib.Path(line.split()[0]).name) for line in listed.splitlines()}


def test_the_resident_process_links_only_what_it_may():
    direct = subprocess.run(["objdump", "-p", VISOR], check=True, capture_output=True, text=True).stdout
    libraries = set(re.findall(r"NEEDED\s+(lib[\w+-]+)", direct))
    assert libraries <= {"libsystemd", "libjansson", "libc", "libm", "libasan", "libubsan", "libgcc_s"}


@pytest.mark.parametrize("library", ["libcurl", "libarchive", "libcrypto", "libssl", "libseccomp", "libstdc++"])
def test_the_resident_process_does_not_link(library):
    # libsystemd brings libgcrypt and compression along, and loads them itself; these it does not.
    direct = subprocess.run(["objdump", "-p", VISOR], check=True, capture_output=True, text=True).stdout
    assert library not in direct
    assert library not in needed(VISOR) or library == "libstdc++"


def test_the_simulated_node_starts_with_few():
    assert needed(SIM) <= {"linux-vdso", "libjansson", "libc", "ld-linux-x86-64", "ld-linux-aarch64", "libasan",
                           "libubsan", "libm", "libgcc_s", "libstdc++"}


def test_visor_fetch_is_another_program():
    assert {"libcurl", "libarchive", "libcrypto", "libseccomp"} <= needed(FETCH)
