"""Tests that cannot be held in valgrind, and why: of the unit tests by name, of the end-to-end tests by node id."""

UNIT = {
    "base/invocation": "compares itself with what /proc/self/exe leads to, which is valgrind",
    "docs/state-machines": "compares a text, by a shell",
    "fetch/seccomp": "makes forbidden calls with nothing in them, and valgrind looks at that before the kernel refuses",
    "fetch/unpacker": "valgrind dies of its own where a process that a sandbox forbids kill(2) is ended by a signal",
    "home/stray": "lets descriptors run out at a number, and valgrind keeps some of its own",
    "home/interruption": "stops a process at each of its system calls, and valgrind makes many of its own",
}

END_TO_END = {
    "tests/e2e/test_hardship.py::test_a_reload_in_the_first_moment_does_not_end_visor":
        "waits until visor blocks signals, by /proc, and valgrind blocks them all before visor begins",
    "tests/e2e/test_reexec.py::test_a_link_is_followed_anew": "the program that was started is valgrind, not the link",
    "tests/e2e/test_reexec.py::test_a_false_name_is_not_followed": "gives the program a name that valgrind would have",
    "tests/e2e/test_reexec.py::test_signals_and_ends_in_between_are_not_lost":
        "valgrind takes signals that are pending at an exec away",
    "tests/e2e/test_fetch_bombs.py::test_memory":
        "a limit of address space would be met by valgrind itself, so none is set",
}
