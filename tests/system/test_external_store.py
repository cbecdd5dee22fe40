# SPDX-License-Identifier: Apache-2.0
"""`--store-url`: a server whose ClickHouse is somebody else's. Debian has no ClickHouse that is new enough, so the
engine is run by hand, as a service that the server neither starts nor ends: what is tested is everything that the
server does by URL, user and password. But for KQL: that asks with the setting `readonly`, which our engine gives
nobody."""

import urllib.request

from harness import BUILD, Agent, Server, SystemTest, agent_endpoint, external, monitor
from processes import Process, free_port

TEST = "probe1/host/ping"
PASSWORD = "a'b c"


class Clickhouse(Process):
    ends_with = 0

    def __init__(self, folder, port):
        super().__init__("clickhouse", folder, None, {"LINEWATCH_STORE_PASSWORD": PASSWORD})
        self.data, self.port = folder / "clickhouse", port

    def start(self):
        self.start_program([BUILD / "linewatch-store", "--data", self.data, "--listen", f"127.0.0.1:{self.port}",
                            "--user", "operator", "--database", "telemetry"])
        return self

    def ask(self, sql):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/?database=telemetry", sql.encode(), {
            "X-ClickHouse-User": "operator", "X-ClickHouse-Key": PASSWORD})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode().strip()


class ExternalStore(SystemTest):
    @classmethod
    def prepare(cls):
        cls.clickhouse = cls.keep(Clickhouse(cls.folder, free_port())).start()
        cls.server = cls.keep(Server(
            cls.folder, options=["--store-url", f"http://127.0.0.1:{cls.clickhouse.port}",
                                 "--store-user", "operator", "--store-database", "telemetry"],
            environment={"LINEWATCH_STORE_PASSWORD": PASSWORD})).start()
        cls.agent = cls.keep(Agent(cls.folder, cls.server, "probe1")).start()
        cls.server.apply(monitor("m", [agent_endpoint("probe1"), external("host", "127.0.0.1")], [
            {"name": "ping", "protocol": "Icmp", "testFrequencySec": 1,
             "linewatch": {"checksPerRound": 2, "checkTimeoutMs": 500}}],
            [{"name": "g", "sources": ["probe1"], "destinations": ["host"], "testConfigurations": ["ping"]}]))

    def stored(self):
        return int(self.clickhouse.ask("SELECT count() FROM rounds"))

    def test_rounds_go_there_and_are_asked_for_there(self):
        self.wait_for_states(self.server, {TEST: ("Pass", "")}, 30, "the test passes")
        self.wait_until(lambda: self.stored() > 5, 30, "rounds are in the external store")
        rounds = self.server.json("get", "rounds", TEST.replace("probe1/", "m/g/probe1/"))
        self.assertTrue(rounds, "history is read from it")
        self.assertIn(f"127.0.0.1:{self.clickhouse.port}", self.server.json("status")["store"])

    def test_while_it_is_away_nothing_is_lost(self):
        self.wait_until(lambda: self.stored() > 5, 30, "rounds are in the external store")
        self.clickhouse.kill()
        self.wait_until(lambda: any("store" in text or "writing" in text
                                    for text in self.server.json("status")["problems"]), 30, "the server says so")
        self.clickhouse.start()
        self.wait_until(lambda: not self.server.json("status")["problems"], 60, "all is well again")
        before = self.stored()
        self.wait_until(lambda: self.stored() > before + 3, 60, "rounds come again")
        gaps = self.clickhouse.ask("SELECT max(sequence) - min(sequence) + 1 - count(), count() - uniqExact(sequence) "
                                   "FROM rounds")
        self.assertEqual(gaps, "0\t0", "each round once")


if __name__ == "__main__":
    import unittest
    unittest.main()
