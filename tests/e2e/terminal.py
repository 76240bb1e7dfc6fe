"""A program on a terminal, as an operator sees it."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from world import DEADLINE_FACTOR, DEADLINE_SECONDS


class Terminal:
    """A program on a terminal of @columns; everything it writes, with the time."""

    def __init__(self, words, columns, term="xterm"):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        env={**os.environ, "TERM": term})
        os.close(slave)
        self.pieces = []

    def read(self, until=None, seconds=60 * DEADLINE_FACTOR):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.master], [], [], deadline - time.monotonic())
            try:
                piece = os.read(self.master, 65536) if ready else b""
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            self.pieces.append((time.monotonic(), piece.decode()))
            if until and until in self.text:
                return
        assert until is None or until in self.text, self.text

    @property
    def text(self):
        return "".join(piece for _, piece in self.pieces)

    def close(self):
        os.close(self.master)
        return self.process.wait(timeout=DEADLINE_SECONDS)
