"""Starting: what a node process gets, and when nothing may be started."""

import json
import os
import pathlib
import signal
import socket
import subprocess

import pytest

from world import SIM, alive, wait_until


def test_the_node_runs_from_genesis_when_current_is_missing(world):
    visor = world.up()
    assert world.current == world.home / "genesis"
    assert world.wait_event("main", version="v1.0.0")["argv"][1:] == ["start", "--home", str(world.node)]
    visor.stop()
    assert world.living() == []


def test_a_node_process_gets_exactly_what_it_should(world):
    """Also when Visor's own parent leaks descriptors, ignores signals and blocks them."""
    leaked, _ = os.pipe()
    os.set_inheritable(leaked, True)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    try:
        log = world.folder / "visor.log"
        with open(log, "wb") as stream:
            from world import VISOR, Visor
            process = subprocess.Popen([VISOR, "run", "--home", world.home], stdin=subprocess.PIPE, stdout=stream,
                                       stderr=stream, close_fds=False, cwd=world.folder,
                                       env={**os.environ, "VEGA_SIM_NOTE": "kept"})
        visor = Visor(world, process, log)
        world.visors.append(visor)
        main = world.wait_event("main")
        assert main["pgid"] == main["pid"]
        assert main["ppid"] == visor.pid
        assert main["signals_blocked"] == [] and main["signals_ignored"] == []
        assert main["stdin"] == "/dev/null"
        assert main["cwd"] == str(world.folder)
        assert main["environment"]["VEGA_SIM_NOTE"] == "kept"
        descriptors = {item["fd"]: item for item in main["fds"]}
        assert sorted(descriptors) == [0, 1, 2, 3]
        assert descriptors[1]["target"] == descriptors[2]["target"] == str(log)
        assert descriptors[3]["target"] == str(world.home / ".visor" / "vega.lock") and descriptors[3]["locked"]
        assert (world.home / ".visor" / "vega.lock").read_text().split()[0] == str(main["pid"])
        visor.stop()
    finally:
        os.close(leaked)
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR2})


def test_the_childrens_output_goes_through_untouched(world):
    world.scenario(stdout="{not: json} \tünïcode\n", stdout_bytes=200_000)
    visor = world.up()
    wait_until(lambda: "{not: json} \tünïcode\n" in visor.text(), "the node's own words")
    wait_until(lambda: max(map(len, visor.text().splitlines())) >= 200_000, "its long line")
    visor.stop()


def test_core_and_data_node_start_together(world_with_data_node):
    world = world_with_data_node
    visor = world.up()
    core = world.wait_event("main", process="vega")
    data_node = world.wait_event("main", process="data-node")
    assert core["pgid"] != data_node["pgid"]
    assert not any("--snapshot" in word for event in (core, data_node) for word in event["argv"])
    visor.stop()
    assert world.living() == []


def test_a_second_visor_refuses(world):
    visor = world.up()
    code, text = world.refused()
    assert code == 80
    assert f"pid {visor.pid}" in text
    assert len(world.pids()) == 1
    visor.stop()


def test_an_orphan_of_a_killed_visor_is_never_doubled(world):
    visor = world.up()
    orphan = world.wait_event("main")["pid"]
    visor.kill()
    assert alive(orphan)

    successor = world.start()
    successor.wait("taken over", pid=str(orphan))
    assert alive(orphan) and world.pids() == [orphan]
    successor.stop()
    assert not alive(orphan)
    world.up().stop()


def test_a_killed_visor_does_not_kill_the_node_by_its_log(world):
    visor = world.up()
    orphan = world.wait_event("main")["pid"]
    visor.kill()
    height = world.events("block")
    wait_until(lambda: len(world.events("block")) > len(height), "the orphan goes on making blocks")
    assert alive(orphan)


def test_a_lingering_descendant_holds_the_lock_like_a_node(world):
    world.scenario(grandchild_setsid=True)
    visor = world.up()
    grandchild = world.wait_event("grandchild")["pid"]
    visor.kill()
    os.kill(world.pids()[0], signal.SIGKILL)
    wait_until(lambda: not alive(world.pids()[0]), "the node's end")
    world.scenario(grandchild_setsid=False)
    successor = world.start()
    line = successor.wait("cannot be taken over", vega=str(grandchild))
    assert "has ended, but what it started lives on" in line["why"] and "stop what holds it" in line["why"]
    assert len(world.pids()) == 1 and alive(grandchild)
    os.kill(grandchild, signal.SIGKILL)
    successor.wait("the node answers")
    successor.stop()


def test_a_foreign_node_at_the_socket_is_refused(world):
    foreign = subprocess.Popen([SIM, "start", "--home", world.node], stdout=subprocess.DEVNULL)
    try:
        world.wait_event("listening")
        code, text = world.refused()
        assert code == 81
        assert f"pid {foreign.pid}" in text and str(world.socket) in text
    finally:
        foreign.kill()
        foreign.wait()
    world.up().stop()  # the socket file that the killed one left is no obstacle


def test_a_listener_that_never_answers_is_refused_too(world):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(world.socket))
        listener.listen(0)
        code, text = world.refused()
    assert code == 81 and f"pid {os.getpid()}" in text


