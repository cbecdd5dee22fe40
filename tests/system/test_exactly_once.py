# SPDX-License-Identifier: Apache-2.0
"""Whatever is killed, and while the agent is cut off: every round that an agent had on disk is in the
store, and once. Told by the sequence numbers of each spool, which have no gaps.

LW_KILLS (of each of the three programs), LW_CUT (seconds) and LW_SEED change the size of the experiment;
a release is tried with LW_KILLS=20 LW_CUT=60.
"""

import os
import random
import time

from harness import SystemTest
from processes import PATIENCE, Seen
from spool import read_spool
from store import Store
from system import AGENT, LabSystem, pings

KILLS = int(os.environ.get("LW_KILLS", "2"))
CUT = float(os.environ.get("LW_CUT", "15"))
SEED = int(os.environ.get("LW_SEED", "0")) or random.randrange(1, 10**6)


class ExactlyOnce(SystemTest):
    @classmethod
    def prepare(cls):
        cls.system = LabSystem(cls)
        cls.system.start()
        cls.server, cls.agent = cls.system.server, cls.system.agent
        cls.store = Store(cls.server)
        cls.chance = random.Random(SEED)
        cls.promised = {}  # spool id → highest sequence number seen on the agent's disk
        cls.server.apply(pings(20))  # 200 rounds a second

    def note_promises(self):
        for spool, top in read_spool(self.agent.data / "spool").items():
            self.promised[spool] = max(top, self.promised.get(spool, 0))

    def wait_for_more_rounds(self, more=400):
        """Load is running again, end to end."""
        goal = self.store.count() + more
        def grown():
            count = self.store.count()
            return count >= goal or Seen(f"{count} rounds")
        self.wait_until(grown, 2 * PATIENCE, f"the store has {goal} rounds")

    def kill(self, victim):
        if victim == "store":
            # The server starts it again; it may be busy with that since the last time.
            self.wait_until(self.server.store_pid, PATIENCE, "a store is running")
            self.server.kill_store()
            return
        process = getattr(self, victim)
        process.kill()
        if victim == "agent":
            self.note_promises()
        time.sleep(self.chance.uniform(0, 0.5))
        process.start(**({"wait": False} if victim == "server" else {}))

    def check_the_store(self):
        """Waits until all that is on the agent's disk is in the store, then counts."""
        code, _, error = self.server.cli("delete", "-f", self.folder / "monitors.json")
        self.assertEqual(code, 0, error)
        time.sleep(2)  # Rounds that have begun end. If one is missed the counts still have to fit.
        self.note_promises()

        def is_complete():
            stored = self.store.rounds()
            behind = {spool: (stored.get(spool), top) for spool, top in self.promised.items()
                      if stored.get(spool, (0, 0, 0))[2] < top}
            return Seen(f"behind: {behind}") if behind else True

        self.wait_until(is_complete, 2 * PATIENCE, "the store has every round that was on disk")
        stored = self.store.rounds()
        wrong = {spool: counts for spool, counts in stored.items() if len(set(counts)) != 1}
        self.assertEqual(wrong, {}, "spool: (rows, different sequence numbers, highest) must be equal")
        self.assertEqual(self.store.count("sum(rounds)", "m1"), self.store.count(),
                         "the rollup counts each round once")
        print(f"{sum(counts[0] for counts in stored.values())} rounds of {len(stored)} spools: none lost, "
              f"none twice; {len(self.promised)} spools were on disk at a kill or at the end", flush=True)

    def expect_states(self, state, reason, seconds):
        everything = {key: (state, reason) for key in self.server.tests()}
        self.wait_for_states(self.server, everything, seconds, f"all tests are {state}")

    def tearDown(self):
        self.server.apply(pings(20))

    def test_kill_9_of_agent_server_and_store_at_random(self):
        print(f"seed {SEED}", flush=True)
        self.wait_for_more_rounds()
        victims = ["agent", "server", "store"] * KILLS
        self.chance.shuffle(victims)
        for victim in victims:
            self.kill(victim)
            time.sleep(self.chance.uniform(0.2, 2.5))
        self.server.wait_ready()
        self.wait_for_more_rounds()
        self.check_the_store()

    def test_a_cut_between_agent_and_server(self):
        self.wait_for_more_rounds()
        self.system.lab.cut("agent", "server")
        before = self.store.count()
        time.sleep(CUT)
        during = self.store.count() - before
        self.expect_states("Indeterminate", f"agent `{AGENT}`", 1)
        self.system.lab.mend("agent", "server")
        # 200 rounds a second were made meanwhile; those on their way at the cut may still arrive.
        self.assertLess(during, 100 * CUT)
        self.wait_for_more_rounds(int(150 * CUT))
        self.expect_states("Pass", "", PATIENCE)
        self.check_the_store()

    def test_a_kill_of_the_agent_while_it_is_cut_off(self):
        self.wait_for_more_rounds()
        self.system.lab.cut("agent", "server")
        for _ in range(3):
            time.sleep(1)
            self.kill("agent")
        self.system.lab.mend("agent", "server")
        self.wait_for_more_rounds()
        self.check_the_store()
