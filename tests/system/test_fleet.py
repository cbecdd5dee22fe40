# SPDX-License-Identifier: Apache-2.0
"""A fleet of simulated agents and monitors as large as Azure allows (20 groups, 100 endpoints, 20
configurations): a PUT that changes one group moves the tests concerned, and nobody else notices. The same at
the full size is `bench/fleet/run.py limits`."""

import pathlib
import sys
import unittest

from harness import LINEWATCH, Server, SystemTest
from store import Store

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "fleet"))

from fleet import (Arm, Client, Simulation, began_anew, broken_histories, limit_monitor, moved, rows_of,  # noqa: E402
                   swap_destination, tests_of)

AGENTS = 12
FREQUENCY = 5
DESTINATIONS = (1, 1, 3)  # of each group, by monitor; the last is the largest


class Fleet(SystemTest):
    @classmethod
    def prepare(cls):
        cls.server = cls.keep(Server(cls.folder)).start()
        cls.simulation = Simulation(LINEWATCH, cls.server, cls.folder, [
            "--agents", AGENTS, "--no-monitors", "--no-paths", "--steady"])
        cls.addClassCleanup(cls.simulation.stop)
        cls.simulation.wait(lambda now: now["connected"] == AGENTS, 120, "all agents connect")
        cls.client = Client(cls.server.port, cls.server.data)
        cls.arm = Arm(cls.client)
        agents = [each["name"] for each in cls.client.get("/api/v1/agents")["value"]]
        cls.monitors = {f"m{number}": limit_monitor(number, agents, destinations, FREQUENCY)
                        for number, destinations in enumerate(DESTINATIONS)}
        for name, properties in cls.monitors.items():
            cls.arm.put(name, properties)
        cls.total = sum(map(tests_of, cls.monitors.values()))

    def wait_for_states(self):
        self.wait_until(lambda: self.client.get("/api/v1/status")["states"]["Indeterminate"] == 0, 90,
                        "all tests have a state")

    def test_only_what_changes_is_told_and_nothing_else_moves(self):
        told = self.simulation.wait(lambda now: now["tests"] == self.total, 60, "all tests are assigned")
        self.assertEqual(told["put"], self.total, "each test is told once, however many monitors come")
        self.assertEqual(told["removed"], 0)
        self.wait_for_states()
        self.assertEqual(sorted(each["name"] for each in self.arm.list()[0]), sorted(self.monitors))

        before = {name: rows_of(self.client, name) for name in self.monitors}
        told = self.simulation.fresh_counters()
        changed, concerned = swap_destination(self.monitors["m2"], 7)
        self.arm.put("m2", changed)
        self.wait_until(lambda: self.simulation.counters()["put"] > told["put"], 30, "the agent is told")
        now = self.simulation.fresh_counters()
        self.assertEqual({key: now[key] - told[key] for key in ("put", "removed", "differences", "assignments")},
                         {"put": concerned, "removed": concerned, "differences": 1, "assignments": 0})
        self.wait_for_states()
        # A round of each test that began after the change.
        newest = max(row[3] for rows in before.values() for row in rows.values())
        self.wait_until(lambda: all(row[3] and row[3] > newest for name in self.monitors
                                    for row in rows_of(self.client, name).values()), 60, "all tests measure on")
        for name, rows in before.items():
            after = rows_of(self.client, name)
            stay = rows.keys() & after.keys()
            self.assertEqual(len(stay), len(rows) - (concerned if name == "m2" else 0))
            self.assertEqual(len(after), len(rows))
            self.assertEqual(moved(rows, after), [], f"of {name}")
        self.assertEqual(began_anew(Store(self.server)), 0)

        # A server that comes back finds its agents at work: it has nothing to tell them.
        told = self.simulation.fresh_counters()
        self.server.process.kill()
        self.server.process.wait()
        self.server.start()
        self.simulation.wait(lambda now: now["connected"] == AGENTS and now["waiting"] < 500, 60,
                             "all agents are back, and what they measured meanwhile is in")
        now = self.simulation.fresh_counters()
        self.assertEqual((now["put"], now["removed"], now["assignments"]),
                         (told["put"], told["removed"], told["assignments"]))
        broken, tests = broken_histories(Store(self.server), FREQUENCY)
        self.assertEqual((broken, tests), (0, self.total + concerned))


if __name__ == "__main__":
    unittest.main(verbosity=2)
