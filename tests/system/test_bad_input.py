# SPDX-License-Identifier: Apache-2.0
"""Bad input gives a clear error and harms nothing: afterwards the same server process still runs the
same tests."""

import contextlib
import http.client
import os
import random
import socket
import ssl
import subprocess

from harness import LINEWATCH, Agent, Server, SystemTest
from http2 import grpc_call
from processes import PATIENCE
from system import AGENT, pings

GOOD = """\
connectionMonitors:
- name: good
  endpoints:
  - {name: probe1, type: Agent, linewatch: {agent: probe1}}
  - {name: web, type: ExternalAddress, address: 127.0.0.1}
  testConfigurations:
  - {name: ping, protocol: Icmp, testFrequencySec: 2, successThreshold: {checksFailedPercent: 5}}
  testGroups:
  - {name: all, sources: [probe1], destinations: [web], testConfigurations: [ping]}
"""

# name: (what is changed in GOOD, what the error must say)
FAULTS = {
    "an unclosed bracket": (("[probe1]", "[probe1"), r"line 9\b"),
    "a tab as indentation": (("  endpoints", "\tendpoints"), r"line 3\b"),
    "an unknown key": (("successThreshold:", "successTreshold:"),
                       r"(?s):7.*successTreshold.*successThreshold"),
    "a group that names nothing": (("destinations: [web]", "destinations: [db1]"), r"(?s):9.*db1"),
    "a word for a number": (("testFrequencySec: 2", "testFrequencySec: often"),
                            r"(?s):7.*testFrequencySec"),
    "an unknown protocol": (("protocol: Icmp", "protocol: Smoke"), r"(?s):7.*Smoke"),
    "two of one name": (("name: web,", "name: probe1,"), r"probe1"),
    "no mapping at all": ((GOOD, "just words"), r":1:1: expected an object"),
    "nothing": ((GOOD, ""), r"connectionMonitors|empty"),
}


def doublings(count):
    """A small YAML file whose aliases, if they are followed, stand for 2 ** count words."""
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, count)]
    return "\n".join(lines) + "\n"


