# SPDX-License-Identifier: Apache-2.0
"""Certificates of the lab, good and bad, made with the openssl command into one folder."""

import datetime
import pathlib
import shutil

from namespaces import run

# name → what is wrong with it. "good" is first since it is also what "client-certificate" shows.
KINDS = ("good", "expired", "not-yet-valid", "wrong-name", "unknown-root", "self-signed",
         "client-certificate")

_CONFIG = """\
[ca]
default_ca = lab
[lab]
dir = {folder}
new_certs_dir = {folder}
database = {folder}/index.txt
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = none
[none]
"""


def _time(days):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


class Authority:
    """A certificate authority in a folder: `ca.pem` is its certificate."""

    def __init__(self, folder, common_name):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate = self.folder / "ca.pem"
        self.key = self.folder / "ca.key"
        self.config = self.folder / "ca.cnf"
        self.config.write_text(_CONFIG.format(folder=self.folder))
        (self.folder / "index.txt").touch()
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "30", "-subj", f"/CN={common_name}", "-keyout", str(self.key),
             "-out", str(self.certificate), "-addext", "basicConstraints=critical,CA:TRUE",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign"])

    def issue(self, target, names, days=(-1, 20), usage="serverAuth", self_signed=False):
        """Writes certificate and key into the one file `target`, valid from and to `days` from now."""
        target = pathlib.Path(target)
        key, request = target.with_suffix(".key"), target.with_suffix(".csr")
        alternatives = ",".join(("IP:" if _is_address(name) else "DNS:") + name for name in names)
        run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-config", str(self.config), "-subj", f"/CN={names[0]}", "-keyout", str(key),
             "-out", str(request), "-addext", f"subjectAltName={alternatives}",
             "-addext", f"extendedKeyUsage={usage}"])
        signer = (["-selfsign", "-keyfile", str(key)] if self_signed
                  else ["-cert", str(self.certificate), "-keyfile", str(self.key)])
        issued = run(["openssl", "ca", "-batch", "-notext", "-config", str(self.config), *signer,
                      "-startdate", _time(days[0]), "-enddate", _time(days[1]), "-in", str(request)])
        target.write_text(issued + key.read_text())
        request.unlink()
        key.unlink()
        return target


def _is_address(name):
    return ":" in name or name.replace(".", "").isdigit()


class Certificates:
    """All kinds of the lab. `ca` is the PEM file to trust; `path(kind, name)` is a server's
    certificate with its key."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._authority = Authority(self.folder / "ca", "Lab Root")
        self._stranger = None
        self.ca = self._authority.certificate
        self.client = self._authority.issue(self.folder / "client.pem", ["client"], usage="clientAuth")

    def make_trust_folder(self, folder):
        """A stand-in for /etc/ssl in which the lab's root is the only one."""
        roots = pathlib.Path(folder) / "certs"
        roots.mkdir(parents=True)
        shutil.copy(self.ca, roots / "lab-root.pem")
        shutil.copy(self.ca, roots / "ca-certificates.crt")
        shutil.copy("/etc/ssl/openssl.cnf", folder)
        run(["openssl", "rehash", str(roots)])

    def issue(self, kind, names):
        """A certificate of a kind for a server with these names and addresses."""
        target = self.folder / f"{names[0]}-{kind}.pem"
        if target.exists():
            return target
        if kind == "expired":
            return self._authority.issue(target, names, days=(-30, -2))
        if kind == "not-yet-valid":
            return self._authority.issue(target, names, days=(2, 20))
        if kind == "wrong-name":
            return self._authority.issue(target, ["somebody-else.test"])
        if kind == "unknown-root":
            if self._stranger is None:
                self._stranger = Authority(self.folder / "stranger", "Unknown Root")
            return self._stranger.issue(target, names)
        return self._authority.issue(target, names, self_signed=kind == "self-signed")
