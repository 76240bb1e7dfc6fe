"""A real nginx that serves a folder, as a mirror of releases would."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess

from world import DEADLINE_SECONDS, ROOT, wait_until

BINARY = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin") or str(
    ROOT / "build" / "tools" / "nginx" / "usr" / "sbin" / "nginx")  # where scripts/setup has put it

CONFIG = """
daemon off; worker_processes 1; {user} pid {root}/nginx.pid; error_log {root}/error.log notice;
events {{ worker_connections 64; }}
http {{
    access_log {root}/access.log combined;
    log_format combined_range '$request_method $uri $status $http_range $http_if_range';
    access_log {root}/ranges.log combined_range;
    client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
    uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
    sendfile on;
    server {{
        listen 127.0.0.1:{port} {tls};
        {certificate}
        location / {{ root {folder}; limit_rate {rate}; }}
    }}
}}
"""


class Nginx:
    """Serves @folder; @certificate is a file with key and certificate. The listening socket is handed down, so that the
    port is free for certain."""

    def __init__(self, root, folder, certificate=None, bytes_per_second=0):
        self.root = pathlib.Path(root)
        self.root.mkdir()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        (self.root / "nginx.conf").write_text(CONFIG.format(
            user="user root;" if os.geteuid() == 0 else "", root=self.root, folder=folder, port=self.port, tls="ssl" if certificate else "", rate=bytes_per_second,
            certificate=f"ssl_certificate {certificate}; ssl_certificate_key {certificate};" if certificate else ""))
        self.process = subprocess.Popen(
            [BINARY, "-c", self.root / "nginx.conf", "-e", self.root / "error.log"], stdin=subprocess.DEVNULL,
            env={**os.environ, "NGINX": f"{self.listener.fileno()};"}, pass_fds=[self.listener.fileno()])
        wait_until(lambda: (self.root / "nginx.pid").exists() or self.process.poll() is not None, "nginx runs")
        assert self.process.poll() is None, (self.root / "error.log").read_text()

    def requests(self):
        """METHOD URI STATUS RANGE IF-RANGE of each request that was answered."""
        log = self.root / "ranges.log"
        return [line.split() for line in log.read_text().splitlines()] if log.exists() else []

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=DEADLINE_SECONDS)
        self.listener.close()
