# SPDX-License-Identifier: Apache-2.0
"""Glewlwyd, an OpenID provider that Debian has: started from files that ./dev has unpacked into build/glewlwyd, with a
database of its own, and set up over its own interface, as an administrator would."""

import gzip
import http.client
import json
import os
import pathlib
import sqlite3
import ssl
import subprocess
import urllib.parse

from processes import ROOT, Process, free_port, wait_until

FILES = pathlib.Path(os.environ.get("LW_GLEWLWYD", ROOT / "build/glewlwyd"))
PASSWORD = "correct horse"


def is_there():
    return (FILES / "usr/bin/glewlwyd").exists()


class Glewlwyd(Process):
    ends_with = None

    def __init__(self, folder):
        super().__init__("glewlwyd", folder, environment={"LD_LIBRARY_PATH": str(FILES / "usr/lib/x86_64-linux-gnu")})
        self.folder, self.port = folder, free_port()
        self.base = f"https://localhost:{self.port}"
        self.issuer = f"{self.base}/api/oidc"
        self.authority, self.key = folder / "glewlwyd.pem", folder / "glewlwyd.key"

    def start(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out",
                        self.authority, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                       check=True, capture_output=True)
        self.make_database()
        (self.folder / "glewlwyd.conf").write_text(self.configuration())
        self.start_program([FILES / "usr/bin/glewlwyd", f"--config-file={self.folder}/glewlwyd.conf"])
        wait_until(lambda: self.call("GET", "/api/")[0] < 500, 30, "glewlwyd answers", [self.log])
        return self

    def make_database(self):
        """Debian's own, in which users have groups as well."""
        text = gzip.decompress((FILES / "usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz").read_bytes()).decode()
        groups = '"groups":{"multiple":true,"read":true,"write":true,"profile-read":true,"profile-write":false},'
        text = text.replace('"data-format":{"picture"', '"data-format":{' + groups + '"picture"', 1)
        with sqlite3.connect(self.folder / "glewlwyd.db") as database:
            database.executescript(text)

    def configuration(self):
        modules = FILES / "usr/lib/glewlwyd"
        return f"""
port={self.port}
external_url="{self.base}"
login_url="login.html"
api_prefix="api"
static_files_path="{FILES}/usr/share/glewlwyd/webapp/"
log_mode="console"
log_level="INFO"
cookie_domain="localhost"
cookie_secure=1
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{modules}/user"
user_middleware_module_path="{modules}/user"
client_module_path="{modules}/client"
user_auth_scheme_module_path="{modules}/scheme"
plugin_module_path="{modules}/plugin"
use_secure_connection=true
secure_connection_key_file="{self.key}"
secure_connection_pem_file="{self.authority}"
hash_algorithm="SHA512"
database = {{ type = "sqlite3" path = "{self.folder}/glewlwyd.db" }};
"""

    def call(self, method, path, body=None, cookie=""):
        """(status, headers, text)"""
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=30,
                                                 context=ssl.create_default_context(cafile=self.authority))
        try:
            headers = {"Content-Type": "application/json"} | ({"Cookie": cookie} if cookie else {})
            connection.request(method, path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def sign_in(self, user, password):
        """The cookie of somebody who is signed in there."""
        status, headers, text = self.call("POST", "/api/auth/", {"username": user, "password": password})
        assert status == 200, (status, text)
        return headers["Set-Cookie"].split(";")[0]

    def done(self, method, path, body, cookie):
        status, _, text = self.call(method, path, body, cookie)
        assert status == 200, (method, path, status, text)

    def set_up(self, client, secret, redirect_uri, users, kind="rsa"):
        """A provider that signs with RSA or an elliptic curve (`ecdsa`), one client, and users by name with their groups."""
        admin = self.sign_in("admin", "password")
        options = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if kind == "rsa" else ["EC", "-pkeyopt",
                                                                                    "ec_paramgen_curve:P-256"]
        private = subprocess.run(["openssl", "genpkey", "-algorithm", *options], check=True, capture_output=True).stdout
        public = subprocess.run(["openssl", "pkey", "-pubout"], input=private, check=True, capture_output=True).stdout
        self.done("POST", "/api/mod/plugin", {
            "module": "oidc", "name": "oidc", "display_name": "OpenID Connect", "parameters": {
                "iss": self.issuer, "jwt-type": kind, "jwt-key-size": "256", "key": private.decode(),
                "cert": public.decode(), "access-token-duration": 3600, "refresh-token-duration": 3600,
                "code-duration": 600, "refresh-token-rolling": True, "allow-non-oidc": False,
                "auth-type-code-enabled": True, "pkce-allowed": True, "pkce-method-plain-allowed": False,
                "pkce-required": True, "jwks-show": True, "subject-type": "public", "name-claim": "mandatory",
                "email-claim": "no", "scope-claim": "no", "oauth-as-iss-id": True, "session-management-allowed": True,
                "session-cookie-name": "GLEWLWYD2_OIDC_SID", "session-cookie-expiration": 3600,
                "claims": [{"name": "groups", "user-property": "groups", "type": "string", "mandatory": True}]}}, admin)
        for name, groups in users.items():
            self.done("POST", "/api/user/", {"username": name, "name": f"{name} of the test", "password": PASSWORD,
                                             "enabled": True, "scope": ["openid", "g_profile"], "groups": groups}, admin)
        self.done("POST", "/api/client/", {
            "client_id": client, "name": "linewatch", "confidential": True, "enabled": True, "client_secret": secret,
            "redirect_uri": [redirect_uri], "authorization_type": ["code"],
            "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"], "scope": []}, admin)

    def authorize(self, location, user, client):
        """What a user's browser does there: signs in, agrees, and is sent back. Returns where to."""
        cookie = self.sign_in(user, PASSWORD)
        self.done("PUT", f"/api/auth/grant/{client}", {"scope": "openid"}, cookie)
        parts = urllib.parse.urlsplit(location)
        status, headers, text = self.call("GET", f"{parts.path}?{parts.query}&g_continue", None, cookie)
        assert status == 302, (status, text)
        return headers["Location"]
