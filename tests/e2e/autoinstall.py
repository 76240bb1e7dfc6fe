"""What the tests of fetching releases share."""

import json
import pathlib
import stat

import memcheck
from world import wait_until

FAR = 10**9
NEW = "v1.1.0"


def fetching(world, releases, **members):
    """Visor fetches from the server, and the network has accepted NEW."""
    world.write_config(autoInstall=releases.config(**members))
    world.upgrade_at((NEW, FAR))


def now_at_the_block(world, tag=NEW):
    world.upgrade_at((tag, 2))


def staging(world):
    folder = world.home / ".visor" / "staging"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def fetchers(visor):
    """The pids of visor-fetch below this visor."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "status").read_text()
                name = (memcheck.words_of(entry.name) or [""])[0]
            except OSError:
                continue
            if f"\nPPid:\t{visor.pid}\n" in status and name.endswith("visor-fetch"):
                found.append(int(entry.name))
    return found


def wait_fetcher(visor):
    return wait_until(lambda: fetchers(visor), "visor-fetch runs")[0]


def check_in_place(world, version=NEW, folder=None):
    folder = folder or world.home / version
    marker = json.loads((folder / ".visor-release.json").read_text())
    assert marker["tag"] == version
    assert stat.S_IMODE((folder / "vega").stat().st_mode) == 0o755
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "run-config.toml").stat().st_mode) == 0o600
    wait_until(lambda: not staging(world), lambda: f"left over: {staging(world)}")
    return marker
