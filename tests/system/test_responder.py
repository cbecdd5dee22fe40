# SPDX-License-Identifier: Apache-2.0
"""What agents are to each other: ports that they listen on because a test asks for it, a responder, a
STAMP reflector, and what they say of themselves."""

import json
import subprocess

from harness import LINEWATCH, Agent, Server, SystemTest, agent_endpoint, monitor
from processes import Seen, free_port, wait_until
from system import agent_row

SOURCE, DESTINATION = "probe1", "probe2"
TEST = f"{SOURCE}/{DESTINATION}/tcp"


class Responder(SystemTest):
    @classmethod
    def prepare(cls):
        cls.port, cls.own_port, cls.stamp_port = free_port(), free_port(), free_port()
        cls.server = cls.keep(Server(cls.folder)).start()
        cls.source = cls.keep(Agent(cls.folder, cls.server, SOURCE)).start()
        cls.destination = cls.keep(Agent(
            cls.folder, cls.server, DESTINATION,
            options=["--responder", f"127.0.0.1:{cls.own_port}",
                     "--stamp-responder", f"127.0.0.1:{cls.stamp_port}", "--selftest"])).start()
        for name in (SOURCE, DESTINATION):
            wait_until(lambda: agent_row(cls.server, name)["connected"], 30, f"{name} is connected",
                       cls.logs())

    def row(self):
        return agent_row(self.server, DESTINATION)

    def apply(self, port, behavior):
        configuration = {
            "name": "tcp", "protocol": "Tcp", "testFrequencySec": 1,
            "tcpConfiguration": {"port": port, "disableTraceRoute": True,
                                 "destinationPortBehavior": behavior},
            "linewatch": {"checksPerRound": 1, "checkTimeoutMs": 500}}
        destination = agent_endpoint(DESTINATION) | {"address": "127.0.0.1"}
        group = {"name": "g", "sources": [SOURCE], "destinations": [DESTINATION],
                 "testConfigurations": ["tcp"]}
        self.server.apply(monitor("m", [agent_endpoint(SOURCE), destination], [configuration], [group]))

    def times_listened(self):
        return self.destination.log.read_text().count("listening on TCP port")

    def listening(self):
        return [(each["port"], each["outcome"]) for each in self.row().get("listening", [])]

    def logged(self):
        query = ("NWConnectionMonitorDestinationListenerResult | where DestinationPort == " +
                 f"{self.port} | distinct DestinationName, DestinationPort, ListeningOutcome, Issues")
        return [list(row.values()) for row in self.server.json("query", query)]

    def expect(self, state, reason, what):
        self.wait_for_states(self.server, {TEST: (state, reason)}, 30, what)

    def test_the_destination_listens_while_a_test_asks_for_it(self):
        self.apply(self.port, "None")
        self.expect("Fail", "refused", "nobody listens")
        self.apply(self.port, "ListenIfAvailable")
        self.expect("Pass", "", "the destination listens")
        self.wait_until(lambda: self.listening() == [(self.port, "Listening")], 20, "it says that it does")
        # Once a minute.
        expected = [[DESTINATION, self.port, "Listening", "[]"]]
        self.wait_until(lambda: self.logged() == expected or Seen(self.logged()), 90,
                        "the logs tell of its port")
        self.wait_until(lambda: self.row()["responderConnections"] > 0, 20, "connections are counted")
        self.destination.end()
        self.expect("Fail", "refused", "the destination is away")
        self.server.end()
        listened = self.times_listened()
        self.destination.start()
        self.wait_until(lambda: self.times_listened() > listened, 20,
                        "it listens again without its server")
        self.server.start()
        self.expect("Pass", "", "and the source says so")
        self.apply(self.port, "None")
        self.expect("Fail", "refused", "the test has gone, and the port with it")

    def test_the_responder_has_a_port_of_its_own(self):
        self.apply(self.own_port, "None")
        self.expect("Pass", "", "the responder accepts")
        # What it has already it need not open again.
        self.apply(self.own_port, "ListenIfAvailable")
        self.expect("Pass", "", "the responder accepts")
        self.wait_until(lambda: self.row()["assignmentInForce"], 20, "the assignment is in force")
        self.assertEqual(self.row()["problem"], "")

    def test_it_reflects_and_reports_its_self_test(self):
        done = subprocess.run([LINEWATCH, "check", "stamp", f"127.0.0.1:{self.stamp_port}", "-c", "10",
                               "-i", "5", "-o", "json"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["received"], 10)
        self.wait_until(lambda: self.row()["stampReplies"] >= 10, 20, "replies are counted")
        self.wait_until(lambda: "selfTest" in self.row(), 30, "the self-test is reported")
        test = self.row()["selfTest"]
        self.assertGreater(test["echoes"], 0)
        self.assertGreaterEqual(test["errorMaxUs"], test["errorUs"])
        self.assertIsNone(test["checksPerSecond"])
        self.assertNotIn("selfTest", agent_row(self.server, SOURCE), "which was not asked for one")
