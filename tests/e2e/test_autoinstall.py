"""The release of an accepted upgrade is fetched, verified, proven and put in place, long before its block."""

import ctypes
import mmap
import os

import pytest

from autoinstall import NEW, check_in_place, fetching, now_at_the_block
from world import alive, upgraded, wait_until


def test_fetched_before_the_block(world, releases):
    releases.make(NEW)
    fetching(world, releases)
    visor = world.up()
    visor.wait("verified", against="digest", tag=NEW)
    visor.wait("the fetched release is in place", tag=NEW)
    visor.wait("ready for the upgrade", tag=NEW)
    marker = check_in_place(world)
    assert marker["sha256"] == releases.sha256(NEW, "vega-linux-amd64.zip")
    assert world.events("main", version=NEW) == []
    now_at_the_block(world)
    upgraded(world, visor, NEW)
    assert world.current == world.home / NEW
    assert not visor.said("THE NETWORK WAITS")
    assert len(releases.requests(on="api")) == 1
    visor.stop()


def test_comments_and_order_of_the_run_config_are_kept(world_with_data_node, releases):
    world = world_with_data_node
    releases.make(NEW)
    fetching(world, releases)
    path = world.home / "genesis" / "run-config.toml"
    path.write_text("# mine\n\n" + path.read_text().replace("[vega.rpc]", "[vega.rpc] # the socket") + "\n# the end\n")
    visor = world.up()
    visor.wait("the fetched release is in place")
    made = (world.home / NEW / "run-config.toml").read_text()
    assert made == path.read_text().replace('"genesis"', f'"{NEW}"')
    now_at_the_block(world)
    upgraded(world, visor, NEW)
    wait_until(lambda: world.events("main", version=NEW, process="data-node"), world.said)
    visor.stop()


def test_the_data_node_of_old_days_learns_its_word(world_with_data_node, releases):
    world = world_with_data_node
    releases.make(NEW)
    fetching(world, releases)
    visor = world.up()
    path = world.home / "genesis" / "run-config.toml"
    path.write_text(path.read_text().replace('"datanode", "start"', '"start"'))  # a data-node binary of its own
    releases.rules()
    visor.wait("the fetched release is in place")
    made = (world.home / NEW / "run-config.toml").read_text()
    assert '"datanode", "start"' in made
    visor.stop()


def test_ready_before_it_is_there(world, releases):
    """The network waits, the download is slow: the old node stays up until the release is proven."""
    releases.make(NEW, size=3_000_000)
    releases.scenario(throttle_bytes_per_second=2_000_000)
    fetching(world, releases)
    visor = world.up()
    releases.wait_request(on="download")
    now_at_the_block(world)
    visor.wait("THE NETWORK WAITS", tag=NEW)
    assert alive(world.pids()[0])
    upgraded(world, visor, NEW)
    assert len(releases.requests(on="download")) == 1
    visor.stop()


def test_ready_ends_the_wait_for_the_spread(world, releases):
    releases.make(NEW)
    fetching(world, releases, prefetchSpreadSeconds=1_000_000)
    visor = world.up()
    visor.wait("the release is missing and will be fetched", tag=NEW)
    assert releases.requests() == []
    now_at_the_block(world)
    upgraded(world, visor, NEW)
    visor.stop()


def test_without_prefetch_only_when_the_network_waits(world, releases):
    releases.make(NEW)
    fetching(world, releases, prefetch=False)
    visor = world.up()
    visor.wait("the release is not ready", tag=NEW)
    assert releases.requests() == []
    now_at_the_block(world)
    upgraded(world, visor, NEW)
    visor.stop()


def test_a_server_that_fails_is_asked_again(world, releases):
    releases.make(NEW)
    releases.rules({"status": 503, "times": 4})
    fetching(world, releases)
    visor = world.up()
    visor.wait("the release could not be fetched; trying again", tag=NEW)
    visor.wait("the fetched release is in place", tag=NEW)
    assert alive(world.pids()[0])
    visor.stop()


