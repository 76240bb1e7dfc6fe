"""The release server of vega-sim, feature by feature: what the tests of fetching rely on."""

import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import urllib.parse

import pytest

from releases import Releases, ask
from world import SIM, wait_until

TAG = "v1.2.0"
ASSET = "vega-linux-amd64.zip"
BODY = os.urandom(300_000)


@pytest.fixture
def download(releases):
    """The URL of an asset that is there."""
    releases.add(TAG, {ASSET: BODY, "notes.txt": "some notes\n"})
    return releases.download_url(TAG, ASSET)


# The API

def test_a_release_is_told_as_github_does_it(releases, download):
    release = releases.told(TAG)
    assert release["tag_name"] == TAG and release["draft"] is False
    assert [asset["name"] for asset in release["assets"]] == ["notes.txt", ASSET]
    asset = release["assets"][1]
    assert asset["size"] == len(BODY) and asset["state"] == "uploaded"
    assert asset["digest"] == "sha256:" + hashlib.sha256(BODY).hexdigest()
    assert asset["browser_download_url"] == download
    assert ask(asset["browser_download_url"]).body == BODY
    assert ask(asset["url"]).json() == asset
    assert ask(release["assets_url"]).json() == release["assets"]


def test_what_changes_on_disk_changes_at_once(releases, download):
    before = releases.told_asset(TAG, ASSET)
    releases.add(TAG, {ASSET: b"other"})
    after = releases.told_asset(TAG, ASSET)
    assert after["digest"] == "sha256:" + hashlib.sha256(b"other").hexdigest() != before["digest"]
    assert after["id"] == before["id"] and after["size"] == 5
    releases.path(TAG, ASSET).unlink()
    assert [asset["name"] for asset in releases.told(TAG)["assets"]] == ["notes.txt"]


def test_what_is_not_there_is_not_found(releases, download):
    for path in ("/repos/vegaprotocol/vega/releases/tags/v9.9.9", "/repos/vegaprotocol/other/releases/tags/v1.2.0",
                 "/repos/vegaprotocol/vega/releases/assets/5", "/repos/vegaprotocol/vega/releases/5/assets",
                 "/repos/vegaprotocol/vega"):
        answer = ask(releases.url + path)
        assert answer.status == 404 and answer.json()["message"] == "Not Found"
    for path in ("/", "/vegaprotocol/vega/releases/download/v1.2.0/none", "/../../etc/passwd",
                 "/vegaprotocol/vega/releases/download/v1.2.0/..%2fv1.2.0%2fnotes.txt",
                 "/vegaprotocol/vega/releases/download/../download/v1.2.0/notes.txt"):
        assert ask(releases.url + path).status == 404, path


def test_names_are_encoded(releases):
    releases.add("v1.2.0-rc+1", {"a b+c#%.zip": b"x"})
    asset = releases.told("v1.2.0-rc%2B1")["assets"][0]
    assert asset["name"] == "a b+c#%.zip"
    assert ask(asset["browser_download_url"]).body == b"x"


def test_an_answer_that_has_not_changed_is_304(releases, download):
    etag = ask(releases.api_url(TAG)).headers["ETag"]
    assert etag.startswith('W/"')
    again = ask(releases.api_url(TAG), If_None_Match=etag)
    assert again.status == 304 and again.body == b"" and again.headers["ETag"] == etag
    assert ask(releases.api_url(TAG), If_None_Match='"x", ' + etag).status == 304
    releases.add(TAG, {"more": b"more"})
    assert ask(releases.api_url(TAG), If_None_Match=etag).status == 200


def test_many_assets_come_in_pages(releases):
    names = [f"asset-{number:03}" for number in range(65)]
    releases.add(TAG, {name: name for name in names})
    release = releases.told(TAG)
    assert [asset["name"] for asset in release["assets"]] == names[:30]
    pages = [ask(f"{release['assets_url']}?per_page=40&page={page}") for page in (1, 2, 3)]
    assert [asset["name"] for page in pages for asset in page.json()] == names
    assert 'page=2>; rel="next"' in pages[0].headers["Link"] and pages[1].headers["Link"] is None
    assert [asset["name"] for asset in ask(release["assets_url"] + "?page=3").json()] == names[60:]
    releases.scenario(embedded_assets=100)
    assert len(releases.told(TAG)["assets"]) == 65


def test_a_name_before_the_path_is_no_hindrance(releases, download):
    assert ask(f"{releases.url}/api/v3/repos/vegaprotocol/vega/releases/tags/{TAG}").status == 200
    elsewhere = f"http://releases.invalid/repos/vegaprotocol/vega/releases/tags/{TAG}"
    told = subprocess.run(["curl", "-s", "-x", releases.url, elsewhere], check=True, capture_output=True).stdout
    assert json.loads(told)["url"].startswith("http://releases.invalid/repos/")
    assert releases.requests(host="releases.invalid")


