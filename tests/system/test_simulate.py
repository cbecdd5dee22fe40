# SPDX-License-Identifier: Apache-2.0
"""`linewatch simulate`: real connections, made-up results. What it reports is in the store, each round
once, whatever happens to the server meanwhile; and the same seed reports the same."""

import datetime
import json
import os
import signal
import unittest

from harness import LINEWATCH, Server, SystemTest
from processes import Process
from store import Store

# Within what the store keeps, and the same for both servers.
UNTIL = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)).strftime("%Y-%m-%dT12:00:00Z")
# The simulated results of one server: all that is measured, in one number.
SUM = "toString(sum(cityHash64(test_id, ts, outcomes, rtt, detail)))"


class Simulation(Process):
    """`linewatch simulate` in the background."""

    ends_with = 0

    def __init__(self, folder, server, name="simulate", options=()):
        super().__init__(name, folder)
        self.server = server
        self.options = list(options)

    def start(self):
        self.start_program([LINEWATCH, "simulate", "--server", f"https://127.0.0.1:{self.server.port}",
                            "--token", (self.server.data / "admin.token").read_text().strip(),
                            "--ca", self.server.data / "ca.pem",
                            "--connect", f"127.0.0.1:{self.server.agent_port}", *self.options])
        return self


def simulate(server, *options):
    """Runs it to its end: its summary."""
    code, out, error = server.cli("simulate", "--connect", f"127.0.0.1:{server.agent_port}", *options,
                                  "-o", "json", timeout=280)  # against a hang, not a demand
    if code != 0:
        raise AssertionError(f"simulate: code {code}: {error}")
    return json.loads(out)


class Simulate(SystemTest):
    @classmethod
    def prepare(cls):
        cls.server = cls.keep(Server(cls.folder)).start()
        cls.other = cls.keep(Server(cls.folder, name="other")).start()

    def test_the_same_seed_reports_the_same_and_each_round_once(self):
        options = ["--agents", 6, "--tests", 63, "--history", "2h", "--seed", 5, "--until", UNTIL, "--once"]
        told = [simulate(server, *options) for server in (self.server, self.other)]
        self.assertEqual(told[0]["tests"], 63)
        self.assertEqual(told[0]["agentsConnected"], 6)
        # A round a minute of each test for two hours, less what agents that were off have not measured.
        self.assertGreater(told[0]["rounds"], 0.85 * 63 * 120)
        self.assertLessEqual(told[0]["rounds"], 63 * 120)
        sums = []
        for server, summary in zip((self.server, self.other), told):
            self.assertEqual(summary["roundsAcknowledged"], summary["rounds"])
            self.assertEqual(summary["pathReportsAcknowledged"], summary["pathReports"])
            self.assertGreaterEqual(summary["pathReports"], 63)
            store = Store(server)
            kept = store.query("SELECT toString(count()) AS n, toString(uniqExact(test_id, ts)) AS u, "
                               f"{SUM} AS sum FROM linewatch.rounds")[0]
            self.assertEqual((int(kept["n"]), int(kept["u"])), (summary["rounds"], summary["rounds"]))
            sums.append(kept["sum"])
        self.assertEqual(told[0]["rounds"], told[1]["rounds"])
        self.assertEqual(sums[0], sums[1])

    def test_no_round_is_lost_or_doubled_when_the_server_is_killed(self):
        server = self.keep(Server(self.folder, name="killed")).start()
        running = self.keep(Simulation(self.folder, server, options=[
            "--agents", 30, "--tests", 300, "--interval", 2, "--history", "10m", "--steady", "--no-paths"]))
        running.start()
        store = Store(server)

        def has(count):
            return lambda: store.count() >= count
        self.wait_until(has(20_000), 60, "the first rounds are stored")
        for kill in range(3):
            server.process.kill()
            server.process.wait()
            server.start()
            self.wait_until(lambda: server.json("status")["agentsConnected"] == 30, 45,
                            "all agents are back")
            before = store.count()
            self.wait_until(has(before + 500), 60, f"rounds come in after kill {kill + 1}")
        # Each has ten minutes of rounds from its start on to hand in, one after the other.
        self.wait_until(lambda: len(store.rounds()) == 30, 60, "rounds of all agents have come in")
        os.kill(running.pid, signal.SIGTERM)
        self.assertEqual(running.process.wait(30), 0)
        for spool, (rows, different, highest) in store.rounds().items():
            self.assertEqual((rows, different), (highest, highest), f"spool {spool}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
