"""The assets that vega-sim makes."""

import json
import os
import subprocess
import tarfile
import zipfile

import pytest

from world import SIM

TAG = "v1.2.0"
ASSET = "vega-linux-amd64.zip"


@pytest.mark.parametrize("name", [ASSET, "vega-linux-amd64.tar.gz", "vega"])
def test_an_asset_is_a_stamped_program(releases, tmp_path, name):
    path = releases.make(TAG, name, binary="bin-vega", size=9_000_000, sums=True)
    program = tmp_path / "program"
    if name.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None and archive.namelist() == ["bin-vega"]
            assert archive.getinfo("bin-vega").external_attr >> 16 == 0o100755
            program.write_bytes(archive.read("bin-vega"))
    elif name.endswith(".tar.gz"):
        with tarfile.open(path) as archive:
            member = archive.getmember("bin-vega")
            assert archive.getnames() == ["bin-vega"] and member.mode == 0o755 and member.isreg()
            program.write_bytes(archive.extractfile(member).read())
    else:
        assert os.access(path, os.X_OK)
        program.write_bytes(path.read_bytes())
    program.chmod(0o755)
    assert program.stat().st_size == 9_000_000 and 9_000_000 <= path.stat().st_size < 9_100_000
    told = subprocess.run([program, "version", "--output", "json"], capture_output=True, text=True, check=True).stdout
    assert json.loads(told)["version"] == TAG
    assert releases.path(TAG, "SHA256SUMS").read_text() == f"{releases.sha256(TAG, name)}  {name}\n"


def test_sums_are_kept_up(releases):
    releases.make(TAG, ASSET, sums=True)
    releases.make(TAG, "vega", sums=True)
    releases.make(TAG, ASSET, size=5_000_000, sums=True)
    lines = releases.path(TAG, "SHA256SUMS").read_text().splitlines()
    assert sorted(lines) == sorted(f"{releases.sha256(TAG, name)}  {name}" for name in (ASSET, "vega"))
    releases.add(TAG, {"more": b"x"}, sums=True)
    assert len(releases.path(TAG, "SHA256SUMS").read_text().splitlines()) == 3


def test_a_wrong_wish_for_an_asset_is_refused(tmp_path):
    for words in (["--version", "v1"], ["--binary", "vega", "x.zip"], ["--version", "v1", "--binary", "", "x.zip"],
                  ["--version", "v1", "--binary", "vega", "--bytes", "many", "x.zip"],
                  ["--version", "v1", "--binary", "vega", "--bytes", "5000000000", "x.zip"]):
        assert subprocess.run([SIM, "asset", *words], cwd=tmp_path, capture_output=True, check=False).returncode == 64
    assert list(tmp_path.iterdir()) == []
