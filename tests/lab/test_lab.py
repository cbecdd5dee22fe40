# SPDX-License-Identifier: Apache-2.0
"""The lab does to packets, names and certificates what it promises, and leaves nothing behind."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lab"))
import lab as lab_module  # noqa: E402
import namespaces  # noqa: E402
from lab import Lab, LabError  # noqa: E402

# Upper bounds on times only say "not for ever": a busy machine must not decide a test.
FOREVER = 8


def connect(address, port, seconds=FOREVER):
    """How a TCP connection attempt from the calling thread's namespace ends."""
    try:
        with socket.create_connection((address, port), timeout=seconds):
            return "connected"
    except OSError as error:
        return type(error).__name__ if error.errno is None else os.strerror(error.errno)


def question(name):
    """An A query."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return b"\x12\x34\x01\x00\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


def query_by_tcp(server, name):
    """As query(), over TCP."""
    message = question(name)
    with socket.create_connection((server, 53), timeout=FOREVER) as client:
        client.sendall(len(message).to_bytes(2, "big") + message)
        answer = client.recv(512)[2:]
    return answer[3] & 15, int.from_bytes(answer[6:8], "big")


def query(server, name, seconds=1.0):
    """The response code and number of answers to an A query; None if nobody answers."""
    message = question(name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        client.connect((server, 53))
        try:
            client.send(message)
            answer = client.recv(512)
        except OSError:
            return None
    return answer[3] & 15, int.from_bytes(answer[6:8], "big")


class TwoRouters(unittest.TestCase):
    """One lab for all tests of this class; each puts back what it changes."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab("two-routers")
        cls.lab.up()
        cls.addClassCleanup(cls.lab.down)
        cls.agent = cls.lab.host("agent")

    def ping(self, address, seconds=FOREVER, ttl=64):
        return self.agent.ping(address, seconds, ttl)

    def set_line(self, **settings):
        self.lab.line().set(**settings)
        self.addCleanup(self.lab.line().reset)

    def block(self, host, **rule):
        self.addCleanup(self.lab.host(host).firewall.block(**rule).remove)

    def test_pings_go_through_in_both_families(self):
        for version in (4, 6):
            self.assertTrue(self.ping(self.lab.address("web", version))["reply"])

    def test_the_two_routers_are_hops_of_their_own(self):
        for version, code in ((4, 11), (6, 3)):
            hops = [self.ping(self.lab.address("web", version), ttl=ttl) for ttl in (1, 2, 3)]
            self.assertEqual([hop.get("type") for hop in hops], [code, code, None])
            self.assertEqual(hops[0]["from"], self.lab.address("r1", version))
            self.assertEqual(hops[1]["from"], self.lab.address("r2", version))
            self.assertTrue(hops[2]["reply"])

    def test_delay_adds_to_the_round_trip_in_each_direction(self):
        self.set_line(delay_ms=100, direction="ab")
        self.assertGreaterEqual(self.ping(self.lab.address("web"))["ms"], 100)
        self.set_line(delay_ms=100, direction="both")
        self.assertGreaterEqual(self.ping(self.lab.address("web"))["ms"], 200)
        self.lab.line().reset()
        # The least of several, since one packet may always be held up by a busy machine.
        self.assertLess(min(self.ping(self.lab.address("web"))["ms"] for _ in range(5)), 100)

    def test_full_loss_lets_nothing_through_and_none_everything(self):
        self.set_line(loss=100)
        self.assertEqual(self.ping(self.lab.address("web"), 0.3), {"reply": False, "from": None})
        self.set_line(loss=0)
        self.assertTrue(self.ping(self.lab.address("web"))["reply"])

    def test_what_is_larger_than_the_mtu_vanishes(self):
        self.set_line(mtu=200)
        self.assertTrue(self.ping(self.lab.address("web"))["reply"])
        fetch = self.agent.run(["curl", "-sS", "-m", "1", f"http://{self.lab.address('web')}/bytes/5000"])
        self.assertEqual(fetch.returncode, 28, fetch.stderr)
        self.assertGreater(self.lab.line().show()["ba"]["too_big"], 0)

    def test_a_faulty_setting_is_refused_with_its_name_and_changes_nothing(self):
        with self.assertRaisesRegex(LabError, "loss=101"):
            self.lab.line().set(delay_ms=5, loss=101)
        self.assertEqual(self.lab.line().show()["ab"]["settings"]["delay_ms"], 0)

    def test_rejects_are_seen_as_their_icmp_codes(self):
        web = {4: self.lab.address("web", 4), 6: self.lab.address("web", 6)}
        for action, v4, v6 in (("admin-prohibited", (3, 13), (1, 1)),
                               ("host-unreachable", (3, 1), (1, 3)),
                               ("port-unreachable", (3, 3), (1, 4))):
            for version, expected in ((4, v4), (6, v6)):
                with self.subTest(action=action, version=version):
                    with self.lab.host("r2").firewall.block(action, to=web[version]):
                        seen = self.ping(web[version])
                    self.assertEqual((seen.get("type"), seen.get("code")), expected)
                    self.assertTrue(self.ping(web[version])["reply"])

    def test_dead_subnets_refuse_or_swallow_every_packet(self):
        for _ in range(10):  # More than what a kernel with default limits answers in a second.
            self.assertEqual(self.ping("10.77.241.1").get("code"), 1)
            self.assertEqual(self.ping("fd77:0:0:242::1").get("code"), 1)
        self.assertEqual(self.ping("10.77.240.1", 0.3), {"reply": False, "from": None})

    def test_tcp_connects_is_refused_reset_prohibited_or_hangs(self):
        web = self.lab.address("web")
        self.assertEqual(self.agent.call(connect, web, 7000), "connected")
        self.assertEqual(self.agent.call(connect, web, 7001), "Connection refused")
        firewall = self.lab.host("r2").firewall
        with firewall.block("tcp-reset", port=7000):
            self.assertEqual(self.agent.call(connect, web, 7000), "Connection refused")
        with firewall.block("admin-prohibited", port=7000):
            self.assertEqual(self.agent.call(connect, web, 7000), "No route to host")
        with firewall.block("drop", port=7000):
            self.assertEqual(self.agent.call(connect, web, 7000, 0.3), "TimeoutError")
        self.assertEqual(self.agent.call(connect, web, 7000), "connected")

    def test_a_stopped_server_refuses_and_a_started_one_serves_again(self):
        tcp = self.lab.service("tcp")
        tcp.stop()
        self.assertEqual(self.agent.call(connect, tcp.address(), 7000), "Connection refused")
        tcp.start()
        self.assertEqual(self.agent.call(connect, tcp.address(6), 7000), "connected")

    def test_names_resolve_by_the_labs_own_server(self):
        found = self.agent.run(["getent", "ahosts", "web.lab.test"]).stdout
        self.assertIn(self.lab.address("web", 4), found)
        self.assertIn(self.lab.address("web", 6), found)

    def test_dns_fails_in_each_of_its_ways(self):
        dns, ask = self.lab.service("dns"), lambda name: self.agent.call(
            query, self.lab.address("dns"), name)
        self.addCleanup(dns.answer_with, "answer")
        self.assertEqual(ask("web.lab.test"), (0, 1))
        self.assertEqual(ask("nobody.lab.test"), (3, 0))
        for mode, expected in (("servfail", (2, 0)), ("nxdomain", (3, 0)), ("refused", (5, 0)),
                               ("silent", None)):
            with self.subTest(mode=mode):
                dns.answer_with(mode)
                self.assertEqual(ask("web.lab.test"), expected)
        dns.answer_with("answer")
        dns.stop()
        self.assertIsNone(ask("web.lab.test"))
        dns.start()
        self.assertEqual(ask("web.lab.test"), (0, 1))

    def verdict(self, service):
        """What openssl's client says of the certificate that a service shows."""
        name = self.lab.service(service).dns_name
        done = self.agent.run(["openssl", "s_client", "-connect", f"{name}:443", "-servername", name,
                               "-verify_hostname", name, "-CAfile", self.lab.certificates.ca,
                               "-no-CApath", "-ign_eof"], input="GET / HTTP/1.0\r\n\r\n")
        return done.stdout + done.stderr

    def test_each_tls_server_shows_its_own_fault(self):
        for service, words in (("good", "Verify return code: 0 (ok)"),
                               ("expired", "certificate has expired"),
                               ("not-yet-valid", "certificate is not yet valid"),
                               ("wrong-name", "hostname mismatch"),
                               ("unknown-root", "unable to get local issuer certificate"),
                               ("self-signed", "self-signed certificate"),
                               ("client-certificate", "alert certificate required")):
            with self.subTest(service=service):
                self.assertIn(words, self.verdict(service))

    def test_the_client_certificate_is_demanded_and_accepted(self):
        url = f"https://{self.lab.service('client-certificate').dns_name}/"
        trust = ["curl", "-sS", "-m", str(FOREVER), "--cacert", self.lab.certificates.ca]
        self.assertIn("certificate required", self.agent.run([*trust, url]).stderr)
        self.assertEqual(
            self.agent.run([*trust, "--cert", self.lab.certificates.client, url]).stdout,
            "hello from the lab\n")

    def test_hosts_trust_the_labs_root_as_if_it_were_the_systems(self):
        fetch = ["curl", "-sS", "-m", str(FOREVER)]
        self.assertEqual(self.agent.run([*fetch, "https://good.lab.test/"]).stdout,
                         "hello from the lab\n")
        self.assertIn("unable to get local issuer",
                      self.agent.run([*fetch, "https://unknown-root.lab.test/"]).stderr)

    def test_a_certificate_changes_while_the_server_runs(self):
        good = self.lab.service("good")
        self.addCleanup(good.use_certificate, "good")
        good.use_certificate("expired")
        self.assertIn("certificate has expired", self.verdict("good"))
        good.use_certificate("good")
        self.assertIn("Verify return code: 0 (ok)", self.verdict("good"))

    def test_the_web_server_answers_as_its_path_says(self):
        base = f"http://{self.lab.service('web').dns_name}"
        fetch = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}"]
        for path, expected in (("/", "200 19"), ("/status/503", "503 11"), ("/bytes/70000", "200 70000"),
                               ("/redirect/1", "302 0")):
            self.assertEqual(self.agent.run([*fetch, base + path]).stdout, expected)


