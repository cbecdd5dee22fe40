# SPDX-License-Identifier: Apache-2.0
"""A small OpenID provider for tests, over TLS: it says yes to everybody at once, checks what a client sends as
strictly as it can, changes its keys when told, and makes one fault at a time when told. It signs with `openssl`."""

import base64
import hashlib
import http.server
import json
import re
import secrets
import ssl
import subprocess
import threading
import time
import urllib.parse

CLIENT, SECRET = "linewatch", "s3cret:with/signs%"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A signing key of the kind, and its public half as a JSON Web Key."""

    def __init__(self, folder, identity, kind):
        self.identity, self.kind, self.file = identity, kind, folder / f"{identity}.key"
        options = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if kind == "RS256" else [
            "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        subprocess.run(["openssl", "genpkey", *options, "-out", self.file], check=True, capture_output=True)

    def jwk(self):
        text = subprocess.run(["openssl", "pkey", "-in", self.file, "-noout", "-text_pub"], check=True,
                              capture_output=True, text=True).stdout
        name = "Modulus" if self.kind == "RS256" else "pub"
        digits = re.search(rf"{name}:\n((?:\s+[0-9a-f:]+\n)+)", text)[1]
        number = bytes.fromhex(re.sub(r"[\s:]", "", digits))
        if self.kind == "RS256":
            return {"kty": "RSA", "kid": self.identity, "use": "sig", "alg": "RS256", "n": b64(number.lstrip(b"\0")),
                    "e": b64((65537).to_bytes(3, "big"))}
        return {"kty": "EC", "crv": "P-256", "kid": self.identity, "use": "sig", "alg": "ES256", "x": b64(number[1:33]),
                "y": b64(number[33:])}

    def sign(self, data):
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.file], input=data, check=True,
                                   capture_output=True).stdout
        if self.kind == "RS256":
            return signature
        # DER: 30 len 02 len r 02 len s
        size = signature[3]
        r, s = signature[4:4 + size], signature[6 + size:]
        return b"".join(int.from_bytes(each, "big").to_bytes(32, "big") for each in (r, s))


class Provider(http.server.ThreadingHTTPServer):
    """`fault` names what is wrong with the next answers; see the places where it is asked."""

    def __init__(self, folder, issuer_path="/realms/test"):
        self.folder = folder
        certificate, key = folder / "provider.pem", folder / "provider.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        self.authority = certificate
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.issuer = f"https://localhost:{self.server_address[1]}{issuer_path}"
        self.path = issuer_path
        self.keys, self.signs_with, self.hidden = [], None, set()
        self.fault, self.codes, self.asked, self.discovery, self.claims = "", {}, [], {}, {}
        self.add_key("first", "RS256")
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """Clients that do not believe the certificate."""

    def add_key(self, identity, kind):
        """From now on it signs with this one, and still shows the others."""
        self.signs_with = Key(self.folder, identity, kind)
        self.keys.append(self.signs_with)

    def answer_discovery(self):
        base = self.issuer
        document = {"issuer": base, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token",
                    "jwks_uri": base + "/keys", "end_session_endpoint": base + "/logout",
                    "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
                    "authorization_response_iss_parameter_supported": True}
        return 200, document | self.discovery

    def authorize(self, query):
        """The redirect that follows a user's yes."""
        assert query["response_type"] == "code" and query["client_id"] == CLIENT, query
        assert "openid" in query["scope"].split() and query["code_challenge_method"] == "S256", query
        assert len(query["state"]) >= 43 and len(query["nonce"]) >= 43 and len(query["code_challenge"]) == 43, query
        back = {"state": query["state"], "iss": self.issuer}
        if self.fault in ("access_denied", "login_required"):
            back |= {"error": self.fault, "error_description": "the user said <b>no</b>"}
        else:
            code = secrets.token_urlsafe(16)
            self.codes[code] = query
            back["code"] = code
        if self.fault == "other iss":
            back["iss"] = "https://evil.example"
        if self.fault == "no iss":
            del back["iss"]
        if self.fault == "no code":
            del back["code"]
        return query["redirect_uri"] + "?" + urllib.parse.urlencode(back)

    def token(self, headers, form):
        self.asked.append((headers, form))
        user, _, password = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
        known = self.codes.pop(form.get("code"), None)
        challenge = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if urllib.parse.unquote(user) != CLIENT or urllib.parse.unquote(password) != SECRET:
            return 401, {"error": "invalid_client"}
        if (known is None or known["code_challenge"] != challenge or self.fault == "invalid_grant"
                or form["redirect_uri"] != known["redirect_uri"] or form["grant_type"] != "authorization_code"):
            return 400, {"error": "invalid_grant", "error_description": "that code is not good"}
        if self.fault == "status 500":
            return 500, {}
        answer = {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(known["nonce"])}
        if self.fault == "no id_token":
            del answer["id_token"]
        return 200, answer

    def id_token(self, nonce):
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "u-1", "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce,
                  "preferred_username": "ann", "groups": ["staff"]} | self.claims
        changes = {"iss": {"iss": self.issuer + "/"}, "aud": {"aud": "another"}, "exp": {"exp": now - 3600},
                   "iat": {"iat": now + 3600}, "nonce": {"nonce": "n"}, "azp": {"azp": "another"}}
        claims |= changes.get(self.fault, {})
        header = {"alg": self.signs_with.kind, "kid": self.signs_with.identity, "typ": "JWT"}
        if self.fault == "alg none":
            header["alg"] = "none"
        if self.fault == "unknown kid":
            header["kid"] = "nobody"
        data = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        signature = b"" if self.fault == "alg none" else self.signs_with.sign(data.encode())
        if self.fault == "signature":
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        if self.fault == "HS256 with the public key":
            import hmac
            public = subprocess.run(["openssl", "pkey", "-in", self.signs_with.file, "-pubout"], check=True,
                                    capture_output=True).stdout
            data = f"{b64(json.dumps(header | {'alg': 'HS256'}).encode())}.{b64(json.dumps(claims).encode())}"
            signature = hmac.digest(public, data.encode(), "sha256")
        return f"{data}.{b64(signature)}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send(self, status, document, headers=()):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        provider = self.server
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        place = url.path.removeprefix(provider.path)
        if place == "/.well-known/openid-configuration":
            self.send(*provider.answer_discovery())
        elif place == "/keys":
            self.send(200, {"keys": [key.jwk() for key in provider.keys if key.identity not in provider.hidden]})
        elif place == "/authorize":
            self.send(302, b"", [("Location", provider.authorize(query))])
        else:
            self.send(404, {})

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.send(*self.server.token(dict(self.headers), form))

    def log_message(self, *_):
        pass
