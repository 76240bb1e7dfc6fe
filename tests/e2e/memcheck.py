"""`make valgrind`: with MEMCHECK_REPORTS in the environment, visor and visor-fetch run in valgrind wherever a test starts
them, and what they start of their own kind does; a node and all the rest stay what they are.

MEMCHECK_REPORTS  a folder; each program leaves a LIFE.log in it, which is empty unless valgrind has found something
MEMCHECK_LIBRARY  tests/valgrind/libmemcheck.so
"""

import os
import pathlib
import subprocess
import time

PROGRAMS = ("visor", "visor-fetch")
BEFORE = ("nohup",)  # runs the program that is named after it
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# A report by %p would be opened anew by a fork, where a sandbox does not let it. Leaks are looked for by the library.
# vgdb's pipes would be left in /tmp by every process that is killed. Only libc's malloc is replaced: tests/faults has one
# of its own before it.
OPTIONS = (
    "--tool=memcheck", "--quiet", "--vgdb=no", "--leak-check=no", "--show-leak-kinds=definite,indirect,possible",
    "--soname-synonyms=somalloc=nouserintercepts", "--num-callers=30", f"--suppressions={ROOT}/tests/valgrind/known.supp",
)


def wanted():
    return "MEMCHECK_REPORTS" in os.environ


def environment(given):
    library = os.environ["MEMCHECK_LIBRARY"]
    others = given.get("LD_PRELOAD", "")
    return {**given, "LD_PRELOAD": others if library in others else f"{others} {library}".strip(),
            "MEMCHECK_REPORTS": os.environ["MEMCHECK_REPORTS"], "MEMCHECK_PROGRAMS": " ".join(PROGRAMS),
            "MEMCHECK_LIFE": f"{os.getpid()}-{time.monotonic_ns()}"}


def in_valgrind(words):
    """The words with valgrind before the program; None if it is not one that runs there."""
    at = 1 if os.path.basename(words[0]) in BEFORE else 0
    if len(words) <= at or os.path.basename(words[at]) not in PROGRAMS:
        return None
    return [*words[:at], "/usr/bin/valgrind", *OPTIONS, "--trace-children=yes",
            f"--log-file={os.environ['MEMCHECK_REPORTS']}/%q{{MEMCHECK_LIFE}}.log", *words[at:]]


def words_of(pid):
    """The command line of a process, without valgrind in front of it."""
    words = pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")[:-1]
    if words and os.path.basename(words[0]).startswith("valgrind"):
        return words[next((at for at, word in enumerate(words) if at > 0 and not word.startswith("--")), len(words)):]
    return words


def executable(pid):
    """What the process runs. In valgrind that is valgrind, and its command line tells the program."""
    path = os.readlink(f"/proc/{pid}/exe")
    return words_of(pid)[0] if os.path.basename(path).startswith("memcheck-") else path


class Popen(subprocess.Popen):
    def __init__(self, args, *rest, env=None, **more):
        words = in_valgrind([os.fspath(word) for word in args]) if isinstance(args, (list, tuple)) else None
        if words:
            args, env = words, environment(dict(os.environ) if env is None else env)
        super().__init__(args, *rest, env=env, **more)


def install():
    if wanted():
        subprocess.Popen = Popen


def reports_of(test):
    """A folder for the reports of one test; returns what tells, at its end, what they say."""
    parent = pathlib.Path(os.environ["MEMCHECK_REPORTS"])
    folder = parent / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-{len(list(parent.iterdir()))}"
    folder.mkdir()
    folder.chmod(0o777)  # some tests run visor as somebody else
    (folder / "test").write_text(test)
    os.environ["MEMCHECK_REPORTS"] = str(folder)

    def said():
        os.environ["MEMCHECK_REPORTS"] = str(parent)
        return "".join(path.read_text(errors="replace") for path in sorted(folder.glob("*.log")))
    return said
