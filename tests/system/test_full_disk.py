# SPDX-License-Identifier: Apache-2.0
"""A full disk under the spool or under the store: probing goes on, the product says what is wrong, and
when there is space again everything is there, by itself."""

import json
import re

from harness import Agent, Server, SystemTest
from processes import PATIENCE, Seen, wait_until
from store import Store
from system import AGENT, agent_row, pings

FULL = re.compile(r"no space|disk.{0,20}full|full.{0,20}disk|not enough space", re.IGNORECASE)


class FullDisk(SystemTest):
    """One server and agent for each test, on a disk of their own."""

    def start(self, server_disk=None, agent_disk=None):
        name = self.id().rpartition(".")[2]
        folder = self.folder / name
        folder.mkdir()
        server = self.keep(Server(folder))
        if server_disk:
            server.small_disks = {server.data / "store": server_disk}
        server.start()
        agent = self.keep(Agent(folder, server, name=AGENT))
        if agent_disk:
            agent.small_disks = {agent.data: agent_disk}
        agent.start()
        self.addCleanup(server.end)
        self.addCleanup(agent.end)
        server.apply(pings(10, configurations=5))
        self.wait_for_newer_rounds(server)
        return server, agent

    def newest(self, server):
        return max(str(row.row.get("lastRound") or "") for row in server.tests().values())

    def wait_for_newer_rounds(self, server):
        before = self.newest(server)
        self.wait_until(lambda: self.newest(server) > before, PATIENCE, "newer rounds reach the server")

    def wait_for_issue(self, server, is_there):
        def as_wanted():
            said = json.dumps([server.json("status"), agent_row(server, AGENT)])
            return bool(FULL.search(said)) == is_there or Seen(said)
        self.wait_until(as_wanted, PATIENCE,
                        f"status or agents {'say' if is_there else 'no longer say'} that a disk is full")

    def wait_until_stored(self, server):
        """Everything up to now is in the store, without gap and once."""
        store = Store(server)
        goal = sum(top for _, _, top in store.rounds().values()) + 200

        def is_complete():
            counts = store.rounds()
            whole = all(len(set(each)) == 1 for each in counts.values())
            return whole and sum(each[0] for each in counts.values()) >= goal or Seen(counts)

        wait_until(is_complete, 2 * PATIENCE, "the store has all rounds without a gap", self.logs())

    def test_under_the_spool(self):
        server, agent = self.start(agent_disk=16)
        filler = agent.fill(agent.data)
        self.wait_for_issue(server, True)
        self.wait_for_newer_rounds(server)
        filler.unlink()
        self.wait_for_issue(server, False)
        self.wait_for_newer_rounds(server)
        self.wait_until_stored(server)

    def test_under_the_store(self):
        server, _ = self.start(server_disk=128)
        filler = server.fill(server.data / "store")
        self.wait_for_issue(server, True)
        self.wait_for_newer_rounds(server)
        filler.unlink()
        self.wait_for_issue(server, False)
        self.wait_until_stored(server)
