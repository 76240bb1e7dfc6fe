"""visor-fetch and what networks do to a download: cut, stall, lie, replace. Each case is judged by the events."""

import http.server
import json
import subprocess
import time

import pytest

from fetching import ASSET, FETCH, program, sha256
from hostile_server import File, download_path
from world import DEADLINE_SECONDS, wait_until

PATH = download_path(ASSET)


def test_a_release_is_fetched(fetch, server):
    content = program()
    server.offer_api({"assets": [server.api_asset(ASSET, content, digest="sha256:" + sha256(content))]})
    server.files[PATH] = File(content)
    run = fetch.done(content)
    assert run.said("found") == [
        {"event": "found", "source": "api", "url": server.url + PATH, "bytes": len(content), "digest": True}]
    assert run.said("verified")[0]["against"] == "the digest that the API tells"
    assert run.last == {
        "event": "done", "sha256": sha256(content), "bytes": len(content), "files": 1,
        "unpackedBytes": len(content), "verified": ["the digest that the API tells"]}
    marker = json.loads((fetch.staging / "fetched.json").read_text())
    assert marker["request"] == fetch.request and marker["asset"] == ASSET
    assert {key: marker[key] for key in run.last if key != "event"} == {
        key: value for key, value in run.last.items() if key != "event"}
    assert len(server.requests) == 2
    assert "accept-encoding" not in server.asked(PATH)[0]


def test_a_finished_release_is_not_fetched_again(fetch, server):
    content = program()
    server.files[PATH] = File(content)
    fetch.done(content)
    count = len(server.requests)
    (fetch.staging / "asset.part").write_bytes(b"left by a kill right after the marker")
    fetch.done(content)
    assert len(server.requests) == count


def test_another_request_starts_anew(fetch, server):
    first, second = program(seed=1), program(seed=2)
    server.files[PATH] = File(first)
    fetch.done(first)
    server.files[PATH] = File(second)
    fetch.done(second, maxAssetBytes=1 << 30)


@pytest.mark.parametrize("validator", [{}, {"etag": "", "last_modified": "Mon, 02 Mar 2026 10:00:00 GMT"},
                                       {"etag": 'W/"weak"', "last_modified": "Mon, 02 Mar 2026 10:00:00 GMT"}])
def test_a_cut_is_gone_on_with(fetch, server, validator):
    content = program()
    server.files[PATH] = File(content, cut_at=70_000, faults=1, **validator)
    run = fetch.fails("download", 69)
    assert run.last["progressed"] and "cut" in run.last["text"]
    assert fetch.part() == 70_000
    run = fetch.done(content)
    assert run.said("resumed") == [{"event": "resumed", "bytes": 70_000}]
    assert run.lines.index(run.said("found")[0]) < run.lines.index(run.said("resumed")[0])
    assert server.asked(PATH)[1]["range"] == "bytes=70000-"
    assert server.asked(PATH)[1]["if-range"] == validator.get("last_modified", '"first"')


def test_a_cut_without_a_validator_begins_anew(fetch, server):
    content = program()
    server.files[PATH] = File(content, cut_at=70_000, etag="", faults=1)
    assert not fetch.fails("download", 69).last["progressed"]
    assert not fetch.done(content).said("resumed")
    assert "range" not in server.asked(PATH)[1]


def test_a_cut_of_nothing_is_no_progress(fetch, server):
    server.files[PATH] = File(program(), cut_at=0)
    assert not fetch.fails("download", 69).last["progressed"]


def test_a_file_that_changed_begins_anew(fetch, server):
    old, new = program(seed=1), program(seed=2)
    server.files[PATH] = File(old, cut_at=70_000)
    fetch.fails("download", 69)
    server.files[PATH] = File(new, etag='"second"')
    assert not fetch.done(new).said("resumed")
    assert server.asked(PATH)[1]["if-range"] == '"first"'


def test_a_server_without_range_begins_anew(fetch, server):
    content = program()
    server.files[PATH] = File(content, cut_at=70_000, ranges=False, faults=1)
    fetch.fails("download", 69)
    server.files[PATH] = File(content, ranges=False)
    assert not fetch.done(content).said("resumed")


def test_a_part_of_another_file_is_not_appended(fetch, server):
    """The server ignores If-Range: only the ETag of its answer tells."""
    old, new = program(seed=1), program(seed=2)
    server.files[PATH] = File(old, cut_at=70_000)
    fetch.fails("download", 69)
    server.files[PATH] = File(new, etag='"second"', if_range=False)
    run = fetch.fails("download", 69)
    assert "changed" in run.last["text"] and not run.last["progressed"]
    fetch.done(new)


@pytest.mark.parametrize("content_range, word", [
    ("bytes 0-199999/200000", "another part"), ("bytes 70001-199999/200000", "another part"),
    ("bytes 70000-199999/300000", "size"), ("nonsense", "which"), ("bytes */200000", "which"),
    ("bytes 70000-199998/200000", "disagree")])
