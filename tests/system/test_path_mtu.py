# SPDX-License-Identifier: Apache-2.0
"""Agent → two routers → servers: the largest packet that passes is found, with who limits it or after
which hop large packets vanish; by the agent itself when a test's large packets get lost; and the moment
before a failure can still be looked at."""

import contextlib
import json

from harness import LINEWATCH, SystemTest, agent_endpoint, external, monitor
from processes import Seen
from system import AGENT, LabSystem

R1, R2 = "10.77.1.2", "10.77.2.2"  # as they answer the agent
LINE = 2  # the link between the routers
# For one of many waits on a busy machine.
PATIENCE = 90
LOST_AFTER_R1 = f"packets over 1400 bytes are lost after hop 1 ({R1}), and no router says so"


def configuration(name, protocol, **more):
    ours = {"checksPerRound": 2, "checkTimeoutMs": 1000} | more.pop("linewatch", {})
    return {"name": name, "protocol": protocol, "testFrequencySec": 3, "linewatch": ours} | more


class PathMtu(SystemTest):
    @classmethod
    def prepare(cls):
        cls.system = LabSystem(cls)
        cls.lab, cls.server = cls.system.lab, cls.system.server
        cls.web = cls.lab.address("web")
        cls.system.start()
        cls.server.apply(monitor("lab", [
            agent_endpoint(AGENT), external("web", cls.web),
        ], [
            configuration("ping", "Icmp", linewatch={"trace": {"intervalSec": 5, "allPaths": False}}),
            configuration("page", "Http", httpConfiguration={"port": 80, "path": "/bytes/100000"}),
            configuration("closed", "Tcp", tcpConfiguration={"port": 7001}),
            configuration("udp", "Icmp", linewatch={"trace": {"protocol": "Udp", "maxHops": 2}}),
        ], [{"name": "all", "sources": [AGENT], "destinations": ["web"],
             "testConfigurations": ["ping", "page", "closed", "udp"]}]))

    def paths(self, test, *options):
        code, out, error = self.server.cli("get", "paths", test, *options, "-o", "json", timeout=200)
        return json.loads(out) if code == 0 else None

    def hops(self, test):
        report = self.paths(test)
        if not report or not report["paths"]:
            return None
        return [hop.get("address") for hop in report["paths"][0]["hops"]]

    def setUp(self):
        self.wait_until(lambda: self.hops("web/ping") == [R1, R2, self.web] or Seen(self.hops("web/ping")),
                        PATIENCE, "the way of web/ping")

    def search(self):
        return self.paths("web/ping", "--now", "--mtu")["pathMtuSearch"]

    @contextlib.contextmanager
    def small_line(self, tells):
        """The routers' link takes 1,400 bytes; they say so, or keep it to themselves."""
        routers = [self.lab.host(name) for name in ("r1", "r2")]
        for router in routers:
            router.run(["ip", "link", "set", router.interfaces[LINE], "mtu", "1400"], check=True)
            if not tells:
                router.run(["nft", "add table ip mute; add chain ip mute output "
                                   "{ type filter hook output priority 0; }; add rule ip mute output "
                                   "icmp type destination-unreachable drop"], check=True)
        try:
            yield
        finally:
            for router in routers:
                router.run(["ip", "link", "set", router.interfaces[LINE], "mtu", "1500"], check=True)
                if not tells:
                    router.run(["nft", "delete", "table", "ip", "mute"], check=True)
            # Hosts remember for ten minutes what a router told them.
            for name in ("agent", "web"):
                self.lab.host(name).run(["ip", "route", "flush", "cache"], check=True)

    def test_a_router_that_tells_is_named_and_is_no_issue(self):
        self.assertEqual(self.search()["verdict"], "Full")
        with self.small_line(tells=True):
            report = self.paths("web/ping", "--now", "--mtu")
        search = report["pathMtuSearch"]
        self.assertEqual((search["verdict"], search["toldBy"], search["toldMtu"], report["pathMtu"]),
                         ("Told", R1, 1400, 1400), search)
        self.assertNotIn("MtuTooSmall", [issue["kind"] for issue in report["issues"]])

    def test_where_large_packets_vanish_and_nobody_says_so(self):
        with self.small_line(tells=False):
            report = self.paths("web/ping", "--now", "--mtu")
            trace = self.lab.host("agent").run(
                [LINEWATCH, "trace", self.web, "--mtu", "--report", "-c", "2", "-n"], timeout=120)
            raw = self.lab.host("agent").run(
                [LINEWATCH, "trace", self.web, "--mtu", "-c", "1", "-n", "-o", "json"], timeout=120)
        self.assertEqual(report["pathMtuSearch"]["verdict"], "BlackHole", report["pathMtuSearch"])
        [issue] = [each for each in report["issues"] if each["kind"] == "MtuTooSmall"]
        self.assertEqual((issue["from"], issue["to"], issue["text"]), (R1, R2, LOST_AFTER_R1))
        self.assertEqual(trace.returncode, 0, trace.stderr)
        self.assertIn("! " + LOST_AFTER_R1, trace.stdout)
        self.assertIn("path MTU 1400", trace.stdout)
        self.assertEqual(json.loads(raw.stdout)["pathMtuSearch"]["verdict"], "BlackHole", raw.stderr)
        # It is known from now on, and is over once a search finds that it is.
        self.assertIn(LOST_AFTER_R1, [each["text"] for each in self.paths("web/ping")["issues"]])
        self.assertEqual(self.search()["verdict"], "Full")
        self.assertEqual([each["kind"] for each in self.paths("web/ping")["issues"]
                          if each["kind"] == "MtuTooSmall"], [])

    def test_the_agent_looks_by_itself_when_pages_stall_and_small_packets_pass(self):
        self.lab.line().set(mtu=1400)
        try:
            issues = lambda: [each["text"] for each in self.paths("web/page")["issues"]]
            self.wait_until(lambda: LOST_AFTER_R1 in issues() or Seen(issues()), PATIENCE,
                            "the page's path has a black hole")
            report = self.paths("web/page")
        finally:
            self.lab.line().reset()
        self.assertEqual((report["protocol"], report["pathMtu"]), ("tcp", 1400))
        # The handshake passed all the time: the way itself is well.
        self.assertTrue(report["paths"][0]["reached"])

    def test_the_way_just_before_a_failure_is_shown(self):
        with self.lab.host("r1").firewall.block(action="drop", to=self.web):
            def changed():
                reports = self.paths("web/ping", "--history") or []
                return [each for each in reports if each["cause"] == "StateChange"
                        and each["tracesAfter"][-1]["trigger"] == "StateChange"]
            self.wait_until(changed, PATIENCE, "the change of state is reported")
            report = changed()[-1]
        # Routers that other tests asked a moment before are not asked again; the order is that of asking.
        answers = lambda trace: [probe.get("from") or probe.get("expected")
                                 for probe in sorted(trace["probes"], key=lambda probe: probe["ttl"])]
        self.assertEqual(answers(report["tracesBefore"][-1]), [R1, R2, self.web])
        self.assertNotIn(self.web, answers(report["tracesAfter"][-1]))
        code, out, error = self.server.cli("get", "paths", "web/ping", "--history")
        self.assertEqual(code, 0, error)
        some = r"(\(not asked\)|[0-9.]+ ms)"
        self.assertRegex(out, rf"before, .*: 1 {R1} {some}, 2 {R2} {some}, 3 {self.web} [0-9.]+ ms")
        self.assertRegex(out, rf"then,   .*\(statechange\): 1 {R1} {some}, 2 (\*|{R2} \(not)")

    def test_a_closed_port_is_refused_in_words(self):
        self.wait_until(lambda: (self.paths("web/closed") or {}).get("refused"), PATIENCE,
                        "the closed port is seen")
        _, out, _ = self.server.cli("get", "paths", "web/closed")
        self.assertIn("refused by the destination: nothing listens on port 7001", out)

    def test_the_settings_of_traces_are_kept(self):
        # On a busy machine the first report may come before the second router's answer.
        self.wait_until(lambda: self.hops("web/udp") == [R1, R2] or Seen(self.hops("web/udp")), PATIENCE,
                        "the way of web/udp")
        self.assertEqual(self.paths("web/udp")["protocol"], "udp")


if __name__ == "__main__":
    import unittest
    unittest.main()
