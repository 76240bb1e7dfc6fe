"""What the tree itself must hold: the include graph, file sizes, one fork, no exit() outside main and children."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# A folder includes only from folders above it (and itself); the helpers and vega-sim only from base.
RESIDENT = ["base", "core", "config", "home", "proc", "rpc", "release", "supervisor", "cli"]
HELPERS = ["fetch"]
LAYERS = RESIDENT + HELPERS
ALLOWED = {layer: set(RESIDENT[: index + 1]) for index, layer in enumerate(RESIDENT)}
ALLOWED.update({layer: {"base", layer} for layer in HELPERS})
LINES_MAX = 400


def sources(*patterns):
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def text(path):
    return path.read_text(encoding="utf-8")


def code(path):
    """The file without comments and strings."""
    without_comments = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text(path), flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', without_comments)


def includes(path):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', text(path), flags=re.M)


def test_every_folder_is_a_known_layer():
    assert {path.name for path in (ROOT / "src").iterdir() if path.is_dir()} == set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_folder_includes_only_from_folders_above_it(layer):
    wrong = []
    for path in sources(f"src/{layer}/*.[ch]", f"src/{layer}/*.cc"):
        for included in includes(path):
            if included == "build_info.h" and layer in {"supervisor", "cli", "fetch"}:  # told: reexec, `version`, User-Agent
                continue
            if included.split("/")[0] not in ALLOWED[layer]:
                wrong.append(f"{path.relative_to(ROOT)} includes {included}")
    assert not wrong


def test_the_simulator_includes_only_base():
    wrong = [
        f"{path.relative_to(ROOT)} includes {included}"
        for path in sources("sim/*.[ch]")
        for included in includes(path)
        if included.split("/")[0] not in {"base", "sim"}
    ]
    assert not wrong


def test_the_core_is_pure():
    """No I/O, no clock, no allocation: the core links nothing that could."""
    forbidden = r"\b(malloc|calloc|realloc|strdup|free|open|read|write|printf|fprintf|time|clock_\w+|getenv|errno)\s*\("
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in sources("src/core/*.c")
        for match in re.finditer(forbidden, code(path))
    ]
    assert not wrong


def test_a_jump_of_the_wall_clock_decides_nothing():
    """It is written down, or makes something unique; what supervises a node goes by the monotonic clock."""
    tells = {"history.c", "log.c", "marker.c", "state.c", "clock.c", "inspection.c", "command_run.c", "command_reexec.c",
             "check_auto_install.c"}
    wrong = [
        str(path.relative_to(ROOT))
        for layer in RESIDENT
        for path in sources(f"src/{layer}/*.c")
        if re.search(r"\bclock_realtime\w*|\bCLOCK_REALTIME\w*|\b(time|gettimeofday)\s*\(", code(path))
        and path.name not in tells
    ]
    assert not wrong


def test_there_is_one_fork_a_program():
    forks = [
        str(path.relative_to(ROOT))
        for path in sources("src/**/*.c")
        if re.search(r"\b(v?fork|clone3?|posix_spawnp?|system|popen|daemon)\s*\(", code(path))
    ]
    assert forks == ["src/fetch/unpacker.c", "src/proc/spawn.c"]  # one a program


def test_nothing_exits_but_main_and_a_forked_child():
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources("src/**/*.c")
        if re.search(r"\b(_?exit|abort|quick_exit)\s*\(", code(path))
        and path.name not in {"main.c", "spawn.c", "unpacker.c"}
    ]
    assert not wrong


def test_json_is_read_and_written_in_one_place():
    """jansson gets it wrong where memory is refused: see src/base/json.h. The helpers may die of that."""
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for layer in RESIDENT
        for path in sources(f"src/{layer}/*.[ch]")
        if path.parent.name != "base"
        for match in re.finditer(r"\bjson_(load|dumps|v?unpack)\w*\(", code(path))
    ]
    assert not wrong


def test_files_are_about_one_noun():
    long = {
        str(path.relative_to(ROOT)): len(text(path).splitlines())
        for path in sources("src/**/*.[ch]", "src/**/*.cc", "sim/*.[ch]", "tests/**/*.[ch]", "tests/**/*.py")
        if len(text(path).splitlines()) > LINES_MAX
    }
    assert not long


def test_there_is_one_cplusplus_file():
    assert [str(path.relative_to(ROOT)) for path in sources("src/**/*.cc", "sim/*.cc")] == ["src/config/toml.cc"]


def test_no_sleep_in_tests():
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in sources("tests/**/*.py", "tests/**/*.c")
        if path != pathlib.Path(__file__).resolve()
        for match in re.finditer(r"\b(time\.sleep|usleep|nanosleep|sleep)\(", text(path))
    ]
    assert not wrong


def test_every_test_is_built():
    """A merge once left two fuzz targets out of their list, and nobody missed them."""
    unit, fuzz = (text(ROOT / "tests" / kind / "meson.build") for kind in ("unit", "fuzz"))
    forgotten = [str(path) for path in sources("tests/unit/*/test_*.c")
                 if f"'{path.parent.name}/{path.stem.removeprefix('test_')}'" not in unit]
    forgotten += [str(path) for path in sources("tests/fuzz/fuzz_*.c")
                  if f"corpus/{path.stem.removeprefix('fuzz_')}'" not in fuzz and path.stem != "fuzz_unpack"]
    assert not forgotten