class BadInput(SystemTest):
    @classmethod
    def prepare(cls):
        cls.server = cls.keep(Server(cls.folder)).start()
        cls.agent = cls.keep(Agent(cls.folder, cls.server, name=AGENT)).start()
        cls.server.apply(pings(1, configurations=1))
        cls.pid = cls.server.pid

    def tearDown(self):
        """Nothing was harmed, and rounds still come in."""
        self.assertTrue(self.server.is_running(), "the server has ended")
        key = f"{AGENT}/loop1/ping0"
        self.wait_for_states(self.server, {key: ("Pass", "")}, PATIENCE, "the one good test passes")
        before = self.server.tests()[key].row["lastRound"]
        self.wait_until(lambda: self.server.tests()[key].row["lastRound"] > before, PATIENCE, "a new round")
        self.assertEqual(list(self.server.tests()), [key])

    def refused(self, text, says, name="bad.yaml"):
        """`apply` of this text fails with misuse or a negative result and says why, on stderr."""
        file = self.folder / name
        if isinstance(text, bytes):
            file.write_bytes(text)
        else:
            file.write_text(text)
        code, out, error = self.server.cli("apply", "-f", file)
        self.assertIn(code, (1, 2), f"{out}{error}")
        self.assertRegex(error, says)
        self.assertLess(len(error), 20_000, "an error is for people to read")
        return error

    def test_faulty_files_are_refused_with_file_line_and_cause(self):
        for name, ((old, new), says) in FAULTS.items():
            with self.subTest(name):
                self.assertIn(old, GOOD)
                self.assertIn("bad.yaml", self.refused(GOOD.replace(old, new), says))

    def test_all_faults_of_a_file_are_reported_at_once(self):
        error = self.refused(GOOD.replace("successThreshold:", "successTreshold:")
                             .replace("destinations: [web]", "destinations: [db1]"), "successTreshold")
        self.assertIn("db1", error)

    def test_a_file_that_is_not_there_is_named(self):
        code, _, error = self.server.cli("apply", "-f", "/nowhere/at-all.yaml")
        self.assertEqual(code, 2)
        self.assertIn("/nowhere/at-all.yaml", error)

    def test_ten_megabytes_of_nonsense_are_refused(self):
        size = 10 << 20
        for name, text in {"bytes": random.Random(1).randbytes(size), "brackets": "[" * size,
                           "words": "a " * (size // 2),
                           "keys": "".join(f"key{i}: {i}\n" for i in range(size // 20)),
                           "doublings": doublings(40)}.items():
            with self.subTest(name):
                self.refused(text, r"at most \d+ are read|:\d+|line \d+")

    def request(self, method="POST", path="/api/v1/apply", body=None, token=None):
        context = ssl.create_default_context(cafile=str(self.server.data / "ca.pem"))
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, timeout=PATIENCE,
                                                 context=context)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            return "closed", b""  # It may hang up on us before it has read everything.
        finally:
            connection.close()

    def test_ten_megabytes_to_the_api_are_refused(self):
        token = (self.server.data / "admin.token").read_text().strip()
        for body in (b"{" * (10 << 20), random.Random(2).randbytes(10 << 20)):
            status, _ = self.request(body=body, token=token)
            self.assertIn(status, (400, 413, "closed"))

    def test_a_wrong_or_missing_token_is_refused_with_a_hint(self):
        for token in ("wrong", "x" * 5000):
            code, out, error = self.server.cli("get", "tests", token=token)
            self.assertNotEqual(code, 0)
            self.assertEqual(out, "")
            self.assertRegex(error, "(?i)token")
        for token in (None, "wrong", "a\tb"):
            self.assertEqual(self.request("GET", "/api/v1/tests", token=token)[0], 401)

    def test_many_wrong_tokens_are_put_off_and_a_good_one_is_heard(self):
        answers = {self.request("GET", "/api/v1/tests", token=f"wrong{i}")[0] for i in range(40)}
        self.assertIn(429, answers)
        self.assertLessEqual(answers, {401, 429})
        code, _, error = self.server.cli("get", "tests")
        self.assertEqual(code, 0, error)
        # The others find the limit as it was.
        self.wait_until(lambda: self.request("GET", "/api/v1/tests", token="wrong")[0] == 401, PATIENCE,
                        "wrong tokens are answered again")

    def test_a_server_of_another_authority_is_not_trusted(self):
        other = self.folder / "other-ca.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-subj", "/CN=other", "-keyout", os.devnull, "-out", other],
                       check=True, capture_output=True)
        code, _, error = self.server.cli("get", "tests", authority=other)
        self.assertNotEqual(code, 0)
        self.assertRegex(error, "(?i)certificate|authority|LINEWATCH_CA")

    def stranger(self, with_certificate):
        """What somebody who calls Connect is told, with no certificate or with one of his own making."""
        context = ssl.create_default_context(cafile=str(self.server.data / "ca.pem"))
        if with_certificate:
            pem = self.folder / "stranger.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-nodes", "-subj",
                            "/CN=linewatch-agent-0000000000000001", "-keyout", pem, "-out",
                            pem.with_suffix(".crt")], check=True, capture_output=True)
            context.load_cert_chain(pem.with_suffix(".crt"), pem)
        return grpc_call(("127.0.0.1", self.server.agent_port), "/linewatch.wire.Fleet/Connect", context)

    def test_an_agent_without_a_certificate_is_turned_away_and_told_to_join(self):
        said = self.stranger(with_certificate=False)
        self.assertIn(b"grpc-status\x0216", said)  # UNAUTHENTICATED
        self.assertIn(b"--join-token", said)

    def test_an_agent_with_a_certificate_of_another_authority_is_turned_away(self):
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            print(self.stranger(with_certificate=True))

    def test_an_agent_with_a_wrong_token_says_so_and_ends(self):
        good = self.server.join_token()
        for name, token in {"made-up": f"lw1-{'0' * 32}-{good[-64:]}", "of-another-server":
                            good[:-64] + "0" * 64, "no-token": "hello"}.items():
            with self.subTest(name):
                done = subprocess.run(
                    [LINEWATCH, "agent", "--data", self.folder / name, "--server",
                     f"127.0.0.1:{self.server.agent_port}", "--join-token", token, "--name", name],
                    capture_output=True, text=True, timeout=PATIENCE)
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stderr, "(?i)token|certificate|fingerprint")

    def raw(self, port, data, tls):
        """Sends bytes and waits for the end, or for half a second."""
        with contextlib.ExitStack() as stack:
            # A time-out, a reset, an alert: any end is right as long as the server lives.
            stack.enter_context(contextlib.suppress(OSError))
            stream = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=0.5))
            if tls:
                context = ssl.create_default_context(cafile=str(self.server.data / "ca.pem"))
                context.set_alpn_protocols(["h2", "http/1.1"])
                stream = stack.enter_context(context.wrap_socket(stream, server_hostname="localhost"))
            stream.sendall(data)
            while stream.recv(4096):
                pass

    def test_garbage_on_both_ports(self):
        chance = random.Random(3)
        inputs = [chance.randbytes(1 << 16), b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000, b"\0" * 70_000,
                  b"GET /" + b"a" * 100_000, b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                  b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                  b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + chance.randbytes(4096),
                  b"\x16\x03\x01\xff\xff" + chance.randbytes(1000), b""]
        for port in (self.server.port, self.server.agent_port):
            for tls in (False, True):
                for data in inputs:
                    self.raw(port, data, tls)

    def test_many_half_open_requests_do_not_lock_others_out(self):
        with_request = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
                        for port in (self.server.port, self.server.agent_port) for _ in range(100)]
        try:
            for connection in with_request:
                connection.sendall(b"\x16\x03\x01")
            self.assertEqual(self.server.cli("status")[0], 0)
        finally:
            for connection in with_request:
                connection.close()
