"""The command line, as a user and as a script of v0.79's times call it."""

import json
import os
import re
import resource
import stat
import subprocess

import pytest

from world import ROOT, VISOR, wait_until


def visor(*words, **more):
    return subprocess.run([VISOR, *map(str, words)], capture_output=True, text=True, timeout=60, check=False, **more)


def test_version():
    human = visor("version")
    assert human.returncode == 0 and re.fullmatch(r"Vega Visor CLI v\d+\.\d+\.\d+ \(\w+\)\n", human.stdout)
    machine = json.loads(visor("version", "--output", "json").stdout)
    assert machine["version"] in human.stdout and machine["hash"] in human.stdout
    assert visor("--output=human", "version").stdout == human.stdout
    wrong = visor("version", "--output", "yaml")
    assert wrong.returncode == 64 and wrong.stderr.startswith("Error: ") and wrong.stdout == ""


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"], ["help", "run"], ["run", "--help"], ["init", "-h"]])
def test_help_goes_to_standard_output(words):
    result = visor(*words)
    assert result.returncode == 0 and "visor" in result.stdout.lower() and result.stderr == ""


@pytest.mark.parametrize("words", [["rum"], ["run"], ["run", "--hme", "x"], ["init"], ["help", "nonsense"],
                                   ["run", "--home", ""], ["run", "--home", "x", "y"]])
def test_a_mistake_is_one_clear_line(words):
    result = visor(*words)
    assert result.returncode == 64 and result.stdout == ""
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize("order", [["run", "--home", "H"], ["--home", "H", "run"], ["--home=H", "run"],
                                   ["run", "--home=H"]])
def test_flags_stand_before_or_after_the_command(world, order):
    running = world.start(*[str(word).replace("H", str(world.home)) for word in order])
    running.wait("the node answers")
    running.stop()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion(shell):
    result = visor("completion", shell)
    assert result.returncode == 0 and "visor" in result.stdout and "home" in result.stdout


def test_a_full_standard_output_is_an_error():
    with open("/dev/full", "w") as full:
        result = subprocess.run([VISOR, "version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 74 and result.stderr.startswith("Error: ")


def test_the_manual_knows_every_exit_code():
    manual = (ROOT / "docs" / "man" / "visor.1").read_text()
    codes = re.findall(r"^\s*(\d+)\s", visor("help", "exit-codes").stdout, flags=re.M)
    assert len(codes) > 5
    for code in codes:
        assert re.search(rf"^\.It (Li )?{code}\b", manual, flags=re.M), code


@pytest.mark.parametrize("data_node", [False, True])
def test_init_makes_a_home_that_runs_once_the_paths_are_filled_in(world, data_node):
    home = world.folder / "made" / "here"
    assert visor("init", "--home", home, *(["--with-data-node"] if data_node else [])).returncode == 0
    for name in ("config.toml", "genesis/run-config.toml", "vX.X.X/run-config.toml"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    for name in (".", "genesis", "vX.X.X"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o755
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "")
    assert f'name = "vega-linux-{machine}.zip"' in (home / "config.toml").read_text()

    code, text = world.refused("run", "--home", home)
    assert code == 78 and "_HOME>" in text  # not yet filled in, and said so

    run_config = home / "genesis" / "run-config.toml"
    text = re.sub(r'"<\w+_HOME>"', json.dumps(str(world.node)), run_config.read_text())
    text = re.sub(r'socketPath = ".*"', f"socketPath = {json.dumps(str(world.socket))}", text)
    run_config.write_text(text)
    world.put_binary(home / "genesis", "v1.0.0")
    running = world.start("run", "--home", home)
    wait_until(lambda: "the node answers" in running.text(), running.text)
    assert bool(world.events("main", process="data-node")) == data_node
    running.stop()


def test_init_refuses_a_folder_with_something_in_it(world):
    before = sorted(os.listdir(world.home))
    result = visor("init", "--home", world.home)
    assert result.returncode == 73 and result.stderr.startswith("Error: ") and str(world.home) in result.stderr
    assert sorted(os.listdir(world.home)) == before


def test_init_that_fails_half_way_leaves_nothing(world):
    home = world.folder / "a" / "b"
    result = visor("init", "--home", home,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
    assert result.returncode != 0 and result.stderr.startswith("Error: ")
    assert not (world.folder / "a").exists()