def test_a_wrong_content_range_is_refused(fetch, server, content_range, word):
    content = program()
    server.files[PATH] = File(content, cut_at=70_000)
    fetch.fails("download", 69)
    server.files[PATH] = File(content, content_range=content_range)
    run = fetch.fails("download", 69)
    assert word in run.last["text"] and not run.last["progressed"]
    server.files[PATH] = File(content)
    fetch.done(content)


def test_a_part_longer_than_the_file_begins_anew(fetch, server):
    """416: in one and the same run."""
    server.files[PATH] = File(program(300_000), cut_at=250_000)
    fetch.fails("download", 69)
    content = program(100_000)
    server.files[PATH] = File(content)
    fetch.done(content)
    assert [request.get("range") for request in server.asked(PATH)] == [None, "bytes=250000-", None]


def test_a_kill_is_gone_on_with(fetch, server):
    content = program(3_000_000)
    server.files[PATH] = File(content, hold_at=2_000_000, faults=1)
    run = fetch.start()
    wait_until(lambda: fetch.part() >= 1_500_000, "a part")
    run.kill()
    server.release()
    kept = fetch.part()
    run = fetch.done(content)
    assert run.said("resumed") == [{"event": "resumed", "bytes": kept}]


def test_a_killed_machine_keeps_only_what_was_synced(fetch, server):
    """Another boot: what was written and not synced may be zeroes."""
    content = program()
    server.files[PATH] = File(content, cut_at=70_000, faults=1)
    fetch.fails("download", 69)
    about = fetch.staging / "asset.json"
    told = json.loads(about.read_text())
    assert told["syncedBytes"] == 70_000
    about.write_text(json.dumps({**told, "boot": "another", "syncedBytes": 50_000}))
    (fetch.staging / "asset.part").write_bytes(content[:50_000] + bytes(20_000))
    assert fetch.done(content).said("resumed") == [{"event": "resumed", "bytes": 50_000}]


@pytest.mark.parametrize("about", ["", "{", "[]", '{"format":1}', '{"format":2,"url":"","validator":"","bytes":1}'])
def test_a_damaged_description_begins_anew(fetch, server, about):
    content = program()
    (fetch.staging / "asset.part").write_bytes(b"x" * 1000)
    (fetch.staging / "asset.json").write_text(about)
    server.files[PATH] = File(content)
    assert not fetch.done(content).said("resumed")


def test_a_complete_download_is_not_asked_for_again(fetch, server):
    content = program()
    server.files[PATH] = File(content)
    server.files[download_path("SHA256SUMS")] = File(status=500, faults=1)
    run = fetch.fails("find", 69)
    assert run.last["progressed"] and fetch.part() == len(content)
    server.files[download_path("SHA256SUMS")] = File(f"{sha256(content)}  {ASSET}\n".encode())
    fetch.done(content)
    assert len(server.asked(PATH)) == 1


def test_silence_ends_a_try(fetch, server):
    content = program()
    server.files[PATH] = File(content, hold_at=70_000)
    began = time.monotonic()
    run = fetch.fails("download", 69, stallTimeoutSeconds=2)
    took = time.monotonic() - began
    assert "nothing more within 2 s" in run.last["text"] and run.last["progressed"]
    assert took > 2
    assert len(run.said("progress", phase="download")) >= 2  # the heart beat meanwhile
    server.files[PATH] = File(content)
    assert fetch.done(content).said("resumed")


def test_silence_before_the_head_ends_a_try(fetch, server):
    server.files[PATH] = lambda handler: server.released.wait(60) and None
    run = fetch.fails("download", 69, stallTimeoutSeconds=1)
    assert "nothing more within 1 s" in run.last["text"] and not run.last["progressed"]


@pytest.mark.parametrize("size, told, word", [(100_000, 150_000, "cut"), (100_000, 100_000, "")])
def test_a_length_is_believed_only_if_it_comes(fetch, server, size, told, word):
    content = program(size)
    server.files[PATH] = File(content, length=told)
    if word:
        assert word in fetch.fails("download", 69).last["text"]
    else:
        fetch.done(content)


@pytest.mark.parametrize("how", [{}, {"chunked": True}, {"until_close": True}])
@pytest.mark.parametrize("told", [150_000, 250_000])
def test_another_size_than_the_api_tells_is_refused(fetch, server, how, told):
    content = program(200_000)
    server.offer_api({"assets": [{**server.api_asset(ASSET, content), "size": told}]})
    server.files[PATH] = File(content, **how)
    run = fetch.fails("download", 69)
    assert any(word in run.last["text"] for word in ("different sizes", "more comes", "cut")), run.last
    assert run.last["progressed"] == (bool(how) and told > len(content))