# The storage and tokens

def test_an_asset_of_the_api_lies_in_the_storage(releases, download):
    answer = ask(releases.told_asset(TAG, ASSET)["url"], Accept="application/octet-stream")
    assert answer.status == 302 and answer.headers["Location"].startswith(releases.storage_url + "/storage/")
    assert ask(answer.headers["Location"]).body == BODY
    assert ask(answer.headers["Location"].replace("signature=", "signature=0")).status == 403
    assert ask(answer.headers["Location"], Authorization="Bearer x").status == 400
    assert releases.wait_request(on="storage", has_token=True)["status"] == 400
    assert ask(releases.storage_url + "/").status == 404


def test_downloads_can_lie_in_the_storage_too(releases, download):
    releases.scenario(redirect_downloads=True)
    answer = ask(download)
    assert answer.status == 302 and ask(answer.headers["Location"]).body == BODY


def test_a_token_is_needed(tmp_path):
    with Releases(tmp_path, token="sesame") as releases:
        releases.add(TAG, {ASSET: BODY})
        assert ask(releases.api_url(TAG)).status == 404
        assert ask(releases.api_url(TAG), Authorization="Bearer wrong").status == 401
        asset = releases.told_asset(TAG, ASSET, Authorization="Bearer sesame")
        assert releases.told_asset(TAG, ASSET, Authorization="token sesame") == asset
        assert ask(asset["url"], Accept="application/octet-stream").status == 404
        location = ask(asset["url"], Accept="application/octet-stream",
                       Authorization="Bearer sesame").headers["Location"]
        assert ask(location).body == BODY
        assert ask(releases.download_url(TAG, ASSET)).status == 200
        releases.scenario(token_on=["api", "download"])
        assert ask(releases.download_url(TAG, ASSET)).status == 404
        assert ask(releases.download_url(TAG, ASSET), Authorization="Bearer sesame").status == 200
        assert [request["has_token"] for request in releases.requests()][:3] == [False, True, True]
        assert releases.config()["tokenFile"]


# Downloads

def test_a_download_has_validators(releases, download):
    answer = ask(download)
    assert answer.status == 200 and answer.body == BODY and answer.headers["Accept-Ranges"] == "bytes"
    etag, modified = answer.headers["ETag"], answer.headers["Last-Modified"]
    assert etag.startswith('"') and modified.endswith(" GMT")
    head = ask(download, "HEAD")
    assert head.status == 200 and head.body == b"" and head.headers["Content-Length"] == str(len(BODY))
    assert ask(download, If_None_Match=etag).status == 304
    assert ask(download, If_Modified_Since=modified).status == 304
    assert ask(download, If_None_Match='"other"', If_Modified_Since=modified).status == 200
    releases.add(TAG, {ASSET: BODY})
    assert ask(download).headers["ETag"] != etag
    assert ask(download, "POST").status == 405


@pytest.mark.parametrize("wanted, status, begin, end", [
    ("bytes=0-0", 206, 0, 1), ("bytes=1000-", 206, 1000, 300_000), ("bytes=-5", 206, 299_995, 300_000),
    ("bytes=299999-400000", 206, 299_999, 300_000), ("bytes=0-299999", 206, 0, 300_000),
    ("bytes=5-4", 200, 0, 300_000), ("bytes=1-2,4-5", 200, 0, 300_000), ("items=1-2", 200, 0, 300_000),
])
def test_a_range_is_a_part(releases, download, wanted, status, begin, end):
    answer = ask(download, Range=wanted)
    assert answer.status == status and answer.body == BODY[begin:end]
    if status == 206:
        assert answer.headers["Content-Range"] == f"bytes {begin}-{end - 1}/300000"
    assert releases.wait_answer(range=wanted)["bytes"] == end - begin


def test_a_range_outside_is_416(releases, download):
    for wanted in ("bytes=300000-", "bytes=-0"):
        answer = ask(download, Range=wanted)
        assert answer.status == 416 and answer.headers["Content-Range"] == "bytes */300000"


def test_if_range_decides_about_the_part(releases, download):
    whole = ask(download)
    etag, modified = whole.headers["ETag"], whole.headers["Last-Modified"]
    for value, status in ((etag, 206), (modified, 206), ('"other"', 200), ("W/" + etag, 200),
                          ("Sun, 06 Nov 1994 08:49:37 GMT", 200)):
        assert ask(download, Range="bytes=10-", If_Range=value).status == status, value
    releases.rules({"if_range": False})
    assert ask(download, Range="bytes=10-", If_Range='"other"').status == 206


