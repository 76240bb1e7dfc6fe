"""Releases from a plain folder behind a real nginx: no API, Range as others implement it, TLS with a test CA."""

import pytest

from autoinstall import FAR, NEW, check_in_place
from fetching import ASSET, Fetch, program, sha256
from nginx import Nginx
from releases import Releases
from world import upgraded, wait_until


@pytest.fixture
def nginx(tmp_path):
    """Starts servers; they end with the test."""
    servers = []

    def start(folder, **more):
        servers.append(Nginx(tmp_path / f"nginx-{len(servers)}", folder, **more))
        return servers[-1]
    yield start
    for server in servers:
        server.close()


@pytest.fixture
def folder(tmp_path):
    """A folder of releases with nobody who serves it yet."""
    made = Releases(tmp_path / "mirror")
    made.make(NEW, size=2_000_000, sums=True)
    return made


def from_mirror(world, folder, url, **members):
    world.write_config(autoInstall={**folder.config(), "apiURL": url, "downloadURL": url, "verify": "require", **members})
    world.upgrade_at((NEW, FAR))


def test_an_upgrade_from_a_plain_folder(world, folder, nginx):
    server = nginx(folder.folder)
    from_mirror(world, folder, server.url)
    visor = world.up()
    visor.wait("verified", against="SHA256SUMS", tag=NEW)
    visor.wait("ready for the upgrade", tag=NEW)
    check_in_place(world)
    world.upgrade_at((NEW, 2))
    upgraded(world, visor, NEW)
    visor.stop()


def test_tls_with_a_ca_of_our_own(world, folder, nginx, authority):
    server = nginx(folder.folder, certificate=authority.certificate("IP:127.0.0.1"))
    from_mirror(world, folder, server.url)
    visor = world.start("run", "--home", world.home, SSL_CERT_FILE=str(authority.file))
    visor.wait("ready for the upgrade", tag=NEW)
    check_in_place(world)
    visor.stop()


def test_tls_that_nobody_vouches_for(world, folder, nginx, authority):
    server = nginx(folder.folder, certificate=authority.certificate("IP:127.0.0.1"))
    from_mirror(world, folder, server.url)
    visor = world.up()
    line = visor.wait("the release could not be fetched", tag=NEW)
    assert "certificate" in line["why"]
    assert not (world.home / NEW).exists()
    assert server.requests() == []
    visor.stop()


def large(tmp_path, size):
    content = program(size)
    path = tmp_path / "releases" / "owner" / "repo" / "releases" / "download" / "v1.1.0" / ASSET
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return content


def test_a_download_goes_on_by_range(tmp_path, nginx):
    content = large(tmp_path, 6_000_000)
    fetch = Fetch(tmp_path)
    server = nginx(tmp_path / "releases", bytes_per_second=2_000_000)
    run = fetch.start(apiURL=server.url, downloadURL=server.url, sha256=sha256(content))
    wait_until(lambda: fetch.part() > 1_000_000, "some of it came")
    run.kill()
    kept = fetch.part()
    again = fetch.done(content)
    assert again.said("resumed")[0]["bytes"] >= kept
    ranges = [request for request in server.requests() if request[2] == "206"]
    assert ranges and ranges[0][3] == f"bytes={again.said('resumed')[0]['bytes']}-" and ranges[0][4] != "-"


def test_what_has_changed_meanwhile_is_fetched_anew(tmp_path, nginx):
    large(tmp_path, 6_000_000)
    fetch = Fetch(tmp_path)
    server = nginx(tmp_path / "releases", bytes_per_second=2_000_000)
    run = fetch.start(apiURL=server.url, downloadURL=server.url)
    wait_until(lambda: fetch.part() > 1_000_000, "some of it came")
    run.kill()
    content = program(5_000_000, seed=2)
    (tmp_path / "releases" / "owner" / "repo" / "releases" / "download" / "v1.1.0" / ASSET).write_bytes(content)
    fetch.done(content, sha256=sha256(content))
    assert not [request for request in server.requests() if request[2] == "206"]


def test_a_large_file(tmp_path, nginx):
    content = large(tmp_path, 200_000_000)
    server = nginx(tmp_path / "releases")
    Fetch(tmp_path).done(content, apiURL=server.url, downloadURL=server.url, sha256=sha256(content))
