"""What an operator does beside: folders and run-configs of their own, settings, and what is kept."""

import json
import shutil

from autoinstall import FAR, NEW, check_in_place, fetching, now_at_the_block, staging
from world import VISOR, upgraded, wait_until


def test_the_operators_folder_is_not_touched(world, releases):
    releases.make(NEW)
    folder = world.release(NEW, "v1.0.5")  # a binary of another version: wrong, but the operator's

    def look():  # reading is allowed: it is the time of access that may change
        return {path.name: (path.stat().st_ino, path.stat().st_mode, path.stat().st_ctime_ns) for path in folder.iterdir()}

    before = look()
    fetching(world, releases)
    visor = world.up()
    visor.wait("the release is not ready", tag=NEW)
    now_at_the_block(world)
    visor.wait("THE NETWORK WAITS", tag=NEW)
    assert look() == before
    assert releases.requests() == []
    world.put_binary(folder, NEW)
    upgraded(world, visor, NEW)
    visor.stop()


def test_a_folder_with_a_run_config_gets_the_binary_and_nothing_else(world, releases):
    releases.make(NEW)
    (world.home / NEW).mkdir()
    world.run_config(NEW, path="bin/vega-of-mine")
    text = (world.home / NEW / "run-config.toml").read_text()
    fetching(world, releases)
    visor = world.up()
    visor.wait("ready for the upgrade", tag=NEW)
    assert sorted(path.name for path in (world.home / NEW).iterdir()) == ["bin", "run-config.toml"]
    assert [path.name for path in (world.home / NEW / "bin").iterdir()] == ["vega-of-mine"]
    assert (world.home / NEW / "run-config.toml").read_text() == text
    now_at_the_block(world)
    upgraded(world, visor, NEW)
    visor.stop()


def test_a_half_made_folder_is_left_alone(world, releases):
    releases.make(NEW)
    (world.home / NEW).mkdir()
    (world.home / NEW / "notes").write_text("mine")
    fetching(world, releases)
    visor = world.up()
    visor.wait("the release is not ready", tag=NEW)
    assert [path.name for path in (world.home / NEW).iterdir()] == ["notes"]
    (world.home / NEW / "notes").unlink()  # an empty folder is as good as none
    visor.wait("the fetched release is in place", tag=NEW)
    visor.stop()


def test_switched_on_while_running(world, releases):
    releases.make(NEW)
    world.write_config(autoInstall={**releases.config(), "enabled": False})
    world.upgrade_at((NEW, FAR))
    visor = world.up()
    visor.wait("the release is not ready", tag=NEW)
    assert releases.requests() == []
    world.write_config(autoInstall={"enabled": True})
    visor.wait("the fetched release is in place", tag=NEW)
    visor.stop()


def test_changed_settings_are_tried_at_once(world, releases):
    releases.make(NEW)
    fetching(world, releases, repository="wrong")
    visor = world.up()
    visor.wait("the release could not be fetched", tag=NEW)
    world.write_config(autoInstall={"repository": releases.repository})
    visor.wait("the fetched release is in place", tag=NEW)
    visor.stop()


def test_a_mapped_folder(world, releases):
    releases.make(NEW)
    fetching(world, releases)
    world.write_config(upgradeFolders={NEW: "releases/eleven"})
    visor = world.up()
    visor.wait("the fetched release is in place", tag=NEW)
    check_in_place(world, folder=world.home / "releases" / "eleven")
    now_at_the_block(world)
    upgraded(world, visor, NEW)
    assert world.current == world.home / "releases" / "eleven"
    visor.stop()


def upgrade_through(world, visor, releases, versions):
    for version in versions:
        releases.make(version)
        world.upgrade_at((version, FAR))
        visor.wait("ready for the upgrade", tag=version)
        world.upgrade_at((version, 2))
        upgraded(world, visor, version)
        world.upgrade_at()


def test_old_releases_go_when_there_are_too_many(world, releases):
    world.write_config(autoInstall=releases.config(keepReleases=1))
    visor = world.up()
    mine = world.release("v0.9.0", "v0.9.0")  # an operator's folder
    upgrade_through(world, visor, releases, ["v1.1.0", "v1.2.0"])
    (world.home / "v1.1.0" / "notes").write_text("mine")  # what holds a file of the operator's stays
    upgrade_through(world, visor, releases, ["v1.3.0", "v1.4.0", "v1.5.0"])
    expected = {"genesis", "v0.9.0", "v1.1.0", "v1.3.0", "v1.4.0", "v1.5.0"}

    def folders():
        return {path.name for path in world.home.iterdir() if path.is_dir() and not path.is_symlink()} - {".visor"}
    wait_until(lambda: folders() == expected, lambda: f"{folders()}, not {expected}")
    wait_until(lambda: not staging(world), lambda: f"left over: {staging(world)}")
    assert mine.exists()
    visor.stop()


def test_a_release_without_a_run_config_to_take_over(world, releases):
    """The running run-config cannot be taken over: said plainly, nothing is put in place, the fetched stays staged."""
    releases.make(NEW)
    fetching(world, releases)
    visor = world.up()
    path = world.home / "genesis" / "run-config.toml"
    good = path.read_text()
    path.write_text("name = 'broken\n")
    line = visor.wait("the release is not ready", tag=NEW)
    assert "run-config.toml" in line["why"]
    assert not (world.home / NEW).exists()
    path.write_text(good)
    visor.wait("the fetched release is in place", tag=NEW)
    assert len(releases.requests(on="download")) == 1
    visor.stop()