def test_a_connection_serves_many_requests(releases, download):
    connection = http.client.HTTPConnection("127.0.0.1", releases.port, timeout=20)
    for _ in range(3):
        connection.request("GET", urllib.parse.urlsplit(download).path, headers={"Range": "bytes=100-199"})
        assert connection.getresponse().read() == BODY[100:200]
    connection.close()


# The program

def test_requests_are_logged(releases, download):
    ask(download, Range="bytes=5-9", User_Agent="tester/1", Accept="*/*", If_Range='"x"')
    request = releases.wait_request()
    assert {key: request[key] for key in ("number", "on", "method", "path", "host", "port", "status", "has_token",
                                          "range", "if_range", "accept", "user_agent")} == {
        "number": 1, "on": "download", "method": "GET", "path": urllib.parse.urlsplit(download).path,
        "host": f"127.0.0.1:{releases.port}", "port": releases.port, "status": 200, "has_token": False,
        "range": "bytes=5-9", "if_range": '"x"', "accept": "*/*", "user_agent": "tester/1"}
    answer = releases.wait_answer()
    assert answer["number"] == 1 and answer["bytes"] == len(BODY) and answer["whole"] is True


@pytest.mark.parametrize("members", [
    {"rule": []}, {"rules": {}}, {"rules": [5]}, {"rules": [{"stauts": 500}]}, {"rules": [{"status": "500"}]},
    {"rules": [{"on": "apis"}]}, {"throttle_bytes_per_second": -1}, {"token_on": ["all"]},
    {"rules": [{"headers": {"a": 5}}]}, {"rules": [{"redirect": "somewhere"}]},
])
def test_a_scenario_that_is_misspelt_is_refused(releases, download, members):
    releases.scenario_path.write_text(json.dumps(members))
    assert wait_until(lambda: releases.events("bad-scenario"), releases.events)[0]["error"]
    releases.log.write_text("")  # it was wanted here
    assert ask(download).status == 200


def test_settings_are_checked_too(tmp_path):
    command = [SIM, "releases", "--folder", tmp_path, "--set"]
    refused = subprocess.run([*command, "throttle=5"], capture_output=True, text=True, check=False)
    assert refused.returncode == 64 and "throttle" in refused.stderr
    folder = ["--folder", tmp_path]
    for words in ([], [*folder, "surplus"], [*folder, "--port", "x"], [*folder, "--port", "65536"]):
        assert subprocess.run([SIM, "releases", *words], capture_output=True, check=False).returncode == 64
    assert subprocess.run([SIM, "releases", "--folder", tmp_path / "none"], capture_output=True,
                          check=False).returncode == 1


def test_the_port_is_told_and_sigterm_is_a_good_end(tmp_path):
    with subprocess.Popen([SIM, "releases", "--folder", tmp_path, "--set", "throttle_bytes_per_second=5"],
                          stdout=subprocess.PIPE, text=True) as process:
        url, word, storage = process.stdout.readline().split()
        assert word == "storage" and ask(url + "/").status == 404 and ask(storage + "/").status == 404
        process.terminate()
        assert process.wait(timeout=20) == 0


def test_it_ends_while_it_sends_and_computes(releases):
    releases.make(TAG, size=80_000_000)
    releases.scenario(throttle_bytes_per_second=1000)
    slow = subprocess.Popen(["curl", "-s", "-o", os.devnull, releases.download_url(TAG, ASSET)])
    asking = subprocess.Popen(["curl", "-s", "-o", os.devnull, releases.api_url(TAG)])
    releases.wait_request(on="download")
    releases.stop()
    assert slow.wait() != 0
    asking.wait()
    assert releases.events("exit", code=0)


def test_a_large_file_takes_no_memory(releases):
    path = releases.path(TAG, ASSET)
    path.touch()
    os.truncate(path, 3_000_000_000)  # a hole: nothing is written, and offsets beyond 2^31 are right
    told = subprocess.run(["curl", "-s", "-r", "2999999990-", "-w", "%{size_download} %{http_code}", "-o", os.devnull,
                           releases.download_url(TAG, ASSET)], capture_output=True, text=True, check=True).stdout
    assert told == "10 206"
    told = subprocess.run(["curl", "-s", "-r", "0-499999999", "-w", "%{size_download}", "-o", os.devnull,
                           releases.download_url(TAG, ASSET)], capture_output=True, text=True, check=True).stdout
    assert told == "500000000"
    status = pathlib.Path(f"/proc/{releases.process.pid}/status").read_text(encoding="ascii")
    peak_kib = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    assert peak_kib < 200_000  # the sanitizers' own memory
