"""A web server that does to visor-fetch what servers, proxies and networks do: lies, cuts, stalls, refuses."""

import dataclasses
import http.server
import json
import re
import socket
import ssl
import threading
import urllib.parse

RELEASED_SECONDS = 60  # nothing that is held back is held back for longer


@dataclasses.dataclass
class File:
    """One path of the server. Each fault is one field; `faults` says for how many requests they last."""

    body: bytes = b""
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)
    etag: str = '"first"'
    last_modified: str = ""
    ranges: bool = True  # answers Range with a part
    if_range: bool = True  # looks at If-Range
    cut_at: int = None  # closes the connection before this byte of the file
    hold_at: int = None  # sends no more than this until release()
    length: int = None  # of Content-Length, a lie
    content_range: str = None  # a lie too
    chunked: bool = False
    until_close: bool = False  # neither a length nor chunks
    faults: int = None  # after so many requests the file is served well

    def good(self):
        return File(self.body, etag=self.etag, last_modified=self.last_modified)


def redirect(url, status=302):
    return File(status=status, headers={"Location": url})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        hostile = self.server.hostile
        path = urllib.parse.urlsplit(self.path).path
        with hostile.lock:
            hostile.requests.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
            file = hostile.files.get(path)
            if getattr(file, "faults", None) is not None:
                if file.faults == 0:
                    file = hostile.files[path] = file.good()
                else:
                    file.faults -= 1
        if callable(file):
            file = file(self)
        self.answer(file if file else File(b'{"message":"Not Found"}', status=404, etag=""))

    def part(self, file):
        """(status, first byte): what a good server makes of Range and If-Range."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not asked or file.status != 200 or not file.ranges:
            return file.status, 0
        if file.if_range and self.headers.get("If-Range", file.etag) not in {file.etag, file.last_modified}:
            return 200, 0
        first = int(asked.group(1))
        return (206, first) if first < len(file.body) else (416, first)

    def answer(self, file):
        if file.etag and self.headers.get("If-None-Match") == file.etag and file.status == 200:
            self.send_response(304)
            self.end_headers()
            return
        status, first = self.part(file)
        body = b"" if status == 416 else file.body[first:]
        self.send_response(status)
        for name, value in file.headers.items():
            self.send_header(name, value)
        if file.etag:
            self.send_header("ETag", file.etag)
        if file.last_modified:
            self.send_header("Last-Modified", file.last_modified)
        if status == 416:
            self.send_header("Content-Range", f"bytes */{len(file.body)}")
        if status == 206:
            self.send_header(
                "Content-Range", file.content_range or f"bytes {first}-{len(file.body) - 1}/{len(file.body)}")
        if file.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif not file.until_close:
            self.send_header("Content-Length", str(len(body) if file.length is None else file.length))
        self.end_headers()
        self.send(file, first, body)

    def send(self, file, first, body):
        for stop in sorted({first + len(body), *(at for at in (file.cut_at, file.hold_at) if at is not None)}):
            piece, body = body[:max(0, stop - first)], body[max(0, stop - first):]
            first += len(piece)
            if file.chunked and piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            else:
                self.wfile.write(piece)
            self.wfile.flush()
            if stop == file.hold_at:
                self.server.hostile.released.wait(RELEASED_SECONDS)
            if stop == file.cut_at:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
        if file.chunked:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = self.close_connection or file.until_close or file.length is not None


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that goes away is what is tested


class HostileServer:
    """`files` maps a path to a File, or to a function from the request's handler to one."""

    def __init__(self, certificate=None):
        self.files = {}
        self.requests = []
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.server.hostile = self
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def release(self):
        self.released.set()

    def close(self):
        self.release()
        self.server.shutdown()
        self.server.server_close()

    def asked(self, path):
        with self.lock:
            return [request for request in self.requests if urllib.parse.urlsplit(request["path"]).path == path]

    def offer_api(self, release, **how):
        """The API's answer about release v1.1.0 of owner/repo."""
        file = File(json.dumps(release).encode(), etag='"api"', **how)
        self.files["/repos/owner/repo/releases/tags/v1.1.0"] = file
        return file

    def api_asset(self, name, body, **more):
        """One asset as the API lists it."""
        return {
            "url": f"{self.url}/repos/owner/repo/releases/assets/{sum(name.encode())}",
            "browser_download_url": self.url + download_path(name),
            "name": name, "state": "uploaded", "size": len(body), **more,
        }


def download_path(name):
    return f"/owner/repo/releases/download/v1.1.0/{urllib.parse.quote(name)}"
