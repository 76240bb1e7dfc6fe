"""visor-fetch asks the API where an asset is, and looks below the download URL when that does not help."""

import email.utils
import json
import os
import time

import pytest

from fetching import ASSET, program, sha256
from hostile_server import File, download_path

API = "/repos/owner/repo/releases/tags/v1.1.0"
PATH = download_path(ASSET)


def many(server, count):
    return [server.api_asset(f"other-{number}", b"x") for number in range(count)]


def test_the_api_is_asked_as_github_wants_it(fetch, server):
    content = program()
    server.offer_api({"tag_name": "v1.1.0", "assets": [server.api_asset(ASSET, content)]})
    server.files[PATH] = File(content)
    fetch.done(content)
    asked = server.asked(API)[0]
    assert asked["accept"] == "application/vnd.github+json"
    assert asked["x-github-api-version"] == "2022-11-28"
    assert asked["user-agent"].startswith("visor/v")
    assert "authorization" not in asked


def test_a_name_that_matches_nothing_lists_those_that_exist(fetch, server):
    assets = [server.api_asset(name, b"x") for name in ("vega-darwin-arm64.zip", "vega-linux-amd64.zip")]
    server.offer_api({"assets": assets})
    server.files[PATH] = File(program())  # is not even looked for: the release is known, and has no such asset
    run = fetch.fails("find", 69)
    assert "vega-darwin-arm64.zip, vega-linux-amd64.zip" in run.last["text"]
    assert "autoInstall.asset.name" in run.last["text"] and run.last["retryAfterSeconds"] is None
    assert not server.asked(PATH)


def test_a_very_long_list_of_names_is_cut(fetch, server):
    server.offer_api({"assets": [server.api_asset(f"{number:0>200}\n\"", b"x") for number in range(29)]})
    assert " more" in fetch.fails("find", 69).last["text"]


@pytest.mark.parametrize("assets, word", [([], "no assets yet"), (["new"], "not completely uploaded")])
def test_a_release_that_is_still_being_made(fetch, server, assets, word):
    server.offer_api({"assets": [{**server.api_asset(ASSET, b"x"), "state": "open"} for _ in assets]})
    assert word in fetch.fails("find", 69).last["text"]


def test_an_asset_beyond_the_first_page_is_found(fetch, server):
    content = program()
    assets_url = "/repos/owner/repo/releases/7/assets"
    server.offer_api({"assets": many(server, 30), "assets_url": server.url + assets_url})
    pages = [many(server, 100), many(server, 3) + [server.api_asset(ASSET, content)]]

    def page(handler):
        number = int(handler.path.rsplit("page=", 1)[1])
        return File(json.dumps(pages[number - 1]).encode())
    server.files[assets_url] = page
    server.files[PATH] = File(content)
    fetch.done(content)
    assert [request["path"].split("?")[1] for request in server.asked(assets_url)] == [
        "per_page=100&page=1", "per_page=100&page=2"]


def test_endless_pages_end(fetch, server):
    server.offer_api({"assets": many(server, 30), "assets_url": server.url + "/pages"})
    server.files["/pages"] = File(json.dumps(many(server, 100)).encode())
    assert "no asset" in fetch.fails("find", 69).last["text"]
    assert len(server.asked("/pages")) == 10


def test_an_answer_is_remembered_by_its_etag(fetch, server):
    content = program()
    server.offer_api({"assets": [server.api_asset(ASSET, content, digest="sha256:" + sha256(content))]})
    server.files[PATH] = File(content, cut_at=70_000, faults=1)
    fetch.fails("download", 69)
    assert (fetch.staging / "api.json").exists()
    run = fetch.done(content)
    assert server.asked(API)[1]["if-none-match"] == '"api"'
    assert run.said("found")[0]["source"] == "api" and run.said("found")[0]["digest"]


@pytest.mark.parametrize("damage", ["", "{", '{"format":1,"url":"x","etag":"x","release":{}}', "[" * 3000])
def test_a_damaged_memory_is_asked_anew(fetch, server, damage):
    content = program()
    (fetch.staging / "api.json").write_text(damage)
    server.offer_api({"assets": [server.api_asset(ASSET, content)]})
    server.files[PATH] = File(content)
    fetch.done(content)
    assert "if-none-match" not in server.asked(API)[0]


NOT_AN_ANSWER = {
    "nonsense": File(b"nonsense"), "html": File(b"<html>log in</html>"), "empty": File(b""),
    "list": File(b'["x"]'), "no-assets": File(b"{}"), "cut": File(b'{"assets":[]}' * 99, cut_at=9),
    "half": File(b'{"assets":[{"name":"a"'), "other-tag": File(b'{"tag_name":"v9","assets":[]}'),
    "huge": File(b" " * (8 * 1024 * 1024 + 1)), "huge-chunked": File(b" " * (8 * 1024 * 1024 + 1), chunked=True),
    "forbidden": File(b'{"message":"secret"}', status=403), "error": File(status=500),
    "unauthorized": File(status=401), "teapot": File(b"x" * 1_000_000, status=418),
}


