"""What visor-fetch holds an asset against, in which order, and what it does when that does not fit."""

import subprocess

import pytest

from fetching import ASSET, program, sha256
from hostile_server import File, download_path

PATH = download_path(ASSET)
SUMS = download_path("SHA256SUMS")
LONE = download_path(ASSET + ".sha256")
CONTENT = program()
RIGHT, WRONG = sha256(CONTENT), "0" * 64

PIN = "the pin in the configuration"
DIGEST = "the digest that the API tells"
BY_SUMS = "SHA256SUMS of the release"
BY_LONE = f"{ASSET}.sha256 of the release"


def sums(digest, name=ASSET):
    return f"{digest}  {name}\n".encode()


def offer(server, digest=None, companions=(), api=True):
    """The asset, and what is published beside it, by the API or without one."""
    files = {ASSET: CONTENT, **dict(companions)}
    for name, body in files.items():
        server.files[download_path(name)] = File(body)
    if api:
        assets = [server.api_asset(name, body) for name, body in files.items()]
        if digest:
            assets[0]["digest"] = digest
        server.offer_api({"assets": assets})


ORDER = [
    # pin, API's digest, SHA256SUMS, ASSET.sha256 -> the one that decides
    (RIGHT, WRONG, WRONG, WRONG, PIN), (RIGHT.upper(), None, None, None, PIN),
    ("", RIGHT, WRONG, WRONG, DIGEST), ("", None, RIGHT, WRONG, BY_SUMS), ("", None, None, RIGHT, BY_LONE),
]


@pytest.mark.parametrize("api", [True, False])
@pytest.mark.parametrize("pin, digest, listed, lone, decides", ORDER)
def test_the_first_that_exists_decides(fetch, server, api, pin, digest, listed, lone, decides):
    if digest and not api and not pin:
        digest, listed, decides = None, RIGHT, BY_SUMS  # nobody tells a digest
    companions = ([("SHA256SUMS", sums(listed))] if listed else []) + (
        [(ASSET + ".sha256", lone.encode())] if lone else [])
    offer(server, digest and "sha256:" + digest, companions, api)
    run = fetch.done(CONTENT, sha256=pin, verify="require")
    assert run.last["verified"] == [decides]
    assert run.said("verified") == [{"event": "verified", "against": decides, "sha256": RIGHT}]


@pytest.mark.parametrize("api", [True, False])
@pytest.mark.parametrize("pin, digest, listed, lone", [
    (WRONG, RIGHT, RIGHT, RIGHT), ("", WRONG, RIGHT, RIGHT), ("", None, WRONG, RIGHT), ("", None, None, WRONG)])
def test_a_mismatch_is_loud_and_removes_the_download(fetch, server, api, pin, digest, listed, lone):
    if digest and not api and not pin:
        listed = WRONG
    companions = ([("SHA256SUMS", sums(listed))] if listed else []) + [(ASSET + ".sha256", lone.encode())]
    offer(server, digest and "sha256:" + digest, companions, api)
    run = fetch.fails("verify", 65, sha256=pin)
    assert RIGHT in run.last["text"] and WRONG in run.last["text"] and "WRONG CHECKSUM" in run.last["text"]
    assert not run.last["progressed"] and fetch.part() == 0
    assert not (fetch.staging / "release").exists() and not (fetch.staging / "unpacking").exists()


def test_a_mismatch_is_tried_again(fetch, server):
    offer(server, "sha256:" + RIGHT)
    server.files[PATH] = File(program(seed=9), faults=1)
    fetch.fails("verify", 65)
    server.files[PATH] = File(CONTENT)
    assert not fetch.done(CONTENT).said("resumed")


@pytest.mark.parametrize("api", [True, False])
def test_nothing_published(fetch, server, api):
    offer(server, api=api)
    run = fetch.fails("verify", 65, verify="require")
    assert "autoInstall.asset.sha256" in run.last["text"]
    assert bool(server.asked(PATH)) != api  # the API's list tells before anything is downloaded
    run = fetch.done(CONTENT, verify="prefer")
    assert "unverified" in run.warnings() and run.last["verified"] == []


def test_a_policy_that_is_off_asks_for_nothing(fetch, server):
    offer(server, "sha256:" + WRONG, [("SHA256SUMS", sums(WRONG))])
    run = fetch.done(CONTENT, verify="off")
    assert run.last["verified"] == [] and not server.asked(SUMS) and "unverified" not in run.warnings()


def test_a_pin_holds_even_then(fetch, server):
    offer(server)
    fetch.fails("verify", 65, verify="off", sha256=WRONG)
    assert fetch.done(CONTENT, sha256=RIGHT).last["verified"] == [PIN]


@pytest.mark.parametrize("digest", ["sha512:" + "0" * 128, "sha256:xyz", "md5:0", None, 7])
def test_a_digest_that_is_none_is_passed_over(fetch, server, digest):
    offer(server, digest, [("SHA256SUMS", sums(RIGHT))])
    assert fetch.done(CONTENT).last["verified"] == [BY_SUMS]


