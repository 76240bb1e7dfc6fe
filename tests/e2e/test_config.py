"""config.toml: read, checked, changed while running."""

import json
import os
import pathlib
import signal

import pytest

from world import toml_file, wait_until


@pytest.mark.parametrize("text, words", [
    ("", ["empty"]),
    ("   \n\n", ["empty"]),
    ('{"maxNumberOfRestarts": 3}', ["JSON"]),
    ("<!DOCTYPE html><html></html>", ["HTML"]),
    ("maxNumberOfRestarts = -1\n", ["maxNumberOfRestarts", ":1:"]),
    ("maxNumberOfRestarts = 99999999999\n", ["maxNumberOfRestarts"]),
    ('maxNumberOfRestarts = "3"\n', ["maxNumberOfRestarts", "string"]),
    ("maxNumberOfRestarts = 3\nmaxNumberOfRestarts = 4\n", ["maxNumberOfRestarts", ":2:"]),
    ("maxNumberOfRestarts = 3\nmaxnumberofrestarts = 4\n", ["maxNumberOfRestarts"]),
    ("maxNumberOfRestarts = 3\0\n", ["NUL"]),
    ("maxNumberOfRestarts =\n", [":1:"]),
    ("[autoInstall]\nenabled = true\n", ["asset"]),
    ("[autoInstall]\nenabled = true\n[autoInstall.assets.vega]\nasset_name = 'x'\n", ["autoInstall.assets", "retired"]),
])
def test_a_bad_file_is_refused_at_start(world, text, words):
    (world.home / "config.toml").write_text(text)
    code, said = world.refused()
    assert code == 78, said
    for word in words:
        assert word in said
    assert world.pids() == []


def test_all_errors_are_told_at_once(world):
    (world.home / "config.toml").write_text("\n".join([
        "maxNumberOfRestarts = -1", 'restartsDelaySeconds = "5"', "stopDelaySeconds = 3.5", "[rpc]",
        "pollIntervalMilliseconds = 0"]))
    code, said = world.refused()
    assert code == 78
    for place in (":1:", ":2:", ":3:", ":5:"):
        assert f"config.toml{place}" in said


def test_a_folder_in_place_of_the_file(world):
    (world.home / "config.toml").unlink()
    (world.home / "config.toml").mkdir()
    code, said = world.refused()
    assert code == 78 and "folder" in said


def test_a_huge_file(world):
    with open(world.home / "config.toml", "wb") as stream:
        stream.truncate(100 * 1024 * 1024)
    code, said = world.refused()
    assert code == 78 and "bytes" in said


def test_an_unreadable_file(world):
    config = world.home / "config.toml"
    config.unlink()
    config.symlink_to("/proc/1/mem" if os.geteuid() else world.folder / "nowhere")
    code, said = world.refused()
    assert code == 78 and "config.toml" in said


def test_four_keys_are_enough(world):
    (world.home / "config.toml").write_text(toml_file({
        "maxNumberOfFirstConnectionRetries": 43200, "maxNumberOfRestarts": 3, "restartsDelaySeconds": 5,
        "stopSignalTimeoutSeconds": 15}))
    visor = world.start()
    wait_until(lambda: "the node answers" in visor.text(), visor.text)
    visor.stop()


def test_warnings_name_the_cure(world):
    text = (world.home / "config.toml").read_text()
    (world.home / "config.toml").write_text(
        "maxNumberOfRestart = 7\nRestartsDelaySeconds = 0\n" + text.replace("restartsDelaySeconds = 0\n", ""))
    visor = world.up()
    assert visor.said("did you mean 'maxNumberOfRestarts'", level="warning")
    assert visor.said("restartsDelaySeconds", level="warning")
    visor.stop()


def test_what_is_not_yet_effective_is_said(world):
    world.write_config(web={"listen": "127.0.0.1:8430"}, hooks={"accepted": ["/bin/true"]})
    visor = world.up()
    assert len(visor.said("not yet effective", level="warning")) == 2
    visor.stop()


def change_by_rename(world, **changes):
    world.write_config(**changes)


def change_in_place(world, **changes):
    world.settings.update(changes)
    (world.home / "config.toml").write_text(toml_file(world.settings))


def change_like_vim(world, **changes):
    """Rename the old one away, write a new one, remove the old."""
    world.settings.update(changes)
    backup = world.home / "config.toml~"
    (world.home / "config.toml").rename(backup)
    (world.home / "config.toml").write_text(toml_file(world.settings))
    backup.unlink()


@pytest.mark.parametrize("change", [change_by_rename, change_in_place, change_like_vim])
def test_a_change_takes_effect_however_it_is_written_and_any_number_of_times(world, change):
    visor = world.up()
    for i in range(1, 8):
        change(world, maxNumberOfRestarts=100 + i)
        line = visor.wait("changed", key="maxNumberOfRestarts", to=str(100 + i))
        assert line["component"] == "config"
    os.kill(world.pids()[0], signal.SIGKILL)
    assert visor.wait("the node will be restarted")["of"] == 107
    visor.stop()