@pytest.mark.parametrize("answer", sorted(NOT_AN_ANSWER))
def test_the_download_url_is_used_when_the_api_does_not_help(fetch, server, answer):
    content = program()
    server.files[API] = NOT_AN_ANSWER[answer]
    server.files[PATH] = File(content)
    if answer == "list":  # a list of assets is an answer, with nothing in it
        fetch.fails("find", 69)
        return
    run = fetch.done(content)
    assert run.said("found")[0]["source"] == "download" and run.said("found")[0]["bytes"] == len(content)
    assert "API did not help" in run.warnings()


def test_a_mirror_without_an_api_is_no_warning(fetch, server):
    content = program()
    server.files[PATH] = File(content)
    assert "API" not in fetch.done(content).warnings()


def test_an_api_out_of_reach_is_done_without(fetch, server):
    content = program()
    server.files[PATH] = File(content)
    assert "API did not help" in fetch.done(content, apiURL="https://api.invalid").warnings()


def test_neither_api_nor_download_url_know_it(fetch, server):
    run = fetch.fails("find", 69)
    assert PATH in run.last["text"] and API in run.last["text"]
    assert not run.last["progressed"] and run.last["retryAfterSeconds"] is None


def test_the_apis_own_words_are_told(fetch, server):
    server.files[API] = File(b'{"message":"Bad credentials"}', status=401)
    assert "Bad credentials" in fetch.fails("find", 69).last["text"]


def date(seconds):
    """That far from the moment at which it is asked for."""
    return lambda: email.utils.formatdate(time.time() + seconds, usegmt=True)


def stamp(seconds):
    return lambda: str(int(time.time()) + seconds)


@pytest.mark.parametrize("status, headers, seconds", [
    (429, {"Retry-After": "17"}, 17),
    (403, {"Retry-After": "0"}, 1),
    (503, {"Retry-After": "999999"}, 3600),
    (429, {"Retry-After": date(100)}, pytest.approx(100, abs=30)),
    (429, {"Retry-After": date(-100)}, 1),
    (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": stamp(200)},
     pytest.approx(200, abs=30)),
    (403, {"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": stamp(200)}, None),
    (403, {"X-RateLimit-Reset": "nonsense", "X-RateLimit-Remaining": "0"}, None),
    (500, {}, None),
])
def test_the_wait_that_the_api_asks_for_is_told(fetch, server, status, headers, seconds):
    now = {name: value() if callable(value) else value for name, value in headers.items()}
    server.files[API] = File(b'{"message":"API rate limit exceeded"}', status=status, headers=now)
    run = fetch.fails("find", 69)
    assert run.last["retryAfterSeconds"] == seconds
    assert "rate limit exceeded" in run.last["text"]
    content = program()
    server.files[PATH] = File(content)
    fetch.done(content)  # the download URL has no such limit


def test_an_api_that_asks_for_a_wait_is_left_alone(fetch, server):
    """The download URL is asked each time."""
    server.files[API] = File(b'{"message":"slow down"}', status=429, headers={"Retry-After": "1000"})
    for _ in range(3):
        run = fetch.fails("find", 69)
        assert "slow down" in run.last["text"] and 900 < run.last["retryAfterSeconds"] <= 1000
    assert "not asked again for" in run.last["text"]
    assert (len(server.asked(API)), len(server.asked(PATH))) == (1, 3)
    content = program()
    server.files[PATH] = File(content)
    fetch.done(content)
    assert len(server.asked(API)) == 1


def change_wait(fetch, **changes):
    path = fetch.staging / "api-wait.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("changes", [
    {"notBefore": 1000}, {"notBefore": 1 << 62}, {"notBefore": "x"}, {"format": 2}, {"url": "https://other"},
    {"tokenFile": "/other"}])
def test_a_wait_that_is_over_or_anothers_is_none(fetch, server, changes):
    server.files[API] = File(status=403, headers={"Retry-After": "1000"})
    fetch.fails("find", 69)
    change_wait(fetch, **changes)
    fetch.fails("find", 69)
    assert len(server.asked(API)) == 2


def test_an_api_that_only_failed_is_asked_again(fetch, server):
    for answer in (File(status=500), File(status=404, headers={"Retry-After": "1000"})):
        server.files[API] = answer
        fetch.fails("find", 69)
    fetch.fails("find", 69)
    assert len(server.asked(API)) == 3


def test_the_wait_that_the_download_asks_for_is_told(fetch, server):
    server.files[PATH] = File(status=503, headers={"Retry-After": "5"})
    assert fetch.fails("find", 69).last["retryAfterSeconds"] == 5


