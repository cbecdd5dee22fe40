# SPDX-License-Identifier: Apache-2.0
"""Signing in with an OpenID provider: the whole way as a browser goes it, over TLS with a private CA, against
a provider of our own that changes its keys, makes every fault once, and goes away; and against Debian's Glewlwyd."""

import http.client
import http.cookies
import json
import ssl
import unittest
import urllib.parse

import glewlwyd
from harness import Server, SystemTest, agent_endpoint, monitor, rows_of
from openid_provider import CLIENT, SECRET, Provider
from processes import free_port

LOGIN, CALLBACK = "/api/v1/oidc/login", "/api/v1/oidc/callback"


def last_refusal(server):
    """The newest line of the server's log about a sign-in."""
    return [line for line in server.log.read_text().splitlines() if "sign-in from" in line][-1]


class Browser:
    """Keeps cookies by name as a browser does, as far as this needs: Path and Max-Age=0."""

    def __init__(self, authority):
        self.context = ssl.create_default_context(cafile=str(authority))
        self.cookies = {}

    def call(self, method, url, headers=(), body=None):
        """(status, headers, text); follows nothing."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=30, context=self.context)
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            fit = [f"{name}={value}" for name, (value, path) in self.cookies.items() if parts.path.startswith(path)]
            cookie = {"Cookie": "; ".join(fit)} if fit else {}
            connection.request(method, target, body, dict(headers) | cookie)
            answer = connection.getresponse()
            for header in answer.headers.get_all("Set-Cookie", []):
                self.keep(header)
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def keep(self, header):
        for name, morsel in http.cookies.SimpleCookie(header).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = (morsel.value, morsel["path"])


class Oidc(SystemTest):
    @classmethod
    def prepare(cls):
        cls.provider = Provider(cls.folder)
        cls.addClassCleanup(cls.provider.server_close)
        cls.addClassCleanup(cls.provider.shutdown)
        (cls.folder / "secret").write_text(SECRET + "\n")
        cls.settings_file = cls.folder / "oidc.yaml"
        cls.server = cls.keep(Server(cls.folder, options=["--oidc", cls.settings_file]))
        cls.base = f"https://127.0.0.1:{cls.server.port}"
        cls.write_settings()
        cls.server.start()
        cls.server.apply({"connectionMonitors": [
            monitor(name, [agent_endpoint("nobody"), {"name": "here", "address": "127.0.0.1"}],
                    [{"name": "ping", "protocol": "Icmp"}],
                    [{"name": "g", "sources": ["nobody"], "destinations": ["here"], "testConfigurations": ["ping"]}])
            ["connectionMonitors"][0] for name in ("alpha", "omega")]})

    @classmethod
    def write_settings(cls, **changes):
        cls.settings_file.write_text(json.dumps({
            "issuer": cls.provider.issuer, "name": "Test & Co", "clientId": CLIENT,
            "clientSecretFile": f"{cls.folder}/secret", "publicUrl": cls.base, "caFile": str(cls.provider.authority),
            "signOutOfProvider": True, "sessionHours": 2,
            "roles": [{"group": "staff", "role": "operator"}, {"group": "chiefs", "role": "administrator"},
                      {"group": "team", "role": "reader", "scopes": ["connectionMonitors/alpha"]}]} | changes))

    def setUp(self):
        self.provider.fault, self.provider.claims, self.provider.discovery = "", {}, {}
        self.browser = Browser(self.server.data / "ca.pem")
        self.outside = Browser(self.provider.authority)

    def begin(self, to=""):
        """To the provider; returns the address that it sends the browser back to."""
        status, headers, text = self.browser.call("GET", f"{self.base}{LOGIN}" + (f"?to={to}" if to else ""))
        self.assertEqual(status, 302, text)
        location = headers["Location"]
        if not location.startswith(self.provider.issuer):
            return location
        status, headers, text = self.outside.call("GET", location)
        self.assertEqual(status, 302, text)
        return headers["Location"]

    def finish(self, back):
        """Where the browser ends up here."""
        self.assertTrue(back.startswith(self.base + CALLBACK + "?"), back)
        status, headers, text = self.browser.call("GET", back)
        self.assertEqual(status, 302, text)
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        return headers["Location"]

    def sign_in(self, to=""):
        back = self.begin(to)
        return self.finish(back) if back.startswith("https:") else back

    def api(self, method, path, **headers):
        status, _, text = self.browser.call(method, self.base + path, {"X-Linewatch": "1"} | headers)
        return status, json.loads(text) if text else None

    def session(self):
        status, body = self.api("GET", "/api/v1/session")
        return body if status == 200 else None

    def audit(self):
        return [entry for entry in rows_of(self.server.json("audit"), "value") if entry["target"] == CALLBACK]

    def test_the_page_learns_what_the_button_says(self):
        status, body = self.api("GET", "/api/v1/sign-in")
        self.assertEqual((status, body), (200, {"provider": {"name": "Test & Co", "url": LOGIN}}))

    def test_the_whole_way_in_and_out(self):
        self.assertEqual(self.sign_in("/tests?state=Fail"), "/tests?state=Fail")
        session = self.session()
        self.assertEqual((session["name"], session["role"]), ("oidc:ann", "operator"))
        self.assertEqual(list(self.browser.cookies), ["linewatch_session"], "the attempt's cookie is gone")
        entry = self.audit()[0]
        self.assertEqual((entry["caller"], entry["status"]), ("oidc:ann", 200))
        self.assertEqual(entry["detail"], "signed in with Test & Co as ann (u-1)")
        self.assertEqual(self.api("GET", "/api/v1/tokens")[0], 403, "an operator makes no tokens")
        self.assertEqual(self.api("DELETE", "/api/v1/connection-monitors/none")[0], 404, "but may change monitors")
        headers, form = self.provider.asked[-1]
        self.assertNotIn("client_secret", form, "it is in the header")
        status, body = self.api("DELETE", "/api/v1/session")
        self.assertEqual(status, 200)
        where = urllib.parse.urlsplit(body["continueAt"])
        self.assertEqual(f"{where.scheme}://{where.netloc}{where.path}", self.provider.issuer + "/logout")
        self.assertEqual(dict(urllib.parse.parse_qsl(where.query)),
                         {"client_id": CLIENT, "post_logout_redirect_uri": self.base + "/"})
        self.assertIsNone(self.session())

    def test_it_is_not_led_elsewhere_afterwards(self):
        for to in ("//evil.example", "https://evil.example", "/%5Cevil.example", "/%0d%0aX:y", "/api/v1/session", "x",
                   "/.//evil.example", "/tests/..//evil.example", "javascript:alert(1)"):
            self.assertEqual(self.sign_in(to), "/", to)

    def test_roles_go_by_groups_and_who_has_none_stays_outside(self):
        for groups, expected in ((["chiefs"], "administrator"), (["x", "staff", "chiefs"], "operator")):
            self.provider.claims = {"groups": groups}
            self.assertEqual(self.sign_in(), "/")
            self.assertEqual(self.session()["role"], expected)
            self.api("DELETE", "/api/v1/session")
        for groups in ([], ["Staff"], None, {"staff": 1}):
            self.provider.claims = {"groups": groups, "preferred_username": "eve"}
            self.assertEqual(self.sign_in(), "/?signIn=not-allowed", groups)
            self.assertIsNone(self.session())
        entry = self.audit()[0]
        self.assertEqual((entry["caller"], entry["status"], entry["detail"]),
                         ("oidc:eve", 403, "no rule fits eve (u-1)"))

    def test_a_rule_with_scopes_shows_what_they_cover(self):
        self.provider.claims = {"groups": ["team"]}
        self.sign_in()
        self.assertEqual({row["connectionMonitor"] for row in self.api("GET", "/api/v1/tests")[1]["value"]}, {"alpha"})
        self.assertEqual(len(self.session()["scopes"]), 1)

    def test_every_fault_of_a_token_is_noticed(self):
        faults = {"signature": "wrong signature", "alg none": "is signed by `none`", "iss": "another issuer",
                  "HS256 with the public key": "is signed by `HS256`", "aud": "another client", "exp": "has expired",
                  "iat": "from the future", "nonce": "another sign-in", "azp": "another client",
                  "unknown kid": "a key that the provider does not show (kid nobody)", "no id_token": "no ID token",
                  "invalid_grant": "invalid_grant that code is not good", "no code": "gave no code",
                  "other iss": "not this provider's", "no iss": "not this provider's",
                  "login_required": "login_required"}
        for fault, words in faults.items():
            with self.subTest(fault=fault):
                self.provider.fault = fault
                self.assertEqual(self.sign_in(), "/?signIn=provider")
                self.assertIsNone(self.session())
                self.assertIn(words, last_refusal(self.server))
        self.provider.fault = "access_denied"
        self.assertEqual(self.sign_in(), "/?signIn=denied")
        self.provider.fault = "status 500"
        self.assertEqual(self.sign_in(), "/?signIn=unreachable")
        self.provider.fault = ""
        self.assertEqual(self.sign_in(), "/")

    def test_keys_change_while_it_runs(self):
        for identity, kind in (("second", "ES256"), ("third", "RS256")):
            self.provider.add_key(identity, kind)
            self.assertEqual(self.sign_in(), "/", kind)
            self.assertIsNotNone(self.session())
        self.provider.hidden = {"third"}
        self.addCleanup(self.provider.hidden.clear)
        self.provider.add_key("fourth", "RS256")
        self.provider.hidden.add("fourth")
        self.assertEqual(self.sign_in(), "/?signIn=provider", "signed with what is not shown")

    def test_an_answer_is_good_once_and_for_who_asked(self):
        back = self.begin()
        mine, self.browser = self.browser, Browser(self.server.data / "ca.pem")
        self.assertEqual(self.finish(back), "/?signIn=expired", "another browser")
        self.browser = mine
        self.assertEqual(self.finish(back), "/?signIn=expired", "and with that it is over")
        back = self.begin()
        self.assertEqual(self.finish(back), "/")
        self.assertEqual(self.finish(back), "/?signIn=expired", "once only")
        self.assertEqual(self.finish(f"{self.base}{CALLBACK}?code=x&state=y"), "/?signIn=expired")
        self.assertEqual(self.finish(f"{self.base}{CALLBACK}?"), "/?signIn=expired")

    def test_two_tabs_do_not_disturb_each_other(self):
        first, second = self.begin("/a"), self.begin("/b")
        self.assertEqual(self.finish(first), "/a")
        self.assertEqual(self.finish(second), "/b")

    def test_cookies_are_for_this_server_only(self):
        _, headers, _ = self.browser.call("GET", self.base + LOGIN)
        attempt = headers["Set-Cookie"]
        self.assertRegex(attempt, r"^linewatch_oidc_[0-9a-f]{16}=[\w-]{43}; Max-Age=600; HttpOnly; Secure; SameSite=Lax; "
                                  r"Path=/api/v1/oidc$")
        _, headers, _ = self.browser.call("GET", self.begin())
        session, gone = headers.get_all("Set-Cookie")
        self.assertRegex(session, r"^linewatch_session=[0-9a-f]{64}; Max-Age=7200; HttpOnly; Secure; SameSite=Strict; "
                                  r"Path=/$")
        self.assertIn("Max-Age=0", gone)


class ProviderTroubles(SystemTest):
    """What needs servers of its own: a provider that is away, or is not what the file says."""

    def start(self, **changes):
        provider = Provider(self.folder)
        self.addCleanup(provider.server_close)
        self.addCleanup(provider.shutdown)
        file = self.folder / "oidc.yaml"
        server = self.keep(Server(self.folder, name=self._testMethodName.removeprefix("test_"), options=["--oidc", file]))
        settings = {"issuer": provider.issuer, "clientId": CLIENT, "publicUrl": f"https://127.0.0.1:{server.port}",
                    "caFile": str(provider.authority), "roles": [{"group": "staff", "role": "reader"}]}
        file.write_text(json.dumps(settings | changes))
        return provider, server

    def login(self, server):
        status, headers, _ = Browser(server.data / "ca.pem").call("GET", f"https://127.0.0.1:{server.port}{LOGIN}")
        return status, headers["Location"]

    def test_a_provider_that_is_away_keeps_nobody_with_a_token_out(self):
        port = free_port()
        _, server = self.start(issuer=f"https://localhost:{port}")
        server.start()
        self.assertEqual(self.login(server), (302, "/?signIn=unreachable"))
        self.assertEqual(server.cli("status")[0], 0)

    def test_a_provider_that_is_another_is_not_believed(self):
        provider, server = self.start()
        server.start()
        for change, words in (({"issuer": provider.issuer + "x"}, "calls itself"),
                              ({"token_endpoint": "http://localhost/token"}, "token_endpoint"),
                              ({"code_challenge_methods_supported": ["plain"]}, "PKCE")):
            provider.discovery = change
            self.assertEqual(self.login(server), (302, "/?signIn=provider"))
            self.assertIn(words, last_refusal(server))
        provider.discovery = {}
        self.assertTrue(self.login(server)[1].startswith(provider.issuer))

    def test_a_certificate_of_nobody_is_not_believed(self):
        _, server = self.start(caFile="")
        server.start()
        self.assertEqual(self.login(server), (302, "/?signIn=unreachable"))
        self.assertIn("certificate", last_refusal(server))

    def test_what_the_file_says_wrong_is_said_at_the_start(self):
        _, server = self.start(roles=[])
        server.start(wait=False)
        self.wait_until(lambda: not server.is_running(), 30, "it refuses to start")
        self.assertIn("roles", server.log.read_text())
        server.ends_with = 2


@unittest.skipUnless(glewlwyd.is_there(), "glewlwyd is not in build/glewlwyd (./dev test fetches it)")
class RealProvider(SystemTest):
    """The same with a provider that we have not written."""

    def sign_in(self, kind, secret):
        folder = self.folder / kind
        folder.mkdir()
        provider = self.keep(glewlwyd.Glewlwyd(folder)).start()
        file = folder / "oidc.yaml"
        server = self.keep(Server(folder, options=["--oidc", file]))
        base = f"https://127.0.0.1:{server.port}"
        (folder / "secret").write_text(secret + "\n")
        file.write_text(json.dumps({
            "issuer": provider.issuer, "clientId": CLIENT, "clientSecretFile": f"{folder}/secret", "publicUrl": base,
            "caFile": str(provider.authority), "scopes": ["openid"], "nameClaim": "name",
            "roles": [{"group": "staff", "role": "operator"}]}))
        provider.set_up(CLIENT, secret, base + CALLBACK, {"ann": ["others", "staff"], "eve": ["others"]}, kind)
        server.start()
        ends = {}
        for user in ("ann", "eve"):
            browser = Browser(server.data / "ca.pem")
            location = browser.call("GET", base + LOGIN)[1]["Location"]
            back = provider.authorize(location, user, CLIENT)
            ends[user] = browser.call("GET", back)[1]["Location"]
            status, _, text = browser.call("GET", base + "/api/v1/session")
            if user == "ann":
                self.assertEqual(status, 200, server.log.read_text()[-2000:])
                session = json.loads(text)
                self.assertEqual((session["name"], session["role"]), ("oidc:ann of the test", "operator"))
            else:
                self.assertEqual(status, 401)
        self.assertEqual(ends, {"ann": "/", "eve": "/?signIn=not-allowed"}, server.log.read_text()[-2000:])

    def test_signing_with_rsa(self):
        # Glewlwyd does not decode what the header has, so that this one must come in the body.
        self.sign_in("rsa", SECRET)

    def test_signing_with_an_elliptic_curve(self):
        self.sign_in("ecdsa", "plain-enough-for-the-header")


if __name__ == "__main__":
    unittest.main(verbosity=2)
