"""A hostile or broken admin socket: an error in the log, never a crash, never the end of the node."""

import pytest

from world import wait_until

# fault of the simulated node -> what the log says of it
FAULTS = {
    "refuse": "nobody listens", "close": "", "404": "404", "500": "500", "html": "JSON", "empty": "", "half": "",
    "huge": "", "huge-header": "", "null-result": "null", "string-error": "", "object-error": "",
    "wrong-id": "id", "string-id": "id", "no-json": "JSON", "deep-json": "", "array": "", "big-height": "",
    "negative-height": "", "float-height": "", "long-tag": "", "nul-tag": "", "bad-utf8": "", "bad-chunk": "",
    "negative-length": "", "two-lengths": "", "hang": "", "trickle": "",
}
GOOD = ["http-1.0", "chunked", "keepalive-close", "continue"]


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_is_named_and_survived(world, fault):
    world.write_config(rpc={"timeoutMilliseconds": 300})
    visor = world.up()
    world.scenario(rpc_fault=fault)
    line = visor.wait("the node does not answer", level="warning")
    assert FAULTS[fault].lower() in line["error"].lower()
    world.scenario(rpc_fault="none")
    visor.wait("the admin socket answers again")
    assert len(world.pids()) == 1
    visor.stop()


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_node_that_only_ever_answers_with_faults_is_given_up_in_time(world, fault):
    world.write_config(rpc={"timeoutMilliseconds": 200}, maxNumberOfFirstConnectionRetries=1)
    world.scenario(rpc_fault=fault)
    visor = world.start()
    assert visor.end() == 69
    assert world.events("sigterm") and world.living() == []


@pytest.mark.parametrize("form", GOOD)
def test_every_good_form_of_an_answer_is_understood(world, form):
    world.scenario(rpc_fault=form)
    visor = world.up()
    assert not visor.said("the node does not answer", level="warning")
    world.release("v1.1.0", "v1.1.0")
    world.upgrade_at(("v1.1.0", 400))
    visor.wait("the upgrade is complete")
    visor.stop()


def test_a_wrong_path_is_explained(world):
    world.run_config("genesis", http_path="/wrong")
    visor = world.start()
    line = visor.wait("the node does not answer yet", error="404")
    assert "httpPath" in line["error"]
    visor.stop()


def test_a_lasting_fault_is_one_line(world):
    world.write_config(rpc={"pollIntervalMilliseconds": 10, "acceptedPollIntervalMilliseconds": 10})
    visor = world.up()
    world.scenario(rpc_fault="500")
    visor.wait("the node does not answer", level="warning")
    blocks = len(world.events("block"))
    visor.wait("the node does not answer", level="warning")
    wait_until(lambda: len(world.events("block")) > blocks + 2, "many polls")
    assert len(visor.said("the node does not answer", level="warning")) == 1
    visor.stop()
