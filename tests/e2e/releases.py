"""A release server: `vega-sim releases` over a folder of releases, as GitHub or anybody serves them.

    with Releases(folder) as releases:                    # or start() and stop(); the fixture `releases` does both
        releases.add("v1.1.0", {"vega-linux-amd64.zip": b"..."}, sums=True)    # any bytes, or a path to copy
        releases.make("v1.1.0", "vega-linux-amd64.zip", size=60_000_000, sums=True)   # a stamped vega-sim in it
        world.write_config(autoInstall=releases.config())                      # Visor fetches from it
        releases.rules({"on": "download", "cut_at": 1000, "times": 2})         # what goes wrong, and how often
        releases.wait_request(on="download", status=206, range="bytes=1000-")  # waits, with a deadline
        assert not [request for request in releases.requests(on="storage") if request["has_token"]]

`url` is both apiURL and downloadURL; `storage_url` is the other "host", to which the API's assets are redirected. A
token given to the constructor is needed for the API (`scenario(token_on=["api", "download"])`: for downloads too).
Rules and scenario members are described in sim/release_rules.h; `rules()` without arguments mends everything, and a
change has taken effect when the call returns. What was asked stands in `requests()`: number, on, method, path, host,
port, status (0: closed or hung without an answer), has_token, range, if_range, if_none_match, accept, user_agent; in
`answers()` the same once the answer has ended, with bytes (of the body) and whole (it all went out).
`ask(url, "GET", Range="bytes=5-")` asks it (or anything else) directly.
The folder works for nginx and file:// as well: `folder` / OWNER / REPOSITORY / releases / download / TAG / ASSET.
"""

import hashlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import urllib.parse

from world import DEADLINE_SECONDS, SANITIZER_REPORT, SIM, wait_until


class Answer:
    def __init__(self, status, headers, body, whole):
        self.status, self.headers, self.body, self.whole = status, headers, body, whole

    def json(self):
        return json.loads(self.body)


