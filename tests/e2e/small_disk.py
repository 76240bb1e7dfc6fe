"""A disk that is full: only where the machine lets a small one be mounted."""

import pathlib
import subprocess
import tempfile


def can_mount():
    """Root as a rule, but not in every container."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
        if mounted.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return mounted.returncode == 0


def fill(folder: pathlib.Path):
    """Leaves no page; returns what is to be removed."""
    ballast = folder / "ballast"
    with open(ballast, "wb", buffering=0) as stream:
        try:
            while stream.write(bytes(4096)):
                pass
        except OSError:
            pass
    return ballast