@pytest.mark.parametrize("how", [{}, {"chunked": True}])
def test_a_size_over_the_limit_is_refused(fetch, server, how):
    content = program(200_000)
    server.files[PATH] = File(content, **how)
    run = fetch.fails("download", 69, maxAssetBytes=199_999)
    assert "maxAssetBytes" in run.last["text"] and not run.last["progressed"] and fetch.part() == 0
    server.offer_api({"assets": [server.api_asset(ASSET, content)]})
    assert "maxAssetBytes" in fetch.fails("download", 69).last["text"]
    fetch.done(content, maxAssetBytes=200_000)


def test_chunks_without_a_length_are_fine(fetch, server):
    content = program()
    server.files[PATH] = File(content, chunked=True)
    fetch.done(content)


def test_an_end_that_nobody_tells_is_refused(fetch, server):
    content = program()
    server.files[PATH] = File(content, until_close=True)
    assert "does not tell how large" in fetch.fails("download", 69).last["text"]
    server.offer_api({"assets": [server.api_asset(ASSET, content)]})
    fetch.done(content)


def test_a_coding_that_has_no_end_does_not_tell_one(fetch, server):
    server.files[PATH] = File(program(), until_close=True, headers={"Transfer-Encoding": "identity"})
    assert "does not tell how large" in fetch.fails("download", 69).last["text"]


def test_a_part_of_an_unknown_whole_is_not_its_rest(fetch, server):
    """A server may answer with less than was asked for: only the total tells that it did."""
    content = program()
    server.files[PATH] = File(content, chunked=True, cut_at=70_000)
    fetch.fails("download", 69)
    server.files[PATH] = File(content[:100_000], content_range="bytes 70000-99999/*")
    run = fetch.fails("download", 69)
    assert "how large the whole is" in run.last["text"] and not run.last["progressed"]
    server.files[PATH] = File(content)
    fetch.done(content)


PAGE = b"\n <!DOCTYPE html><html><title>Please log in</title></html>"


@pytest.mark.parametrize("page", [PAGE, PAGE + b" " * 5000, b"<?xml version='1.0'?><Error/>"])
def test_a_web_page_is_no_asset(fetch, server, page):
    content = program()
    server.files[PATH] = File(content, cut_at=70_000, faults=1)
    fetch.fails("download", 69)
    server.files[PATH] = File(page, etag="", ranges=False, headers={"Content-Type": "text/html"})
    run = fetch.fails("download", 69)
    assert "web page" in run.last["text"] and not run.last["progressed"]
    assert fetch.part() == 70_000  # a login page does not cost what is there
    server.files[PATH] = File(content)
    assert fetch.done(content).said("resumed")


def test_an_empty_asset_is_refused(fetch, server):
    server.files[PATH] = File(b"")
    assert "empty" in fetch.fails("download", 69).last["text"]


def test_what_is_no_http_is_an_error(fetch, server):
    def nonsense(handler):
        handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        handler.close_connection = True
        handler.send_response = handler.send_header = lambda *_: None
        handler.end_headers = lambda: None
        return File(b"", length=0)
    server.files[PATH] = nonsense
    assert not fetch.fails("download", 69).last["progressed"]


def test_an_endless_head_is_an_error(fetch, server):
    server.files[PATH] = File(program(), headers={f"X-{number}": "x" * 60_000 for number in range(50)})
    assert not fetch.fails("download", 69).last["progressed"]


def test_nobody_listens(fetch, server):
    with http.server.HTTPServer(("127.0.0.1", 0), None) as closed:
        url = f"http://127.0.0.1:{closed.server_address[1]}"
    run = fetch.fails("download", 69, apiURL=url, downloadURL=url)
    assert "cannot be reached" in run.last["text"] and "from the API" in run.last["text"]


def test_a_proxy_is_used(fetch, server):
    content = program()
    fetch.env["http_proxy"] = server.url
    server.files[PATH] = File(content)
    run = fetch.done(content, apiURL="file:///", downloadURL="http://release.invalid")
    assert server.requests[0]["path"] == "http://release.invalid" + PATH
    assert "release.invalid" in run.warnings()  # http to somewhere else


def test_a_name_that_does_not_resolve(fetch):
    run = fetch.fails("download", 69, apiURL="file:///", downloadURL="https://release.invalid")
    assert "release.invalid" in run.last["text"] and "cannot be reached" in run.last["text"]


def test_a_reader_that_is_gone_ends_the_run(fetch, server):
    content = program(1_000_000)
    server.files[PATH] = File(content, hold_at=500_000)
    with subprocess.Popen([FETCH, *fetch.arguments()], stdout=subprocess.PIPE, env=fetch.env) as process:
        wait_until(lambda: fetch.part() >= 400_000, "a part")
        process.stdout.close()
        assert process.wait(timeout=DEADLINE_SECONDS) == 69
    server.files[PATH] = File(content)
    assert fetch.done(content).said("resumed")
