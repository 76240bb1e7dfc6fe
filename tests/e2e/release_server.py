"""A folder of releases behind http, as nginx would serve it, with the faults that a test asks for."""

import functools
import hashlib
import http.server
import pathlib
import re
import threading
import zipfile


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        releases = self.server.releases
        path = releases.folder / self.path.lstrip("/")
        releases.requests.append((self.path, self.headers.get("Range")))
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        begin = 0
        ranged = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if ranged and self.headers.get("If-Range", tag) == tag:
            begin = int(ranged[1])
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(content) - begin))
        self.send_header("ETag", tag)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        end = len(content)
        if path.suffix == ".zip":
            if releases.hold_at is not None:
                self.wfile.write(content[begin:releases.hold_at])
                self.wfile.flush()
                releases.held.set()
                releases.go_on.wait(60)
                begin = max(begin, releases.hold_at)
            if releases.cuts:
                end = releases.cuts.pop(0)
                self.close_connection = True
        try:
            self.wfile.write(content[begin:end])
        except OSError:  # whoever asked is gone
            self.close_connection = True

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Whoever asked was killed: that is what some of the tests are about."""


class Releases:
    """Serves @folder; close() ends it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.requests = []
        self.cuts = []  # the next downloads end at these bytes
        self.hold_at = None  # downloads stop there until go_on is set
        self.held = threading.Event()
        self.go_on = threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.releases = self
        self.thread = threading.Thread(target=functools.partial(self.server.serve_forever, poll_interval=0.05))
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def publish(self, tag, binary, checksum=True):
        """A release of one zip, with its SHA256SUMS; returns the digest of the zip."""
        folder = self.folder / "o" / "r" / "releases" / "download" / tag
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / "vega.zip", "w") as archive:  # stored: its size is that of the binary
            archive.write(binary, "vega")
            archive.writestr("notes", bytes(1_000_000))  # large enough to be cut, however small the binary is
        digest = hashlib.sha256((folder / "vega.zip").read_bytes()).hexdigest()
        if checksum:
            (folder / "SHA256SUMS").write_text(f"{digest}  vega.zip\n")
        return digest

    def asset_requests(self):
        return [ranged for path, ranged in self.requests if path.endswith(".zip")]

    def close(self):
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