class Home(unittest.TestCase):
    def test_the_gateway_takes_the_way_to_everywhere_and_says_that_it_has_none(self):
        with Lab("home") as lab:
            agent, gateway = lab.host("agent"), lab.host("gateway")
            self.assertTrue(agent.ping(gateway.address())["reply"])
            answer = agent.ping("1.1.1.1")
            self.assertEqual((answer.get("code"), answer["from"]), (0, gateway.address()), answer)
            self.assertEqual(agent.ping("2001:db8::1").get("code"), 0)

    def test_the_resolver_answers_over_tcp_too(self):
        with Lab("home") as lab:
            for ask in (query, query_by_tcp):
                found = lab.host("agent").call(ask, lab.address("dns"), "dns.lab.test")
                self.assertEqual(found, (0, 1), ask)


class Control(unittest.TestCase):
    def test_the_management_link_and_the_data_path_are_cut_separately(self):
        with Lab("control") as lab:
            agent = lab.host("agent")
            server, web = lab.address("server"), lab.address("web")
            reach = lambda: (agent.ping(server, 0.5)["reply"], agent.ping(web, 0.5)["reply"])
            self.assertEqual(reach(), (True, True))
            lab.cut("agent", "server")
            self.assertEqual(reach(), (False, True))
            lab.mend("agent", "server")
            lab.cut("r1", "r2")
            self.assertEqual(reach(), (True, False))
            lab.mend("r1", "r2")
            self.assertEqual(reach(), (True, True))


