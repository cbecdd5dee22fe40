# SPDX-License-Identifier: Apache-2.0
"""A full disk under the spool or under the store: probing goes on, the product says what is wrong, and
when there is space again everything is there, by itself."""

import json
import re
import time

from harness import Agent, Server, SystemTest
from processes import PATIENCE, Seen, wait_until
from store import Store
from system import AGENT, agent_row, pings

FULL = re.compile(r"no space|disk.{0,20}full|full.{0,20}disk|not enough space", re.IGNORECASE)
FULL_FOR = 5  # seconds


class FullDisk(SystemTest):
    """One server and agent for each test, on a disk of their own."""

    def start(self, server_disk=None, agent_disk=False):
        """server_disk: the folder below the server's data that is on a small disk; "" for all of it."""
        name = self.id().rpartition(".")[2]
        folder = self.folder / name
        folder.mkdir()
        server = self.keep(Server(folder))
        if server_disk is not None:
            server.small_disks = {server.data / server_disk: 128}
        server.start()
        agent = self.keep(Agent(folder, server, name=AGENT))
        if agent_disk:
            agent.small_disks = {agent.data: 16}
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
            found = FULL.search(said)
            if found and is_there:
                print(f"said: {said[max(0, found.start() - 120):found.end() + 80]}", flush=True)
            return bool(found) == is_there or Seen(said)
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
        server, agent = self.start(agent_disk=True)
        filler = agent.fill(agent.data)
        self.wait_for_issue(server, True)
        self.wait_for_newer_rounds(server)
        filler.unlink()
        self.wait_for_issue(server, False)
        self.wait_for_newer_rounds(server)
        self.wait_until_stored(server)

    def fill_the_server(self, server, folder):
        filler = server.fill(folder)
        self.wait_for_issue(server, True)
        # States are known from memory, so they go on.
        self.wait_for_newer_rounds(server)
        time.sleep(FULL_FOR)
        self.wait_for_newer_rounds(server)
        filler.unlink()
        self.wait_for_issue(server, False)
        self.wait_until_stored(server)

    def test_under_the_store(self):
        server, _ = self.start(server_disk="store")
        self.fill_the_server(server, server.data / "store")

    def test_under_all_that_the_server_writes(self):
        server, _ = self.start(server_disk="")
        self.fill_the_server(server, server.data)
