"""Runs of the built visor-fetch, without Visor: each is judged by its events."""

import hashlib
import json
import os
import pathlib
import random
import subprocess
import threading

from world import BUILD, DEADLINE_SECONDS, wait_until

FETCH = BUILD / "src" / "fetch" / "visor-fetch"
LINE_BYTES_MAX = 16 * 1024
ASSET = "vega-linux-amd64"


def program(size=200_000, seed=1):
    """A bare program of this size."""
    return b"#!/bin/sh\n" + random.Random(seed).randbytes(size - 10)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Run:
    """One run of visor-fetch, perhaps not over yet."""

    def __init__(self, arguments, env):
        self.process = subprocess.Popen(
            [FETCH, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            env=env)
        self.lines = []
        self.errors = b""
        self.threads = [threading.Thread(target=self.read), threading.Thread(target=self.read_errors)]
        for thread in self.threads:
            thread.start()

    def read(self):
        for line in self.process.stdout:
            assert len(line) <= LINE_BYTES_MAX
            self.lines.append(json.loads(line))

    def read_errors(self):
        self.errors = self.process.stderr.read()

    def said(self, event, **more):
        return [line for line in list(self.lines) if line["event"] == event
                and all(line.get(key) == value for key, value in more.items())]

    def wait(self, event, **more):
        return wait_until(lambda: self.said(event, **more), lambda: f"{event} {more} among {self.lines}")[0]

    def kill(self):
        self.process.kill()
        self.join()

    def join(self):
        self.code = self.process.wait(timeout=DEADLINE_SECONDS)
        for thread in self.threads:
            thread.join()
        return self

    def end(self):
        """Waits for the end; the last event is the only one of its kind. Returns the run."""
        self.join()
        assert self.errors == b"", self.errors.decode(errors="replace")
        endings = [line for line in self.lines if line["event"] in {"done", "looked", "failed"}]
        assert len(endings) == 1 and endings[0] is self.lines[-1], self.lines
        assert (self.code == 0) == (endings[0]["event"] != "failed"), (self.code, self.lines)
        return self

    @property
    def last(self):
        return self.lines[-1]

    def warnings(self):
        return " / ".join(line["text"] for line in self.said("warning"))


class Fetch:
    """A staging folder and the request for release v1.1.0 of owner/repo."""

    def __init__(self, folder, server=None):
        self.folder = pathlib.Path(folder)
        self.staging = self.folder / "staging"
        self.staging.mkdir(mode=0o700)
        url = server.url if server else (self.folder / "releases").as_uri()
        self.request = {
            "tag": "v1.1.0", "owner": "owner", "repository": "repo", "asset": ASSET, "binary": "vega",
            "apiURL": url, "downloadURL": url, "tokenFile": "", "verify": "prefer", "sha256": "", "publicKey": "",
            "stallTimeoutSeconds": 20, "maxAssetBytes": 2 << 30, "maxUnpackedBytes": 8 << 30,
        }
        self.env = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}

    def arguments(self, command="fetch", **changes):
        self.request.update(changes)
        text = json.dumps(self.request)
        return [command, self.staging, text] if command == "fetch" else [command, text]

    def start(self, command="fetch", **changes):
        return Run(self.arguments(command, **changes), self.env)

    def run(self, **changes):
        return self.start(**changes).end()

    def look(self, **changes):
        return self.start("look", **changes).end()

    def done(self, content, **changes):
        """Runs to success: the release is in place and as it should be, and nothing else is left."""
        run = self.run(**changes)
        assert run.last["event"] == "done", run.lines
        self.check(content)
        assert run.last["sha256"] == sha256(content)
        return run

    def check(self, content):
        assert sorted(path.name for path in self.staging.iterdir()) == ["fetched.json", "release"]
        assert (self.staging / "release" / "vega").read_bytes() == content
        assert os.access(self.staging / "release" / "vega", os.X_OK)

    def fails(self, step, code, **changes):
        """Runs to failure: nothing is in place."""
        run = self.run(**changes)
        assert (run.last["event"], run.last.get("step"), run.code) == ("failed", step, code), run.lines
        assert not (self.staging / "fetched.json").exists()
        return run

    def part(self):
        """How much of the download is there."""
        path = self.staging / "asset.part"
        return path.stat().st_size if path.exists() else 0