def test_a_config_that_is_a_link(world):
    real = world.folder / "real.toml"
    real.write_text((world.home / "config.toml").read_text())
    (world.home / "config.toml").unlink()
    (world.home / "config.toml").symlink_to(real)
    visor = world.up()
    world.settings["maxNumberOfRestarts"] = 55
    world.replace(real, toml_file(world.settings))
    visor.wait("changed", key="maxNumberOfRestarts", to="55")
    visor.stop()


def test_a_broken_change_is_refused_and_the_next_good_one_taken(world):
    visor = world.up()
    world.replace(world.home / "config.toml", "maxNumberOfRestarts = -1\nrestartsDelaySeconds = true\n")
    visor.wait("the changed file is refused")
    assert visor.said("maxNumberOfRestarts", level="error") and visor.said("restartsDelaySeconds", level="error")
    world.write_config(maxNumberOfRestarts=9)
    visor.wait("changed", key="maxNumberOfRestarts", to="9")
    visor.stop()


def test_sighup_reads_again(world):
    visor = world.up()
    visor.signal(signal.SIGHUP)
    visor.wait("read again; nothing has changed")
    assert visor.process.poll() is None
    visor.stop()


def test_the_log_level_changes_at_once(world):
    visor = world.up()
    world.write_config(log={"level": "error"})
    wait_until(lambda: visor.said("changed", key="level") or visor.said("changed", key="log.level"), visor.text)
    world.scenario(rpc_fault="500")
    blocks = len(world.events("block"))
    wait_until(lambda: len(world.events("block")) > blocks + 1, "several polls")
    assert not visor.said("the node does not answer", level="warning")
    visor.stop()


def test_a_shorter_restart_delay_acts_on_the_wait_under_way(world):
    world.write_config(restartsDelaySeconds=3600)
    visor = world.up()
    os.kill(world.pids()[0], signal.SIGKILL)
    visor.wait("the node will be restarted")
    world.write_config(restartsDelaySeconds=0)
    visor.wait("the node answers", count=2)
    visor.stop()


RUN_CONFIGS = {
    "indented": '''name = "genesis"
[vega]
  [vega.binary]
    path = "vega"
    args = ["{command}", "--home", "{node}"]
  [vega.rpc]
    socketPath = "{socket}"
    httpPath = "/rpc"
''',
    "flat": '''name = "genesis"

[vega]
[vega.binary]
path = "{binary}"
args = [
"{command}",
"--home", "{node}",
]
[vega.rpc]
socketPath = "{socket}"
httpPath = "/rpc"
''',
}


@pytest.mark.parametrize("form", sorted(RUN_CONFIGS))
@pytest.mark.parametrize("command", ["node", "start"])
def test_homes_made_after_the_official_guides_run_unchanged(world, form, command):
    (world.home / "genesis" / "run-config.toml").write_text(RUN_CONFIGS[form].format(
        command=command, node=world.node, socket=world.socket, binary=world.home / "genesis" / "vega"))
    (world.home / "config.toml").write_text(
        "maxNumberOfFirstConnectionRetries = 43200\nmaxNumberOfRestarts = 3\nrestartsDelaySeconds = 5\n"
        "stopSignalTimeoutSeconds = 15\n")
    visor = world.start()
    wait_until(lambda: "the node answers" in visor.text(), visor.text)
    assert world.events("main")[0]["argv"][1] == command
    visor.stop()


@pytest.mark.parametrize("text, words", [
    ("", ["empty"]),
    ("[vega.binary]\npath = 'vega'\nargs = ['start']\n", ["socketPath", "Admin.Server"]),
    ("[vega.binary]\nargs = ['start']\n[vega.rpc]\nsocketPath = '/s'\n", ["path"]),
    ("[vega.binary]\npath = 'vega'\nargs = 'start'\n[vega.rpc]\nsocketPath = '/s'\n", ["args", "list"]),
    ("[vega.binary]\npath = 'vega'\nargs = ['start', '--home', '<VEGA_HOME>']\n[vega.rpc]\nsocketPath = '/s'\n",
     ["<VEGA_HOME>"]),
])
def test_a_bad_run_config_is_refused_at_start(world, text, words):
    (world.home / "genesis" / "run-config.toml").write_text(text)
    code, said = world.refused()
    assert code == 78
    for word in words:
        assert word in said, said


def test_a_missing_run_config_is_refused(world):
    (world.home / "genesis" / "run-config.toml").unlink()
    code, said = world.refused()
    assert code == 78 and "run-config.toml" in said
    assert not (world.home / "current").exists()