def test_a_run_config_of_the_operators_is_all_that_the_binary_needs(world, releases):
    """That of the running release cannot be taken over; the cure that the log names is to write one by hand."""
    releases.make(NEW)
    fetching(world, releases)
    visor = world.up()
    path = world.home / "genesis" / "run-config.toml"
    path.write_text("name = 'broken\n")
    visor.wait("the release is not ready", tag=NEW)
    (world.home / NEW).mkdir()
    world.run_config(NEW)
    visor.wait("the fetched release is in place", tag=NEW)
    visor.wait("ready for the upgrade", tag=NEW)
    assert sorted(path.name for path in (world.home / NEW).iterdir()) == ["run-config.toml", "vega"]
    visor.stop()


def test_nothing_is_staged_while_it_is_off(world, tmp_path):
    """Looking whether something was fetched makes no folders, least of all among the operator's."""
    world.write_config(upgradeFolders={NEW: str(tmp_path / "of-mine" / NEW)})
    world.upgrade_at((NEW, FAR))
    visor = world.up()
    visor.wait("the release is not ready", tag=NEW)
    assert not (world.home / ".visor" / "staging").exists()
    assert not (tmp_path / "of-mine").exists()
    visor.stop()


def installed(folder, monkeypatch, words):
    """Visor installed below @folder, its visor-fetch behind a shell that runs @words first."""
    helper = folder / "libexec" / "visor" / "visor-fetch"
    helper.parent.mkdir(parents=True)
    helper.write_text(f'#!/bin/sh\n{words}\nexec {VISOR.parent.parent / "fetch" / "visor-fetch"} "$@"\n')
    helper.chmod(0o755)
    (folder / "bin").mkdir()
    shutil.copy(VISOR, folder / "bin" / "visor")
    monkeypatch.setattr("world.VISOR", folder / "bin" / "visor")


def test_what_cannot_be_removed_keeps_nothing_else(world, releases, tmp_path, monkeypatch):
    """Which comes first is the file system's choice, so there are several."""
    installed(tmp_path / "visor", monkeypatch, 'case "$2" in *stuck*) exit 1;; esac')
    stuck = [f".discarded-stuck-{i}" for i in range(1, 6)]
    for name in stuck:
        (world.home / ".visor" / "staging" / name).mkdir(parents=True)
    for folder in (world.home / ".visor", world.home / ".visor" / "staging"):
        folder.chmod(0o700)
    releases.make(NEW)
    fetching(world, releases)
    visor = world.up()
    visor.wait("what was discarded cannot be removed")
    visor.wait("the fetched release is in place", tag=NEW)
    wait_until(lambda: staging(world) == stuck, lambda: staging(world))
    visor.stop()


def test_an_aborted_upgrade_is_not_what_ran_before(world, releases):
    """What ran before stays known, and so is kept, though the record named another release for a moment."""
    world.write_config(autoInstall=releases.config(keepReleases=0))
    visor = world.up()
    upgrade_through(world, visor, releases, ["v1.1.0", "v1.2.0"])
    state = world.home / ".visor" / "state.json"
    assert json.loads(state.read_text())["previous"] == str(world.home / "v1.1.0")
    releases.make("v1.3.0")
    world.upgrade_at(("v1.3.0", FAR))
    visor.wait("ready for the upgrade", tag="v1.3.0")
    world.scenario(stop_ms=1000)
    world.upgrade_at(("v1.3.0", 2))
    visor.wait("stopping the old release", tag="v1.3.0")
    (world.home / "v1.3.0" / "run-config.toml").write_text("# gone\n")  # the proof falls while the old node stops
    visor.wait("the old release is started again")
    world.upgrade_at()
    wait_until(lambda: json.loads(state.read_text())["release"]["folder"] == str(world.home / "v1.2.0"), "recorded")
    assert json.loads(state.read_text())["previous"] == str(world.home / "v1.1.0")
    visor.stop()


def test_other_settings_make_old_complaints_news(world, releases):
    fetching(world, releases, repository="wrong")
    visor = world.up()
    visor.wait("the release could not be fetched", tag=NEW)
    world.write_config(autoInstall={"stallTimeoutSeconds": 7})
    visor.wait("the release could not be fetched", 2, tag=NEW)
    visor.stop()


def test_switched_off_nothing_is_put_in_place(world, releases):
    """Not even what was fetched already; switched on again, it need not be fetched anew."""
    releases.make(NEW)
    fetching(world, releases)
    path = world.home / "genesis" / "run-config.toml"
    visor = world.up()
    good = path.read_text()
    path.write_text("name = 'broken\n")  # cannot be taken over: the fetched release stays staged
    wait_until(lambda: (world.home / ".visor" / "staging" / NEW / "fetched.json").exists(), "fetched")
    world.write_config(autoInstall={"enabled": False})
    visor.wait("changed", key="autoInstall.enabled")
    path.write_text(good)
    visor.wait("the release is not ready", why="make it")  # looked at, and left to the operator
    assert not (world.home / NEW).exists()
    world.write_config(autoInstall={"enabled": True})
    visor.wait("the fetched release is in place", tag=NEW)
    assert len(releases.requests(on="download")) == 1
    visor.stop()