def test_a_folder_is_a_server_too(fetch, tmp_path):
    content = program()
    folder = tmp_path / "my releases" / "owner" / "repo" / "releases" / "download" / "v1.1.0"
    folder.mkdir(parents=True)
    url = (tmp_path / "my releases").as_uri()
    assert "%20" in url
    run = fetch.fails("find", 69, apiURL="file:///", downloadURL=url)
    assert "No such file" in run.last["text"]
    (folder / ASSET).write_bytes(content)
    (folder / "SHA256SUMS").write_text(f"{sha256(content)}  {ASSET}\n")
    run = fetch.done(content)
    assert run.last["verified"] == ["SHA256SUMS of the release"]
    assert "http" not in run.warnings()


def test_a_folder_is_gone_on_with(fetch, tmp_path):
    content = program()
    folder = tmp_path / "releases" / "owner" / "repo" / "releases" / "download" / "v1.1.0"
    folder.mkdir(parents=True)
    asset = folder / ASSET
    asset.write_bytes(content)
    status = asset.stat()
    url = (tmp_path / "releases").as_uri()
    (fetch.staging / "asset.part").write_bytes(content[:50_000])
    about = {"format": 1, "url": url + PATH, "bytes": len(content), "boot": "another", "syncedBytes": 50_000,
             "validator": f"{status.st_mtime_ns // 10**9}.{status.st_mtime_ns % 10**9:09}"}
    (fetch.staging / "asset.json").write_text(json.dumps(about))
    assert fetch.done(content, apiURL="file:///", downloadURL=url).said("resumed")


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_what_is_no_file_in_a_folder_is_refused(fetch, tmp_path, kind):
    folder = tmp_path / "releases" / "owner" / "repo" / "releases" / "download" / "v1.1.0"
    folder.mkdir(parents=True)
    (folder / ASSET).mkdir() if kind == "folder" else os.mkfifo(folder / ASSET)
    run = fetch.fails("find", 69, apiURL="file:///", downloadURL=(tmp_path / "releases").as_uri())
    assert "no regular file" in run.last["text"]


def test_a_link_out_of_a_folder_is_told(fetch, tmp_path):
    folder = tmp_path / "releases" / "owner" / "repo" / "releases" / "download" / "v1.1.0"
    folder.mkdir(parents=True)
    (tmp_path / "elsewhere").write_bytes(program())
    (folder / ASSET).symlink_to(tmp_path / "elsewhere")
    run = fetch.start(apiURL="file:///", downloadURL=(tmp_path / "releases").as_uri()).end()
    if any("landlock" in layer for layer in run.said("sandbox")[0]["layers"]):
        assert "no link leads out" in run.last["text"] and "token" not in run.last["text"]
    else:
        assert run.last["event"] == "done"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http:///x", "https://user@host/", "\n"])
def test_an_address_that_the_api_makes_up_is_not_followed(fetch, server, url):
    server.offer_api({"assets": [{**server.api_asset(ASSET, b"x"), "browser_download_url": url}]})
    run = fetch.fails("download", 69)
    assert "not allowed" in run.last["text"] or "cannot be used" in run.last["text"]


def test_looking_tells_what_is_there(fetch, server):
    content = program()
    names = {ASSET: content, "SHA256SUMS": f"{sha256(content)}  {ASSET}\n".encode(), ASSET + ".minisig": b"x"}
    server.offer_api({"assets": [server.api_asset(name, body) for name, body in names.items()]})
    for name, body in names.items():
        server.files[download_path(name)] = File(body)
    run = fetch.look(sha256="a" * 64, publicKey="RW" + "a" * 54)
    assert run.last["url"] == server.url + PATH and run.last["bytes"] == len(content)
    assert run.last["verifiable"] == [
        "the pin in the configuration", "SHA256SUMS of the release", f"{ASSET}.minisig of the release"]
    assert not server.asked(PATH) and list(fetch.staging.iterdir()) == []


def test_looking_sees_what_a_fetch_would_refuse(fetch, server):
    content = program()
    server.files[PATH] = File(content)
    server.files[download_path("SHA256SUMS")] = File(b"00" * 32 + b"  another\n")
    assert fetch.look().last["verifiable"] == []  # a list without the asset proves nothing
    unsigned = fetch.look(publicKey="RW" + "a" * 54).last
    assert (unsigned["event"], unsigned["step"]) == ("failed", "verify") and ".minisig" in unsigned["text"]


@pytest.mark.parametrize("ranges", [True, False])
def test_looking_below_the_download_url(fetch, server, ranges):
    content = program(3_000_000)
    server.files[PATH] = File(content, ranges=ranges)
    server.files[download_path(ASSET + ".sha256")] = File(sha256(content).encode())
    run = fetch.look()
    assert run.last["bytes"] == len(content)
    assert run.last["verifiable"] == [f"{ASSET}.sha256 of the release"]
    assert abs(run.last["serverTime"] - time.time()) < 60


def test_looking_for_what_is_not_there(fetch, server):
    run = fetch.look()
    assert (run.last["event"], run.last["step"], run.code) == ("failed", "find", 69)
    assert "404" in run.last["text"]
