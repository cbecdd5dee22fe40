# SPDX-License-Identifier: Apache-2.0
"""Server and agent on two hosts of the lab, joined by a management link that can be cut while the
measured network stays whole."""

from harness import Agent, Server, agent_endpoint, external, rows_of
from lab import Lab
from processes import wait_until

AGENT = "probe1"


class LabSystem:
    def __init__(self, test_class, server_options=()):
        self.lab = Lab("control")
        self.lab.up()
        test_class.addClassCleanup(self.lab.down)
        folder = test_class.folder
        self.server = test_class.keep(Server(folder, host=self.lab.host("server"),
                                             address=self.lab.address("server"),
                                             options=server_options))
        self.agent = test_class.keep(Agent(folder, self.server, name=AGENT,
                                           host=self.lab.host("agent")))

    def start(self):
        self.server.start()
        self.agent.start()
        self.wait_connected()

    def wait_connected(self, seconds=30):
        wait_until(lambda: agent_row(self.server, AGENT)["connected"], seconds, "the agent is connected",
                   [self.server.log, self.agent.log])


def agent_row(server, name):
    rows = rows_of(server.json("get", "agents"), "agents")
    for row in rows:
        if row["name"] == name:
            return row
    raise LookupError(f"the server knows no agent {name}")


def pings(count, checks=1, frequency=1, configurations=10):
    """A monitor of count × configurations pings of the agent's own loopback addresses: rounds that
    always pass, at any rate."""
    destinations = [external(f"loop{i}", f"127.0.0.{i}") for i in range(1, count + 1)]
    tests = [{"name": f"ping{i}", "protocol": "Icmp", "testFrequencySec": frequency,
              "linewatch": {"checksPerRound": checks, "checkTimeoutMs": 500}}
             for i in range(configurations)]
    group = {"name": "loop", "sources": [AGENT], "destinations": [each["name"] for each in destinations],
             "testConfigurations": [each["name"] for each in tests]}
    return {"connectionMonitors": [{"name": "load", "endpoints": [agent_endpoint(AGENT), *destinations],
                                    "testConfigurations": tests, "testGroups": [group]}]}
