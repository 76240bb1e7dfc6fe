"""Certificates for the tests' own servers."""

import subprocess


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], check=True, cwd=folder, capture_output=True)


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "ca.pem"
        openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
                "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem")

    def certificate(self, name, *dates):
        """Key and certificate of a server, in one file; @name is its subjectAltName."""
        (self.folder / "extensions").write_text(f"subjectAltName={name}\n")
        openssl(self.folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=server", "-keyout", "server.key", "-out", "server.csr")
        openssl(self.folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-extfile", "extensions", "-out", "server.pem", *(dates or ("-days", "5")))
        path = self.folder / f"{len(list(self.folder.iterdir()))}.pem"
        path.write_bytes((self.folder / "server.key").read_bytes() + (self.folder / "server.pem").read_bytes())
        return path
