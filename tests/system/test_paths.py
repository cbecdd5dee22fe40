# SPDX-License-Identifier: Apache-2.0
"""Agent → two routers → servers: the way of each test is known hop by hop, what goes wrong on it is
blamed on the right link and on no other, and the past can be asked for."""

import contextlib
import datetime
import json
import time

from harness import SystemTest, agent_endpoint, external, monitor
from processes import Seen
from system import AGENT, LabSystem

CHECKS = {"checksPerRound": 2, "checkTimeoutMs": 1000}
R1, R2 = "10.77.1.2", "10.77.2.2"  # as they answer the agent
# For one of many waits on a busy machine; what is promised is noted where it is waited for.
PATIENCE = 90
# How long a way is watched before it is known what is usual on it: six parts of the window, 20 s each.
UNTIL_USUAL_S = 6 * 20 + 20


def configuration(name, protocol, **more):
    return {"name": name, "protocol": protocol, "testFrequencySec": 2, "linewatch": CHECKS} | more


class Paths(SystemTest):
    known_since = None  # when the ways were known first

    @classmethod
    def prepare(cls):
        cls.system = LabSystem(cls)
        cls.lab, cls.server = cls.system.lab, cls.system.server
        cls.web = cls.lab.address("web")
        cls.system.start()
        group = lambda name, destinations, tests: {"name": name, "sources": [AGENT],
                                                   "destinations": destinations,
                                                   "testConfigurations": tests}
        cls.server.apply(monitor("lab", [
            agent_endpoint(AGENT), external("web", cls.web),
            external("web6", cls.lab.address("web", 6)), external("far", "web.lab.test"),
        ], [
            configuration("ping", "Icmp"),
            configuration("tcp", "Tcp", tcpConfiguration={"port": 7000}),
            configuration("off", "Tcp", tcpConfiguration={"port": 7000, "disableTraceRoute": True}),
            configuration("http", "Http", httpConfiguration={"port": 80}),
        ], [
            group("addresses", ["web"], ["ping", "tcp", "off"]), group("six", ["web6"], ["ping"]),
            group("names", ["far"], ["http"]),
        ]))

    def paths(self, test, *options):
        """The report in force, or a falsy value that says why there is none."""
        code, out, error = self.server.cli("get", "paths", test, *options, "-o", "json")
        return json.loads(out) if code == 0 else None

    def hops(self, test):
        report = self.paths(test)
        if not report or not report["paths"]:
            return None
        return [hop.get("address") for hop in report["paths"][0]["hops"]]

    def issues(self, test):
        report = self.paths(test)
        return [(issue["kind"], issue.get("from"), issue.get("to")) for issue in report["issues"]]

    def wait_for_hops(self, test, expected):
        self.wait_until(lambda: self.hops(test) == expected or Seen(self.paths(test)), PATIENCE,
                        f"the way of {test}")

    def wait_for_issue(self, test, expected, what):
        self.wait_until(lambda: expected in self.issues(test) or Seen(self.issues(test)), PATIENCE,
                        what)

    def setUp(self):
        # What the test before did may still be told for a while; each looks for its own.
        for test in ("web/ping", "web/tcp", "far/http"):
            self.wait_for_hops(test, [R1, R2, self.web])
        if Paths.known_since is None:
            Paths.known_since = time.monotonic()

    def is_line_blamed(self):
        """Loss on a stretch that holds the line, and nowhere else."""
        return any(issue["kind"] == "ForwardingLoss" and issue["fromTtl"] <= 1 and issue["toTtl"] >= 2
                   for issue in self.paths("web/ping")["issues"])

    def is_lossless(self):
        """Neither loss nor a break is told of any more; what was a break is loss for a while when it is over.
        Measured here: some ten seconds; at most, the window."""
        issues = self.issues("web/ping")
        return all(kind not in ("Broken", "ForwardingLoss") for kind, _, _ in issues) or Seen(issues)

    @contextlib.contextmanager
    def line(self, **settings):
        self.lab.line().set(**settings)
        try:
            yield
        finally:
            self.lab.line().reset()

    def test_every_kind_of_test_has_its_way_and_ipv6_too(self):
        six = [self.lab.host(name).address(6) for name in ("r1", "r2")]
        self.wait_until(lambda: self.hops("web6/ping"), PATIENCE, "the way over IPv6")
        self.assertEqual(len(self.hops("web6/ping")), 3, six)
        self.assertEqual(self.hops("web6/ping")[2], self.lab.address("web", 6))
        report = self.paths("far/http")
        self.assertEqual((report["protocol"], report["port"]), ("tcp", 80))
        self.assertTrue(report["paths"][0]["reached"])
        # Where traces are switched off, there is nothing, and it says why.
        code, _, error = self.server.cli("get", "paths", "web/off")
        self.assertEqual(code, 1)
        self.assertIn("no paths", error)
        code, out, _ = self.server.cli("get", "paths", "web/off", "--now")
        self.assertEqual(code, 0)
        self.assertIn("switched off", out)

    def test_a_lossy_line_is_named_and_forgotten_when_it_is_well(self):
        # The break of another test counts as loss for as long as it is remembered.
        self.wait_until(self.is_lossless, 200, "the loss of the test before is over")
        before = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self.line(loss=30):
            # Promised within 30 s of the first lost packet, at this share.
            self.wait_until(self.is_line_blamed, PATIENCE, "the lossy line is named")
            report = self.paths("web/ping")
        [issue] = [each for each in report["issues"] if each["kind"] == "ForwardingLoss"]
        # Half of the exchanges: the line loses them there and back. At first good time dilutes it.
        self.assertGreaterEqual(issue["lossPercent"]["high"], 15, issue)
        code, out, _ = self.server.cli("get", "paths", "web/ping", "--since", before)
        self.assertEqual(code, 0, out)
        self.assertIn("what has changed", out)
        self.wait_until(self.is_lossless, 200, "the loss is over")

    def test_a_router_that_prohibits_is_named(self):
        with self.lab.host("r2").firewall.block(action="admin-prohibited", to=self.web):
            self.wait_until(lambda: "Prohibited" in [kind for kind, _, _ in self.issues("web/tcp")],
                            PATIENCE, "the prohibition is seen on the way")
            texts = [each["text"] for each in self.paths("web/tcp")["issues"]
                     if each["kind"] == "Prohibited"]
        self.assertTrue(any(R2 in text for text in texts), texts)

    def test_the_line_that_is_slower_than_usual_is_named(self):  # by its name the last one
        self.wait_until(lambda: time.monotonic() - self.known_since > UNTIL_USUAL_S, UNTIL_USUAL_S,
                        "it is known what is usual")
        with self.line(delay_ms=50):
            self.wait_for_issue("web/ping", ("AddedLatency", R1, R2), "the slow line is named")
            added = [issue["addedMs"] for issue in self.paths("web/ping")["issues"]
                     if issue["kind"] == "AddedLatency"]
            self.assertGreater(max(added), 80, added)

    def test_a_break_is_between_the_last_that_answers_and_the_next(self):
        with self.lab.host("r1").firewall.block(action="drop", to=self.web):
            self.wait_for_issue("web/ping", ("Broken", R1, R2), "the break behind r1 is seen")

    def test_an_operator_sees_the_way_as_it_is_now(self):
        code, out, error = self.server.cli("get", "paths", "web/ping", "--now")
        self.assertEqual(code, 0, error)
        self.assertRegex(out, rf"3\s+{self.web}")
        self.assertIn("(request)", out)


if __name__ == "__main__":
    import unittest
    unittest.main()
