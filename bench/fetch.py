#!/usr/bin/python3
"""What fetching a release costs, on the real binaries; each figure beside one of the same run.

    bench/fetch.py BUILD_FOLDER [--runs 7] [--folder DIR]

Needs curl and bsdtar for the comparison. DIR is where the files go: it decides what an fsync costs.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

from common import fresh, load_world, show, status, upgrade_times

ASSET = "vega-linux-amd64.zip"
TAG = "v1.1.0"
MEGABYTE = 1_000_000


def request(releases):
    return json.dumps({
        "tag": TAG, "owner": releases.owner, "repository": releases.repository, "asset": ASSET, "binary": "vega",
        "apiURL": releases.url, "downloadURL": releases.url, "tokenFile": "", "verify": "require", "sha256": "",
        "publicKey": "", "stallTimeoutSeconds": 30, "maxAssetBytes": 1 << 40, "maxUnpackedBytes": 1 << 40,
    })


class Peak(threading.Thread):
    """The most memory that a process and its children ever had resident, each for itself, in kB."""

    def __init__(self, pid):
        super().__init__()
        self.pid, self.kilobytes, self.over = pid, {}, threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.002):
            children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children")
            try:
                pids = [self.pid] + [int(pid) for pid in children.read_text().split()]
                for pid in pids:
                    kind = "visor-fetch" if pid == self.pid else "its unpacker"
                    self.kilobytes[kind] = max(self.kilobytes.get(kind, 0), status(pid, "VmHWM"))
            except (OSError, KeyError):
                continue

    def end(self):
        self.over.set()
        self.join()
        return self.kilobytes


def fetch(program, releases, folder):
    """One fetch: (seconds, peak memory by process)."""
    staging = folder / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    begin = time.monotonic()
    process = subprocess.Popen([program, "fetch", staging, request(releases)], stdout=subprocess.PIPE, text=True)
    peak = Peak(process.pid)
    last = json.loads(process.stdout.read().splitlines()[-1])
    process.wait()
    took = time.monotonic() - begin
    if last["event"] != "done":
        raise SystemExit(f"Error: bench: {last}")
    return took, peak.end()


def by_hand(releases, folder):
    """The same with curl, sha256sum and bsdtar; seconds."""
    target = folder / "by-hand"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    url = releases.download_url(TAG, ASSET)
    begin = time.monotonic()
    subprocess.run(
        ["sh", "-ec", f"curl --silent --fail {url} | tee asset | sha256sum > sum; bsdtar -x -f asset"], cwd=target, check=True)
    return time.monotonic() - begin


def compare(program, releases, folder, megabytes, runs):
    releases.make(TAG, ASSET, size=megabytes * MEGABYTE)
    ours, theirs, peaks = [], [], {}
    for _ in range(runs):
        theirs.append(by_hand(releases, folder))
        took, peak = fetch(program, releases, folder)
        ours.append(took)
        peaks = {kind: max(peaks.get(kind, 0), value) for kind, value in peak.items()}
    print(f"{megabytes} MB over loopback, into {folder.parent}:")
    mine = show("  visor-fetch", [took * 1000 for took in ours])
    other = show("  curl | tee | sha256sum, then bsdtar", [took * 1000 for took in theirs])
    pairs = [a / b for a, b in zip(theirs, ours)]
    print(f"  throughput against that: {other / mine:.2f} of the medians, {statistics.median(pairs):.2f} in the median pair")
    print("  peak resident: " + ", ".join(f"{kind} {value / 1024:.1f} MB" for kind, value in peaks.items()))


def upgrades(world, releases, stamps, runs):
    """Old node gone -> new node's main(), fetched over a link of 20 MB/s and prepared by hand, in turn."""
    releases.make(TAG, ASSET, size=60 * MEGABYTE)
    releases.scenario(throttle_bytes_per_second=20 * MEGABYTE)
    fetched, prepared = [], []
    for _ in range(runs):
        made = fresh(world, stamps)
        made.write_config(autoInstall=releases.config())
        fetched.append(upgrade_times(made)[1])
        made = fresh(world, stamps)
        made.release(TAG, TAG)
        prepared.append(upgrade_times(made)[1])
    releases.scenario(throttle_bytes_per_second=None)
    one = show("old node gone -> new main(), 60 MB fetched", fetched)
    other = show("  the same, folder prepared by hand", prepared)
    print(f"  fetched / prepared: {one / other:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--folder", default=None)
    options = parser.parse_args()
    build = pathlib.Path(options.build).resolve()
    world = load_world(build)
    from releases import Releases
    program = build / "src" / "fetch" / "visor-fetch"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="visor-bench-", dir=options.folder))
    try:
        with Releases(folder / "server") as releases:
            print(f"{'':<48}{'min':>9} {'median':>9} {'max':>9}")
            upgrades(world, releases, folder, options.runs)
            compare(program, releases, folder, 60, options.runs)
            compare(program, releases, folder, 1000, max(options.runs // 2, 1))
    finally:
        shutil.rmtree(folder)


main()
