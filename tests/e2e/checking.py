"""What the tests of the preflight share."""

import json
import pathlib
import shutil
import subprocess
import time

from world import VISOR

CODES = {"ok": 0, "warnings": 82, "problems": 83}


def check(world, *words, visor=VISOR, home=None, **more):
    """All findings as JSON, after the exit code was seen to agree with them, and the output for a person with both."""
    command = [visor, "check", "--home", home or world.home, *words]
    run = subprocess.run([*command, "--output", "json"], capture_output=True, text=True, timeout=60, check=False, **more)
    assert run.stderr == "", run.stderr
    answer = json.loads(run.stdout)
    results = {finding["result"] for finding in answer["findings"]}
    expected = "problems" if "problem" in results else "warnings" if "warning" in results else "ok"
    assert answer["result"] == expected and run.returncode == CODES[expected], run.stdout
    for finding in answer["findings"]:
        assert set(finding) == {"check", "result", "subject", "text", "cure"} and finding["text"]
        assert finding["result"] != "ok" or finding["cure"] == ""
    return answer["findings"]


def found(findings, name, result, text):
    """The finding of check @name with @result and @text in it; fails if there is none."""
    matching = [finding for finding in findings if finding["check"] == name and finding["result"] == result
                and text in f"{finding['subject']}: {finding['text']}; {finding['cure']}"]
    assert matching, f"no {result} of {name} with {text!r} among:\n" + "\n".join(map(str, findings))
    return matching[0]


def faults(findings):
    """What is no fault of the machine that the test runs on: an unsynchronised clock and a full disk are."""
    return [finding for finding in findings if finding["result"] != "ok" and finding["check"] not in ("clock", "disk")]


def tree(folder):
    """Everything that a look must not change, down to the times of the inodes."""
    facts = {}
    for path in [folder, *sorted(pathlib.Path(folder).rglob("*"))]:
        status = path.lstat()
        facts[path] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return facts


def installed(world, script=None):
    """A visor as it is installed, with a visor-fetch that a test plays."""
    (world.folder / "bin").mkdir()
    (world.folder / "libexec" / "visor").mkdir(parents=True)
    shutil.copy(VISOR, world.folder / "bin" / "visor")
    if script:
        path = world.folder / "libexec" / "visor" / "visor-fetch"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
    return world.folder / "bin" / "visor"


def looked(**changes):
    event = {"event": "looked", "url": "https://releases.example/vega.zip", "bytes": 1000,
             "verifiable": ["the digest that the API tells"], "serverTime": int(time.time()), **changes}
    return f"echo '{json.dumps(event)}'\n"


def failed(step, text):
    event = {"event": "failed", "step": step, "text": text, "progressed": False, "retryAfterSeconds": None}
    return f"echo '{json.dumps(event)}'\nexit 69\n"


AUTO = {"enabled": True, "repositoryOwner": "o", "repository": "r"}
ASSET = {"name": "vega.zip", "binaryName": "vega"}


def auto_install(world, **changes):
    world.write_config(**{"autoInstall": {**AUTO, **changes}, "autoInstall.asset": ASSET})
