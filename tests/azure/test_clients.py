# SPDX-License-Identifier: Apache-2.0
"""Azure's npm clients, unmodified, against a real server over TLS with its own CA. The tests
themselves are JavaScript, in *.test.mjs; one that fails there fails here with its text."""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "system"))

from harness import Agent, Server, SystemTest, rows_of  # noqa: E402
from processes import ROOT  # noqa: E402

PATIENCE = 240

# What clients.test.mjs asks metrics of: pings that all succeed, and a port where nobody listens.
MEASURED = {"connectionMonitors": [{
    "name": "measured",
    "endpoints": [
        {"name": "probe1", "type": "Agent", "linewatch": {"agent": "probe1"}},
        {"name": "here", "type": "ExternalAddress", "address": "127.0.0.1"},
        {"name": "also-here", "type": "ExternalAddress", "address": "127.0.0.2"}],
    "testConfigurations": [
        {"name": "ping", "protocol": "Icmp", "testFrequencySec": 1, "linewatch": {"checksPerRound": 4}},
        {"name": "closed", "protocol": "Tcp", "testFrequencySec": 1, "tcpConfiguration": {"port": 1},
         "linewatch": {"checksPerRound": 2}}],
    "testGroups": [
        {"name": "pings", "sources": ["probe1"], "destinations": ["here", "also-here"],
         "testConfigurations": ["ping"]},
        {"name": "ports", "sources": ["probe1"], "destinations": ["here"],
         "testConfigurations": ["closed"]}]}]}
TESTS = ["pings/probe1/here/ping", "pings/probe1/also-here/ping", "ports/probe1/here/closed"]


class AzureClients(SystemTest):
    @classmethod
    def prepare(cls):
        cls.server = cls.keep(Server(cls.folder)).start()
        cls.agent = cls.keep(Agent(cls.folder, cls.server, name="probe1")).start()
        cls.server.apply(MEASURED)

    def setUp(self):
        def stored():
            rounds = [rows_of(self.server.json("get", "rounds", f"measured/{test}"), "value") for test in TESTS]
            return all(len(each) >= 3 for each in rounds)
        self.wait_until(stored, 60, "three rounds of each test are in the store")

    def test_the_clients_find_all_that_they_expect(self):
        self.assertIsNotNone(shutil.which("node"), "install nodejs (./dev does)")
        self.assertTrue((FOLDER / "node_modules").is_dir(), "run `npm ci` in tests/azure (./dev does)")
        status = self.server.json("status")
        environment = os.environ | {
            "LW_URL": f"https://127.0.0.1:{self.server.port}",
            "LW_TOKEN": (self.server.data / "admin.token").read_text().strip(),
            "LW_SUBSCRIPTION": status["subscriptionId"],
            "LW_WORKSPACE": status["workspaceId"],
            "NODE_EXTRA_CA_CERTS": str(self.server.data / "ca.pem"),
            "NO_PROXY": "127.0.0.1,localhost"}
        files = [FOLDER / name for name in ("clients.test.mjs", "logs.test.mjs", "watchers.test.mjs",
                                         "alerts.test.mjs")]
        done = subprocess.run(["node", "--test", "--test-reporter=spec", *files],
                              env=environment, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT)
        self.assertEqual(done.returncode, 0, f"{done.stdout}\n{done.stderr}")
        passed = [line for line in done.stdout.splitlines() if line.startswith("ℹ pass ")]
        self.assertTrue(passed and int(passed[0].split()[-1]) > 50, done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
