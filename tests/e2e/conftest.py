import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

import memcheck
from authority import Authority
from fetching import Fetch
from hostile_server import HostileServer
from releases import Releases
from world import World


# Below nohup, or in the background of a script, these are ignored, and so they would be by every program under test.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def reports(request):
    """In `make valgrind`, what valgrind says of a test's programs fails the test."""
    if not memcheck.wanted():
        yield
        return
    said = memcheck.reports_of(request.node.nodeid)
    yield
    assert not (text := said()), text


@pytest.fixture(scope="session")
def stamps(tmp_path_factory):
    """Releases of the simulated node, each stamped once a session."""
    return tmp_path_factory.mktemp("stamps")


@pytest.fixture
def world(stamps):
    """A home with release v1.0.0 in genesis, not yet running. Its path is short: sockets have 107 bytes."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="visor-"))
    made = World(folder, stamps)
    try:
        yield made
        made.cleanup()
        made.check()
    finally:
        made.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def small_disk(world):
    """HOME/.visor on a disk of 64 KiB, where small_disk.can_mount() says so."""
    folder = world.home / ".visor"
    folder.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", folder], check=True)
    yield folder
    world.cleanup()
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def world_with_data_node(world):
    world.has_data_node = True
    world.run_config("genesis")
    return world


@pytest.fixture
def releases(tmp_path):
    """A release server that runs and has no releases yet."""
    server = Releases(tmp_path)
    try:
        yield server.start()
        server.stop()
        server.check()
    finally:
        if server.process:
            server.process.kill()
            server.process.wait()


@pytest.fixture
def server():
    """A web server of the test's own, on a port of its own."""
    made = HostileServer()
    yield made
    made.close()


@pytest.fixture
def fetch(tmp_path, server):
    """visor-fetch with a staging folder, and the server for API and downloads."""
    return Fetch(tmp_path, server)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))