def test_a_release_published_in_parts(world, releases):
    """Good nodes were once stopped by a release whose binary was not there yet."""
    releases.add(NEW, {"README.txt": "soon"})
    fetching(world, releases)
    visor = world.up()
    line = visor.wait("the release could not be fetched", tag=NEW)
    assert "README.txt" in line["why"]
    releases.make(NEW)
    visor.wait("the fetched release is in place", tag=NEW)
    visor.stop()


def test_the_wrong_version_is_thrown_away_and_fetched_anew(world, releases):
    releases.make(NEW, version="v1.0.9")
    fetching(world, releases)
    visor = world.up()
    line = visor.wait("the release is not ready", tag=NEW)
    assert "v1.0.9" in line["why"]
    visor.wait("thrown away", tag=NEW)
    assert not (world.home / NEW).exists()
    releases.make(NEW)
    visor.wait("the fetched release is in place", tag=NEW)
    check_in_place(world)
    visor.stop()


def test_a_wrong_digest_is_loud_and_tried_again(world, releases):
    releases.make(NEW)
    releases.rules({"on": "api", "digest": "wrong", "times": 1})
    fetching(world, releases)
    visor = world.up()
    line = visor.wait("the release could not be fetched", tag=NEW, step="verify")
    assert line["level"] == "error"
    visor.wait("the fetched release is in place", tag=NEW)
    assert len(releases.requests(on="download")) == 2
    visor.stop()


@pytest.mark.parametrize("data_node", [False, True])
def test_autoinstall_of_a_bare_binary(world, releases, data_node):
    world.has_data_node = data_node
    world.run_config("genesis")
    releases.add(NEW, {"vega": world.binary(NEW)}, sums=True)
    releases.rules({"on": "api", "asset": "vega", "digest": "missing"})
    fetching(world, releases, asset="vega", binary="")
    visor = world.up()
    visor.wait("verified", against="SHA256SUMS", tag=NEW)
    now_at_the_block(world)
    upgraded(world, visor, NEW)
    visor.stop()


def resident_bytes(path):
    """How much of a file is in the page cache."""
    size = path.stat().st_size
    with open(path, "rb") as stream, mmap.mmap(stream.fileno(), size, flags=mmap.MAP_PRIVATE,
                                               prot=mmap.PROT_READ | mmap.PROT_WRITE) as mapped:
        pages = (size + mmap.PAGESIZE - 1) // mmap.PAGESIZE
        state = (ctypes.c_ubyte * pages)()
        address = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
        assert ctypes.CDLL(None).mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), state) == 0
        return min(size, sum(page & 1 for page in state) * mmap.PAGESIZE)


def test_the_new_binary_is_read_ahead_while_the_old_node_stops(world, releases):
    releases.make(NEW, size=8_000_000)
    world.scenario(stop_ms=3000)
    fetching(world, releases)
    visor = world.up()
    visor.wait("ready for the upgrade", tag=NEW)
    check_in_place(world)
    binary = world.home / NEW / "vega"
    with open(binary, "rb") as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    now_at_the_block(world)
    visor.wait("stopping the old release", tag=NEW)
    wait_until(lambda: resident_bytes(binary) == binary.stat().st_size, "all of it is in memory")
    assert world.events("exit", version="v1.0.0") == []  # the old node still stops
    upgraded(world, visor, NEW)
    visor.stop()


def test_a_release_that_does_not_run_is_thrown_away_and_fetched_anew(world, releases):
    releases.add(NEW, {"vega-linux-amd64.zip": b"#!/bin/sh\nexit 3\n"})
    fetching(world, releases)
    visor = world.up()
    line = visor.wait("the release is not ready", tag=NEW)
    assert "exited with code 3" in line["why"]
    visor.wait("thrown away", tag=NEW)
    releases.make(NEW)
    visor.wait("the fetched release is in place", tag=NEW)
    check_in_place(world)
    visor.stop()


def test_what_is_thrown_away_again_and_again_does_not_fill_the_log(world, releases):
    releases.make(NEW, version="v1.0.9")
    fetching(world, releases)
    visor = world.up()
    visor.wait("thrown away", count=3)
    for message in ("fetched and unpacked", "verified", "thrown away"):
        told = [line for line in visor.said(message, tag=NEW) if line["level"] != "debug"]
        assert len(told) == 1, told
    visor.stop()
