"""What the release server of vega-sim does wrong, and how often: the rules of its scenario."""

import http.client
import os
import subprocess
import time
import urllib.parse

import pytest

from releases import ask

TAG = "v1.2.0"
ASSET = "vega-linux-amd64.zip"
BODY = os.urandom(300_000)


@pytest.fixture
def download(releases):
    """The URL of an asset that is there."""
    releases.add(TAG, {ASSET: BODY, "notes.txt": "some notes\n"})
    return releases.download_url(TAG, ASSET)


def test_a_rate_limit_is_over_after_so_many_requests(releases, download):
    reset = str(int(time.time()) + 5)
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    releases.rules(
        {"on": "api", "status": 403, "times": 1, "headers": {"Retry-After": "1"}},
        {"on": "api", "status": 429, "times": 1, "headers": spent},
        {"on": "api", "status": 503, "times": 2})
    answers = [ask(releases.api_url(TAG)) for _ in range(5)]
    assert [answer.status for answer in answers] == [403, 429, 503, 503, 200]
    assert "rate limit" in answers[0].json()["message"] and answers[0].headers["Retry-After"] == "1"
    assert answers[1].headers["X-RateLimit-Reset"] == reset
    assert ask(download).status == 200


def test_a_rule_lasts_until_it_is_changed(releases, download):
    releases.rules({"on": "download", "status": 502})
    assert [ask(download).status for _ in range(3)] == [502] * 3
    assert ask(releases.api_url(TAG)).status == 200
    releases.rules()
    assert ask(download).status == 200


def test_counts_begin_anew_with_new_rules_only(releases, download):
    rule = {"on": "download", "status": 500, "times": 1}
    releases.rules(rule)
    assert [ask(download).status for _ in range(2)] == [500, 200]
    releases.scenario(throttle_bytes_per_second=10**9)
    assert ask(download).status == 200
    releases.rules(rule)
    assert [ask(download).status for _ in range(2)] == [500, 200]


def test_rules_choose_by_asset_and_method(releases, download):
    releases.rules({"asset": ASSET, "method": "HEAD", "status": 500}, {"asset": "notes.txt", "status": 404})
    assert ask(download).status == 200 and ask(download, "HEAD").status == 500
    assert ask(releases.download_url(TAG, "notes.txt")).status == 404


def test_a_download_is_cut_and_stalls(releases, download):
    releases.rules({"on": "download", "cut_at": 1000, "times": 2})
    for _ in range(2):
        answer = ask(download)
        assert answer.body == BODY[:1000] and not answer.whole
    assert ask(download, Range="bytes=1000-").body == BODY[1000:]
    releases.wait_answer(3)
    assert [(answer["bytes"], answer["whole"]) for answer in releases.answers()] == [
        (1000, False), (1000, False), (299_000, True)]

    releases.rules({"on": "download", "stall_at": 5000, "times": 1})
    connection = http.client.HTTPConnection("127.0.0.1", releases.port, timeout=20)
    connection.request("GET", urllib.parse.urlsplit(download).path)
    response = connection.getresponse()
    assert response.read(5000) == BODY[:5000]
    connection.sock.settimeout(0.2)
    with pytest.raises(TimeoutError):
        response.read(1)
    assert len(releases.requests()) == 4 and len(releases.answers()) == 3
    response.close()
    connection.close()
    assert releases.wait_answer(4)["bytes"] == 5000
    assert ask(download).body == BODY


def test_nothing_is_answered(releases, download):
    releases.rules({"close": True, "times": 1}, {"hang": True, "times": 1})
    with pytest.raises(http.client.RemoteDisconnected):
        ask(releases.api_url(TAG))
    connection = http.client.HTTPConnection("127.0.0.1", releases.port, timeout=0.2)
    connection.request("GET", "/")
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    releases.wait_answer(2, status=0)
    assert ask(download).status == 200


def test_a_server_that_is_gone_refuses_connections_and_comes_back(releases, download):
    releases.stop()
    with pytest.raises(ConnectionRefusedError):
        ask(download)
    releases.start()
    assert ask(download).body == BODY


def test_answers_can_be_slow(releases, download):
    def seconds(url, **headers):
        begin = time.monotonic()
        assert ask(url, **headers).status in (200, 206)
        return time.monotonic() - begin
    releases.rules({"on": "api", "delay_ms": 150}, {"on": "download", "head_byte_pause_ms": 1})
    assert seconds(releases.api_url(TAG)) >= 0.15
    assert seconds(download, Range="bytes=0-0") >= 0.1  # a head has some 250 bytes


