"""Whom visor-fetch believes, and whom it shows the token: TLS, redirects, http, tokens."""

import os

import pytest

from authority import Authority, openssl
from fetching import ASSET, Fetch, program, sha256
from hostile_server import File, HostileServer, download_path, redirect

API = "/repos/owner/repo/releases/tags/v1.1.0"
PATH = download_path(ASSET)
TOKEN = "ghp_0123456789abcdef"
CONTENT = program()


@pytest.fixture
def secure(authority):
    """A server with TLS whose certificate is good for 127.0.0.1."""
    made = HostileServer(authority.certificate("IP:127.0.0.1"))
    yield made
    made.close()


def fetch_from(server, tmp_path, ca=None):
    fetch = Fetch(tmp_path, server)
    if ca:
        fetch.env["SSL_CERT_FILE"] = str(ca)
    return fetch


def offer(server, content=CONTENT):
    server.offer_api({"assets": [server.api_asset(ASSET, content, digest="sha256:" + sha256(content))]})
    server.files[PATH] = server.files[server.api_asset(ASSET, b"")["url"][len(server.url):]] = File(content)


def test_a_trusted_certificate(secure, tmp_path, authority):
    offer(secure)
    run = fetch_from(secure, tmp_path, authority.file).done(CONTENT)
    assert run.warnings() == ""


def test_a_folder_of_authorities(secure, tmp_path, authority):
    offer(secure)
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "ca.pem").write_bytes(authority.file.read_bytes())
    openssl(folder, "rehash", ".")
    fetch = fetch_from(secure, tmp_path)
    fetch.env["SSL_CERT_DIR"] = str(folder)
    fetch.done(CONTENT)


def test_an_authority_that_nobody_trusts(secure, tmp_path):
    offer(secure)
    run = fetch_from(secure, tmp_path).fails("download", 69)
    assert "certificate" in run.last["text"] and "SSL_CERT_FILE" in run.last["text"]
    assert secure.requests == []


def test_another_authority(secure, tmp_path, tmp_path_factory):
    offer(secure)
    other = Authority(tmp_path_factory.mktemp("other"))
    assert "certificate" in fetch_from(secure, tmp_path, other.file).fails("download", 69).last["text"]
    assert secure.requests == []


def test_a_certificate_for_another_host(tmp_path, authority):
    server = HostileServer(authority.certificate("DNS:elsewhere.example"))
    offer(server)
    run = fetch_from(server, tmp_path, authority.file).fails("download", 69)
    assert "certificate" in run.last["text"] and server.requests == []
    server.close()


def test_a_certificate_that_has_expired_asks_for_the_clock(tmp_path, authority):
    server = HostileServer(authority.certificate("IP:127.0.0.1", "-days", "-1"))
    offer(server)
    run = fetch_from(server, tmp_path, authority.file).fails("download", 69)
    assert "clock" in run.last["text"] and server.requests == []
    server.close()


def test_an_authority_file_that_is_missing(secure, tmp_path):
    run = fetch_from(secure, tmp_path, tmp_path / "none.pem").fails("download", 69)
    assert "SSL_CERT_FILE" in run.last["text"]


def test_https_where_http_is_spoken(server, tmp_path, authority):
    fetch = fetch_from(server, tmp_path, authority.file)
    url = server.url.replace("http:", "https:")
    run = fetch.fails("download", 69, apiURL="file:///", downloadURL=url)
    assert "cannot be reached" in run.last["text"]


# --- redirects


def test_redirects_are_followed(fetch, server):
    server.files[PATH] = redirect("/1")
    for number in range(1, 9):
        server.files[f"/{number}"] = redirect(f"/{number + 1}", status=[301, 302, 303, 307, 308][number % 5])
    server.files["/9"] = redirect(server.url + "/end?signed=by%20key")
    server.files["/end"] = File(CONTENT)
    run = fetch.done(CONTENT)
    assert run.said("found")[0]["url"] == server.url + PATH  # the signed address is nobody's business


def test_endless_redirects_end(fetch, server):
    server.files[PATH] = redirect(server.url + PATH)
    assert "redirects more than 10 times" in fetch.fails("download", 69).last["text"]
    assert len(server.asked(PATH)) == 11


def test_a_resumed_download_is_redirected_too(fetch, server):
    server.files[PATH] = redirect("/end")
    server.files["/end"] = File(CONTENT, cut_at=70_000, faults=1)
    fetch.fails("download", 69)
    assert fetch.done(CONTENT).said("resumed")
    assert server.asked("/end")[1]["range"] == "bytes=70000-"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "//user@host/"])
def test_a_redirect_to_another_protocol_is_refused(fetch, server, target):
    server.files[PATH] = redirect(target)
    run = fetch.fails("download", 69)
    assert "not allowed" in run.last["text"] or "cannot be used" in run.last["text"]


def test_https_is_not_led_to_http(secure, server, tmp_path, authority):
    offer(secure)
    server.files["/end"] = File(CONTENT)
    secure.files[PATH] = redirect(server.url + "/end")
    fetch = fetch_from(secure, tmp_path, authority.file)
    assert "not encrypted" in fetch.fails("download", 69).last["text"]
    assert server.requests == []


def test_http_is_led_to_https(secure, server, tmp_path, authority):
    secure.files["/end"] = File(CONTENT)
    server.files[PATH] = redirect(secure.url + "/end")
    fetch_from(server, tmp_path, authority.file).done(CONTENT)