def test_a_list_without_the_asset_is_passed_over(fetch, server):
    offer(server, None, [("SHA256SUMS", sums(WRONG, "other")), (ASSET + ".sha256", sums(RIGHT))])
    assert fetch.done(CONTENT).last["verified"] == [BY_LONE]


@pytest.mark.parametrize("file", [File(status=500), File(status=403), File(b"x", cut_at=0), File(b"x" * 2_000_000)])
@pytest.mark.parametrize("api", [True, False])
def test_a_list_that_cannot_be_had_is_no_reason_to_do_without(fetch, server, api, file):
    """'prefer' must not be talked down to nothing by whoever can break a connection."""
    offer(server, None, [("SHA256SUMS", sums(RIGHT))], api)
    server.files[SUMS] = file
    fetch.fails("find", 69)
    server.files[SUMS] = File(sums(RIGHT))
    assert fetch.done(CONTENT).last["verified"] == [BY_SUMS]
    assert len(server.asked(PATH)) == 1


@pytest.mark.parametrize("api", [True, False])
def test_a_list_that_makes_no_sense_is_refused(fetch, server, api):
    offer(server, None, [("SHA256SUMS", sums("zz"))], api)
    assert "SHA256SUMS" in fetch.fails("verify", 65).last["text"]


def test_the_wait_that_the_list_asks_for_is_told(fetch, server):
    offer(server, api=False)
    server.files[SUMS] = File(status=429, headers={"Retry-After": "9"})
    assert fetch.fails("find", 69).last["retryAfterSeconds"] == 9


def minisign(folder, *arguments):
    subprocess.run(["minisign", *map(str, arguments)], check=True, cwd=folder, capture_output=True, input=b"\n\n")


@pytest.fixture(scope="session")
def signer(tmp_path_factory):
    """Makes a key; signer(content) is (public key, signature) of it."""
    folder = tmp_path_factory.mktemp("minisign")
    minisign(folder, "-G", "-W", "-p", "key.pub", "-s", "key.sec")
    key = (folder / "key.pub").read_text().splitlines()[1]

    def sign(content):
        (folder / "signed").write_bytes(content)
        minisign(folder, "-S", "-s", "key.sec", "-m", "signed", "-t", "release v1.1.0")
        return key, (folder / "signed.minisig").read_bytes()
    return sign


@pytest.mark.parametrize("api", [True, False])
@pytest.mark.parametrize("policy", ["off", "prefer", "require"])
def test_a_signature(fetch, server, signer, api, policy):
    key, signature = signer(CONTENT)
    offer(server, None, [(ASSET + ".minisig", signature)], api)
    run = fetch.done(CONTENT, publicKey=key, verify=policy)
    assert run.last["verified"] == ["its minisign signature (release v1.1.0)"]
    assert "unverified" not in run.warnings()


def test_a_signature_and_a_checksum(fetch, server, signer):
    key, signature = signer(CONTENT)
    offer(server, "sha256:" + RIGHT, [(ASSET + ".minisig", signature)])
    assert len(fetch.done(CONTENT, publicKey=key).last["verified"]) == 2


@pytest.mark.parametrize("api", [True, False])
def test_a_signature_that_is_missing(fetch, server, signer, api):
    offer(server, "sha256:" + RIGHT, api=api)
    run = fetch.fails("verify", 65, publicKey=signer(CONTENT)[0], verify="off")
    assert ASSET + ".minisig" in run.last["text"] and "publicKey" in run.last["text"]


def test_a_signature_of_something_else(fetch, server, signer):
    key, signature = signer(program(seed=2))
    offer(server, "sha256:" + RIGHT, [(ASSET + ".minisig", signature)])
    run = fetch.fails("verify", 65, publicKey=key)
    assert "WRONG SIGNATURE" in run.last["text"] and not run.last["progressed"] and fetch.part() == 0


def test_a_signature_that_is_none(fetch, server, signer):
    offer(server, "sha256:" + RIGHT, [(ASSET + ".minisig", b"nonsense")])
    run = fetch.fails("verify", 65, publicKey=signer(CONTENT)[0])
    assert fetch.part() == len(CONTENT)  # it is not the asset's fault


def test_a_checksum_beyond_the_first_page_is_found(fetch, server):
    offer(server, None, [("SHA256SUMS", sums(RIGHT))], api=False)
    others = [server.api_asset(f"other-{number}", b"x") for number in range(40)]
    asset, list_of_sums = server.api_asset(ASSET, CONTENT), server.api_asset("SHA256SUMS", sums(RIGHT))
    server.offer_api({"assets": [asset, *others[:29]], "assets_url": server.url + "/all"})
    server.files["/all"] = File(repr([asset, *others, list_of_sums]).replace("'", '"').encode())
    assert fetch.done(CONTENT, verify="require").last["verified"] == [BY_SUMS]