def test_a_home_that_was_never_initialised(world):
    empty = world.folder / "empty"
    empty.mkdir()
    code, text = world.refused("run", "--home", empty)
    assert code == 66 and text.startswith("Error: ") and "visor init" in text
    code, text = world.refused("run", "--home", world.folder / "nowhere")
    assert code == 66 and "visor init" in text
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize("target", ["genesis", "./genesis", "absolute"])
def test_current_is_understood_however_it_is_linked(world, target):
    (world.home / "current").symlink_to(world.home / "genesis" if target == "absolute" else target)
    world.up().stop()
    assert os.readlink(world.home / "current") == (str(world.home / "genesis") if target == "absolute" else target)


def test_a_dangling_current_is_refused(world):
    (world.home / "current").symlink_to("v9.9.9")
    code, text = world.refused()
    assert code == 78 and "v9.9.9" in text and "point it at" in text
    assert os.readlink(world.home / "current") == "v9.9.9"


def test_a_dangling_current_is_made_anew_if_it_is_known_what_ran_last(world):
    visor = world.up()
    wait_until(lambda: (world.home / ".visor" / "state.json").exists(), "the record of what runs")
    visor.stop()
    (world.home / "current").unlink()
    (world.home / "current").symlink_to("v9.9.9")
    world.up().stop()
    assert world.current == world.home / "genesis"


def test_current_as_a_real_folder_is_refused_and_kept(world):
    (world.home / "current").mkdir()
    (world.home / "current" / "precious").write_text("keys")
    code, text = world.refused()
    assert code == 78 and "real folder" in text
    assert (world.home / "current" / "precious").read_text() == "keys"


@pytest.mark.parametrize("state", ["", "{", "[]", '{"format":0}', "x" * 100_000, "\0\0\0"],
                         ids=["empty", "cut", "array", "foreign", "long", "zeros"])
def test_a_damaged_state_is_set_aside(world, state):
    (world.home / ".visor").mkdir(mode=0o700)
    (world.home / ".visor" / "state.json").write_text(state)
    (world.home / "current").symlink_to("genesis")
    visor = world.up()
    assert visor.said("is damaged") and visor.said("was set aside as")
    visor.stop()
    aside = list((world.home / ".visor").glob("state.json.damaged-*"))
    assert len(aside) == 1 and aside[0].read_text() == state


def test_a_damaged_state_without_current_is_no_reason_to_start_genesis(world):
    (world.home / ".visor").mkdir(mode=0o700)
    (world.home / ".visor" / "state.json").write_text("{")
    for _ in range(3):  # systemd tries again, and must be refused again
        code, text = world.refused()
        assert code == 78 and "cannot tell which release to start" in text
    assert world.pids() == []


@pytest.mark.parametrize("spoil, cure", [
    (lambda binary: binary.unlink(), "put it there"),
    (lambda binary: binary.write_bytes(b""), "no program"),
    (lambda binary: binary.write_bytes(b"\x7fELF" + b"\x02" * 14 + b"\x08\x00" + b"\0" * 100), "architecture"),
    (lambda binary: (binary.unlink(), binary.mkdir()), "is a folder"),
])
def test_a_binary_that_cannot_run_is_refused(world, spoil, cure):
    spoil(world.home / "genesis" / "vega")
    code, text = world.refused()
    assert code == 78 and cure in text and "genesis/vega" in text
    assert not (world.home / "current").exists()


def test_missing_execute_bits_are_set_below_the_home(world):
    binary = world.home / "genesis" / "vega"
    binary.chmod(0o640)
    visor = world.up()
    assert visor.said("made the binary executable")
    assert binary.stat().st_mode & 0o777 == 0o751
    visor.stop()


def test_missing_execute_bits_elsewhere_are_refused(world):
    elsewhere = world.folder / "elsewhere"
    elsewhere.mkdir()
    binary = world.put_binary(elsewhere, "v1.0.0")
    binary.chmod(0o644)
    world.run_config("genesis", path=str(binary))
    code, text = world.refused()
    assert code == 78 and "chmod +x" in text
    assert binary.stat().st_mode & 0o777 == 0o644


def test_an_exec_error_is_named(world):
    script = world.home / "genesis" / "vega"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    world.write_config(maxNumberOfRestarts=0)
    visor = world.start()
    assert visor.end() == 69
    assert visor.said("could not be executed: No such file or directory")


def test_a_long_socket_path(world):
    deep = world.node / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    world.socket = deep / "vega.sock"
    world.scenario(socket=str(world.socket))
    world.run_config("genesis")
    world.up().stop()


def test_visor_log_to_a_dead_reader_is_no_end(world):
    """`visor run 2>&1 | head -1`: neither Visor nor the node dies of the broken pipe's signal."""
    from world import VISOR
    reader, writer = os.pipe()
    process = subprocess.Popen([VISOR, "run", "--home", world.home], stdin=subprocess.DEVNULL, stdout=writer,
                               stderr=writer)
    os.close(writer)
    os.close(reader)
    try:
        world.wait_event("polled")
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0


def test_visor_does_not_wait_for_a_full_log(world):
    """A reader of the log that hangs stops neither the supervision nor the stop."""
    from world import VISOR
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    process = subprocess.Popen([VISOR, "run", "--home", world.home], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=writer)
    try:
        world.wait_event("polled")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0
        world.wait_event("exit")
    finally:
        process.kill()
        os.close(reader)
        os.close(writer)


def test_the_journal_format(world):
    world.write_config(log={"format": "journal", "level": "info"})
    visor = world.start()
    wait_until(lambda: "<6>node: the node answers" in visor.text(), visor.text)
    visor.stop()


def test_the_console_format(world):
    world.write_config(log={"format": "console", "level": "info"})
    visor = world.start()
    wait_until(lambda: "INFO  node: the node answers" in visor.text(), visor.text)
    visor.stop()