def test_http_led_to_https_is_not_led_back(secure, server, tmp_path, authority):
    server.files[PATH] = redirect(secure.url + "/back")
    server.files["/end"] = File(CONTENT)
    secure.files["/back"] = redirect(server.url + "/end")
    assert "not encrypted" in fetch_from(server, tmp_path, authority.file).fails("download", 69).last["text"]
    assert not server.asked("/end")


def test_an_api_by_https_does_not_lead_to_http(secure, server, tmp_path, authority):
    server.files[PATH] = File(CONTENT)
    asset = {**secure.api_asset(ASSET, CONTENT), "browser_download_url": server.url + PATH}
    secure.offer_api({"assets": [asset]})
    fetch = fetch_from(secure, tmp_path, authority.file)
    assert "not encrypted" in fetch.fails("download", 69).last["text"]
    assert server.requests == []
    fetch.done(CONTENT, downloadURL=server.url)  # now the operator has written http himself


# --- the token


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(f"  {TOKEN}\n\n")
    path.chmod(0o600)
    return str(path)


def shown(server):
    return [request.get("authorization") for request in server.requests]


def test_the_token_gets_the_asset_from_the_api(fetch, server, token_file):
    """As a private repository needs it."""
    offer(server)
    server.files[PATH] = File(status=404)
    run = fetch.done(CONTENT, tokenFile=token_file)
    assert set(shown(server)) == {f"Bearer {TOKEN}"} and len(server.requests) == 2
    assert server.requests[1]["accept"] == "application/octet-stream"
    assert TOKEN not in str(run.lines) and TOKEN not in (fetch.staging / "fetched.json").read_text()


def test_the_token_does_not_follow_to_another_port(fetch, server, token_file):
    offer(server)
    store = HostileServer()
    store.files["/blob"] = File(CONTENT, cut_at=70_000, faults=1)
    asset_path = server.api_asset(ASSET, b"")["url"][len(server.url):]
    server.files[asset_path] = redirect(store.url + "/blob?signature=x")
    fetch.fails("download", 69, tokenFile=token_file)
    assert fetch.done(CONTENT).said("resumed")
    assert len(store.requests) == 2 and shown(store) == [None, None]
    assert set(shown(server)) == {f"Bearer {TOKEN}"}
    store.close()


def test_the_token_does_not_follow_to_another_name_of_the_same_host(fetch, server, token_file):
    offer(server)
    server.files[API] = redirect(server.url.replace("127.0.0.1", "localhost") + "/moved")
    server.files["/moved"] = File(b'{"assets":[]}')
    fetch.fails("find", 69, tokenFile=token_file)
    assert shown(server) == [f"Bearer {TOKEN}", None]


def test_the_token_follows_on_the_same_host(fetch, server, token_file):
    """A renamed repository: GitHub's API answers 301."""
    offer(server)
    server.files["/repositories/7"] = server.files[API]
    server.files[API] = redirect("/repositories/7", status=301)
    fetch.done(CONTENT, tokenFile=token_file)
    assert set(shown(server)) == {f"Bearer {TOKEN}"}


def test_the_token_does_not_follow_to_another_scheme(secure, server, tmp_path, authority, token_file):
    server.files[API] = redirect(secure.url + API)
    offer(secure)
    fetch = fetch_from(server, tmp_path, authority.file)
    fetch.done(CONTENT, tokenFile=token_file)
    assert shown(server) == [f"Bearer {TOKEN}"] and set(shown(secure)) == {None}


def test_the_token_is_not_for_another_download_host(fetch, server, token_file):
    mirror = HostileServer()
    mirror.files[PATH] = File(CONTENT)
    fetch.done(CONTENT, tokenFile=token_file, downloadURL=mirror.url)
    assert set(shown(mirror)) == {None} and shown(server) == [f"Bearer {TOKEN}"]
    mirror.close()


def test_the_token_is_for_the_download_url_of_the_same_host(fetch, server, token_file):
    """GitHub Enterprise: API and downloads on one host."""
    server.files[PATH] = File(CONTENT)
    fetch.done(CONTENT, tokenFile=token_file, apiURL=server.url + "/api/v3")
    assert set(shown(server)) == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("content, word", [
    (b"", "empty"), (b" \n", "empty"), (b"two words", "printable"), (b"a\nb", "printable"), (b"a\0b", "printable"),
    (b"\xc3\xa4", "printable"), (b"x" * 4097, "4096"), (None, "No such file")])
def test_a_bad_token_is_refused(fetch, server, tmp_path, content, word):
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    run = fetch.fails("request", 64, tokenFile=str(path))
    assert word in run.last["text"] and server.requests == []


def test_a_token_that_everybody_can_read(fetch, server, token_file):
    offer(server)
    os.chmod(token_file, 0o644)
    assert f"chmod 600 {token_file}" in fetch.done(CONTENT, tokenFile=token_file).warnings()


# --- http


def test_http_to_this_machine_is_no_warning(fetch, server):
    server.files[PATH] = File(CONTENT)
    assert fetch.done(CONTENT).warnings().count("http") == 0


@pytest.mark.parametrize("key", ["apiURL", "downloadURL"])
def test_http_to_elsewhere_is_warned_about(fetch, server, key):
    """By a proxy, so that nothing leaves this machine."""
    fetch.env["http_proxy"] = server.url
    server.files[PATH] = File(CONTENT)
    run = fetch.done(CONTENT, **{key: "http://release.example"})
    assert f"autoInstall.{key} is http://release.example" in run.warnings()