def traces(name):
    """Whatever a lab may leave: namespaces, resolv.conf folders, its own folder, processes."""
    left = namespaces.names_with_prefix(name)
    if (lab_module.RUNS / name).exists():
        left.append(f"folder {name}")
    for entry in os.listdir("/proc"):
        try:
            command = pathlib.Path("/proc", entry, "cmdline").read_bytes().decode()
        except OSError:
            continue
        if f"{name}-" in command or f"{name}/" in command:
            left.append(f"process {entry} {command!r}")
    return left


class Teardown(unittest.TestCase):
    def test_a_lab_leaves_nothing(self):
        with Lab("two-routers") as lab:
            self.assertIn("process", " ".join(traces(lab.name)))
            stray = lab.host("web").popen(["sleep", "1000"])
        self.assertEqual(traces(lab.name), [])
        self.assertEqual(stray.wait(FOREVER), -signal.SIGKILL)

    def test_a_lab_leaves_nothing_when_building_it_fails(self):
        broken = dict(lab_module.TOPOLOGIES["flat"])
        broken["dead"] = [{"host": "web", "next": "agent", "number": 240, "action": "no-such-action"}]
        lab = Lab(broken)
        with self.assertRaises(KeyError):
            lab.up()
        self.assertEqual(traces(lab.name), [])

    def start_other(self):
        """Another process that builds a lab, says its name and waits."""
        code = ("import sys, time; sys.path.insert(0, sys.argv[1]); from lab import Lab; "
                "lab = Lab('two-routers'); lab.up(); lab.host('web').popen(['sleep', '1000']); "
                "print(lab.name, flush=True); time.sleep(1000)")
        other = subprocess.Popen([sys.executable, "-c", code, str(pathlib.Path(lab_module.__file__).parent)],
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(other.stdout.close)
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        name = other.stdout.readline().strip()
        self.assertTrue(name)
        self.assertTrue(traces(name))
        return other, name

    def test_a_lab_goes_with_its_process_at_sigterm(self):
        other, name = self.start_other()
        other.terminate()
        other.wait(FOREVER)
        self.assertEqual(traces(name), [])

    def test_a_lab_of_a_killed_process_is_swept_and_others_are_not(self):
        with Lab("flat") as mine:
            other, name = self.start_other()
            other.kill()
            other.wait()
            lab_module.sweep()  # Or another test's, which comes to the same.
            self.assertEqual(traces(name), [])
            self.assertTrue(mine.host("agent").ping(mine.address("web"))["reply"])

    def test_the_command_line_keeps_a_lab_until_it_is_taken_down(self):
        topology = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / f"cli{os.getpid()}.json"
        topology.write_text(json.dumps(lab_module.TOPOLOGIES["flat"]))
        tool = [sys.executable, lab_module.__file__]
        lab = lambda *words: subprocess.run([*tool, *words], capture_output=True, text=True)
        self.assertEqual(lab("up", str(topology)).returncode, 0)
        self.addCleanup(lab, "down", str(topology))
        fetched = lab("run", str(topology), "--", "curl", "-sS", "http://10.77.1.2/")
        self.assertEqual(fetched.stdout, "hello from the lab\n", fetched.stderr)
        self.assertEqual(lab("down", str(topology)).returncode, 0)
        self.assertEqual(lab("down", str(topology)).returncode, 1)


if __name__ == "__main__":
    unittest.main()