def test_downloads_are_throttled_together(releases, download):
    releases.scenario(throttle_bytes_per_second=1_000_000)
    begin = time.monotonic()
    processes = [subprocess.Popen(["curl", "-s", "-o", os.devnull, download]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert time.monotonic() - begin >= 0.55  # 600 kB, less the burst of 20 ms
    releases.scenario(throttle_bytes_per_second=1000)
    slow = subprocess.Popen(["curl", "-s", "-o", os.devnull, download])
    releases.wait_request(3)
    releases.scenario(throttle_bytes_per_second=0)
    assert slow.wait(timeout=20) == 0  # would take five minutes


def test_the_api_lies_about_digests_and_more(releases, download):
    right = releases.told_asset(TAG, ASSET)
    releases.rules({"on": "api", "asset": ASSET, "digest": "wrong", "size": 7, "state": "starter"})
    wrong = releases.told_asset(TAG, ASSET)
    assert len(wrong["digest"]) == len(right["digest"]) and wrong["digest"] != right["digest"]
    assert wrong["size"] == 7 and wrong["state"] == "starter"
    assert releases.told_asset(TAG, "notes.txt")["size"] == 11
    assert ask(wrong["url"]).json() == wrong
    releases.rules({"on": "api", "digest": "missing"})
    assert "digest" not in releases.told_asset(TAG, ASSET)
    releases.rules({"on": "api", "digest": None})
    assert releases.told_asset(TAG, ASSET)["digest"] is None
    releases.rules({"on": "api", "digest": "sha512:00"})
    assert releases.told_asset(TAG, ASSET)["digest"] == "sha512:00"


def test_lengths_lie(releases, download):
    releases.rules({"on": "download", "length_lie": 50, "times": 1}, {"on": "download", "length_lie": -50, "times": 1})
    more = ask(download)
    assert more.body == BODY and not more.whole and more.headers["Content-Length"] == "300050"
    less = ask(download)
    assert less.body == BODY[:-50] and releases.wait_answer(2)["bytes"] == len(BODY)


def test_ranges_can_be_unknown(releases, download):
    releases.rules({"on": "download", "ranges": False})
    answer = ask(download, Range="bytes=1000-")
    assert answer.status == 200 and answer.body == BODY and answer.headers["Accept-Ranges"] is None


def test_validators_can_change_or_be_replaced(releases, download):
    releases.rules({"on": "download", "etag_changes": True})
    first, second = ask(download).headers, ask(download).headers
    assert first["ETag"] != second["ETag"] and first["Last-Modified"] != second["Last-Modified"]
    assert ask(download, Range="bytes=5-", If_Range=second["ETag"]).status == 200
    long_ago = "Sun, 06 Nov 1994 08:49:37 GMT"
    releases.rules({"headers": {"etag": 'W/"weak"', "Last-Modified": None, "Date": long_ago}})
    answer = ask(download)
    assert answer.headers["ETag"] == 'W/"weak"' and answer.headers["Last-Modified"] is None
    assert answer.headers.get_all("Date") == [long_ago]


def test_something_else_comes_instead(releases, download):
    releases.rules({"on": "download", "html": True}, {"on": "api", "body": '{"tag_name": 5}'})
    page = ask(download, Range="bytes=5-")
    assert page.status == 200 and page.headers["Content-Type"].startswith("text/html") and b"<html>" in page.body
    assert ask(releases.api_url(TAG)).json() == {"tag_name": 5}
    releases.rules({"on": "download", "body": "no zip", "status": 203})
    answer = ask(download)
    assert answer.status == 203 and answer.body == b"no zip"


def follow(url, limit=20):
    count = 0
    while (answer := ask(url)).status == 302 and count < limit:
        url, count = answer.headers["Location"], count + 1
    return answer, url, count


def test_redirects_loop_end_and_lead_astray(releases, download):
    releases.rules({"on": "download", "redirect": "loop"})
    assert follow(download)[2] == 20
    releases.rules({"on": "download", "redirect": 5})
    answer, url, count = follow(download)
    assert answer.body == BODY and count == 5 and url.startswith(releases.storage_url)
    releases.rules({"redirect": 3})
    answer, url, count = follow(download)
    assert answer.body == BODY and count >= 3
    releases.rules({"on": "download", "redirect": "storage"})
    assert follow(download)[2] == 1
    for url in ("file:///etc/passwd", "http://127.0.0.1:1/elsewhere", "/relative"):
        releases.rules({"on": "download", "redirect": url})
        assert ask(download).headers["Location"] == url


def test_an_asset_appears_later(releases, download):
    releases.rules({"on": "api", "asset": ASSET, "missing": True, "times": 2},
                   {"on": "download", "asset": ASSET, "missing": True, "times": 1})
    seen = [[asset["name"] for asset in releases.told(TAG)["assets"]] for _ in range(3)]
    assert seen == [["notes.txt"], ["notes.txt"], ["notes.txt", ASSET]]
    assert ask(releases.download_url(TAG, "notes.txt")).status == 200
    assert [ask(download).status for _ in range(2)] == [404, 200]
