"""A fetch that is cut short: by the network, by the operator, by a kill, by a server that hangs."""

import os
import signal

from autoinstall import FAR, NEW, check_in_place, fetching, wait_fetcher
from world import alive, wait_until


def test_retracted_while_fetching(world, releases):
    releases.make(NEW, size=3_000_000)
    releases.rules({"on": "download", "stall_at": 1_000_000})
    fetching(world, releases)
    visor = world.up()
    pid = wait_fetcher(visor)
    releases.wait_request(on="download")
    world.upgrade_at()
    visor.wait("the fetch is cancelled", tag=NEW)
    wait_until(lambda: not alive(pid), "visor-fetch is gone")
    assert not (world.home / NEW).exists()
    releases.rules()
    world.upgrade_at((NEW, FAR))  # and accepted again: goes on where it was
    visor.wait("the fetched release is in place", tag=NEW)
    visor.stop()


def test_another_release_while_fetching(world, releases):
    releases.make(NEW, size=3_000_000)
    releases.make("v1.2.0")
    releases.rules({"on": "download", "asset": "vega-linux-amd64.zip", "stall_at": 1_000_000, "times": 1})
    fetching(world, releases)
    visor = world.up()
    releases.wait_request(on="download")
    world.upgrade_at(("v1.2.0", FAR))
    visor.wait("the fetched release is in place", tag="v1.2.0")
    check_in_place(world, "v1.2.0")
    assert not (world.home / NEW).exists()
    visor.stop()


def test_a_finished_folder_stays_when_the_upgrade_is_retracted(world, releases):
    releases.make(NEW)
    fetching(world, releases)
    visor = world.up()
    visor.wait("ready for the upgrade", tag=NEW)
    world.upgrade_at()
    visor.wait("its folder stays in place", tag=NEW)
    check_in_place(world)
    world.upgrade_at((NEW, FAR))
    visor.wait("ready for the upgrade", 2, tag=NEW)
    assert len(releases.requests(on="download")) == 1
    visor.stop()


def test_switched_off_while_fetching(world, releases):
    releases.make(NEW, size=3_000_000)
    releases.rules({"on": "download", "stall_at": 1_000_000})
    fetching(world, releases)
    visor = world.up()
    pid = wait_fetcher(visor)
    releases.wait_request(on="download")
    world.write_config(autoInstall={"enabled": False})
    visor.wait("the fetch is cancelled", tag=NEW)
    wait_until(lambda: not alive(pid), "visor-fetch is gone")
    visor.stop()


def test_visor_fetch_killed_goes_on_where_it_was(world, releases):
    releases.make(NEW, size=3_000_000)
    releases.rules({"on": "download", "stall_at": 2_000_000, "times": 1})
    fetching(world, releases)
    visor = world.up()
    pid = wait_fetcher(visor)
    part = world.home / ".visor" / "staging" / NEW / "asset.part"
    wait_until(lambda: part.exists() and part.stat().st_size >= 1_900_000, "most of it came")
    os.kill(pid, signal.SIGKILL)
    visor.wait("the fetched release is in place", tag=NEW)
    assert releases.requests(on="download", status=206)
    check_in_place(world)
    assert len(world.pids()) == 1  # the node did not notice
    visor.stop()


def test_visor_stopped_while_fetching_goes_on_at_the_next_start(world, releases):
    releases.make(NEW, size=3_000_000)
    releases.rules({"on": "download", "stall_at": 2_000_000, "times": 1})
    fetching(world, releases)
    visor = world.up()
    pid = wait_fetcher(visor)
    part = world.home / ".visor" / "staging" / NEW / "asset.part"
    wait_until(lambda: part.exists() and part.stat().st_size >= 1_900_000, "most of it came")
    visor.stop()
    assert not alive(pid)
    visor = world.up()
    visor.wait("the fetched release is in place", tag=NEW)
    assert releases.requests(on="download", status=206)
    check_in_place(world)
    visor.stop()


def test_a_server_that_hangs_disturbs_nothing(world, releases):
    releases.make(NEW)
    releases.rules({"hang": True})
    fetching(world, releases, stallTimeoutSeconds=1)
    visor = world.up()
    releases.wait_request()
    os.kill(world.pids()[0], signal.SIGKILL)  # supervision goes on
    world.wait_event("main", 2)
    visor.wait("the release could not be fetched", tag=NEW)
    releases.rules()
    visor.wait("the fetched release is in place", tag=NEW)
    visor.stop()