def ask(url, method="GET", **headers):
    """One request on a connection of its own; header names with _ for -. A body that is cut short is returned."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        try:
            body, whole = response.read(), True
        except http.client.IncompleteRead as cut:
            body, whole = cut.partial, False
        return Answer(response.status, response.headers, body, whole)
    finally:
        connection.close()


class Releases:
    def __init__(self, folder, token=None, owner="vegaprotocol", repository="vega", **facts):
        self.root = pathlib.Path(folder)
        self.folder = self.root / "releases"
        self.log = self.root / "releases.jsonl"
        self.stderr = self.root / "releases.stderr"
        self.scenario_path = self.root / "releases.json"
        self.token, self.owner, self.repository = token, owner, repository
        self.facts = dict(facts)
        self.process = None
        self.port = self.storage_port = 0
        self.folder.mkdir(parents=True, exist_ok=True)

    # Life

    def start(self):
        """Starts the server, after a stop() on the same port again; what was logged before stays."""
        self.write_scenario()
        listened = len(self.events("listening"))
        token = ["--token", self.token] if self.token else []
        with open(self.stderr, "ab") as stream:
            self.process = subprocess.Popen(
                [SIM, "releases", "--folder", self.folder, "--port", str(self.port), "--log", self.log,
                 "--scenario", self.scenario_path, *token],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stream)
        event = self.wait_event("listening", listened + 1)
        self.port, self.storage_port = event["port"], event["storage_port"]
        return self

    def stop(self):
        """Ends the server; from then on connections are refused."""
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(timeout=DEADLINE_SECONDS)
            self.process = None
            assert code == 0, self.stderr.read_text()

    def check(self):
        assert not self.events("bad-scenario"), self.events("bad-scenario")
        said = self.stderr.read_text() if self.stderr.exists() else ""
        assert not SANITIZER_REPORT.search(said), said

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        self.check()

    # Where it is

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def storage_url(self):
        return f"http://127.0.0.1:{self.storage_port}"

    @property
    def repository_url(self):
        """Of the API, without /releases."""
        return f"{self.url}/repos/{self.owner}/{self.repository}"

    def api_url(self, tag):
        return f"{self.repository_url}/releases/tags/{tag}"

    def download_url(self, tag, asset):
        return f"{self.url}/{self.owner}/{self.repository}/releases/download/{tag}/{asset}"

    def config(self, asset="vega-linux-amd64.zip", binary="vega", asset_members=None, **members):
        """[autoInstall] for World.write_config."""
        if self.token:
            token_file = self.root / "token"
            token_file.write_text(self.token + "\n")
            token_file.chmod(0o600)
            members.setdefault("tokenFile", str(token_file))
        return {
            "enabled": True, "repositoryOwner": self.owner, "repository": self.repository, "apiURL": self.url,
            "downloadURL": self.url, "prefetchSpreadSeconds": 0,
            "asset": {"name": asset, "binaryName": binary, **(asset_members or {})}, **members,
        }

    def told(self, tag, **headers):
        """What the API says of a release."""
        answer = ask(self.api_url(tag), **headers)
        assert answer.status == 200, answer.body
        return answer.json()

    def told_asset(self, tag, name, **headers):
        return next(asset for asset in self.told(tag, **headers)["assets"] if asset["name"] == name)

    # What lies there

    def release(self, tag):
        path = self.folder / self.owner / self.repository / "releases" / "download" / tag
        path.mkdir(parents=True, exist_ok=True)
        return path

    def path(self, tag, asset):
        return self.release(tag) / asset

    def add(self, tag, assets, sums=False):
        """Publishes assets, {name: bytes, text or a path}, each at once; sums: SHA256SUMS of all of them too."""
        for name, content in assets.items():
            target = self.path(tag, name)
            new = target.with_name(f".{name}.new")
            if isinstance(content, pathlib.Path):
                shutil.copy(content, new)
            else:
                new.write_bytes(content.encode() if isinstance(content, str) else content)
            new.rename(target)
        if sums:
            lines = [f"{self.sha256(tag, path.name)}  {path.name}\n" for path in sorted(self.release(tag).iterdir())
                     if path.name != "SHA256SUMS"]
            self.add(tag, {"SHA256SUMS": "".join(lines)})

    def make(self, tag, asset="vega-linux-amd64.zip", binary="vega", size=0, sums=False, version=None):
        """Publishes a vega-sim stamped with @version, else the tag, of about @size bytes; .zip, .tar.gz or bare."""
        more = ["--sums"] if sums else []
        subprocess.run([SIM, "asset", "--version", version or tag, "--binary", binary, "--bytes", str(size),
                        self.path(tag, asset), *more], check=True)
        return self.path(tag, asset)

    def sha256(self, tag, asset):
        digest = hashlib.sha256()
        with open(self.path(tag, asset), "rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
        return digest.hexdigest()

    # What it does

    def write_scenario(self):
        new = self.scenario_path.with_name(self.scenario_path.name + ".new")
        new.write_text(json.dumps(self.facts))
        os.replace(new, self.scenario_path)

    def scenario(self, **changes):
        """Changes members of the scenario; None takes one away."""
        self.facts.update(changes)
        self.facts = {name: value for name, value in self.facts.items() if value is not None}
        taken = len(self.events("scenario"))
        self.write_scenario()
        if self.process:
            self.wait_event("scenario", taken + 1)

    def rules(self, *rules):
        """What goes wrong from now on: these rules and no others; their counts begin anew."""
        if self.facts.get("rules") == list(rules):
            self.scenario(rules=[])
        self.scenario(rules=list(rules))

    # What was asked of it

    def events(self, event=None, **fields):
        found = []
        for line in self.log.read_text().splitlines() if self.log.exists() else []:
            try:
                parsed = json.loads(line)
            except ValueError:
                continue  # a line that is being written
            if (event is None or parsed["event"] == event) and all(
                    parsed.get(key) == value for key, value in fields.items()):
                found.append(parsed)
        return found

    def requests(self, **fields):
        return self.events("request", **fields)

    def answers(self, **fields):
        return self.events("answered", **fields)

    def wait_event(self, event, count=1, seconds=DEADLINE_SECONDS, **fields):
        """Waits for the count-th such event and returns it."""
        def look():
            found = self.events(event, **fields)
            if len(found) >= count:
                return found[count - 1]
            assert self.process is None or self.process.poll() is None, self.stderr.read_text()
            assert not self.events("bad-scenario"), self.events("bad-scenario")
            return None
        return wait_until(look, lambda: f"event {event} {fields} in {self.events()}", seconds)

    def wait_request(self, count=1, **fields):
        return self.wait_event("request", count, **fields)

    def wait_answer(self, count=1, **fields):
        return self.wait_event("answered", count, **fields)
