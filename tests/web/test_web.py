# SPDX-License-Identifier: Apache-2.0
"""The web UI as the executable serves it, in a real browser, with a real agent behind it (web/test/e2e/real.spec.ts)."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

from harness import SystemTest, Up, agent_endpoint, external, monitor  # noqa: E402


class Web(SystemTest):
    @classmethod
    def prepare(cls):
        cls.server = cls.keep(Up(cls.folder)).start()
        cls.server.apply(monitor("loopback", [
            agent_endpoint("local"), external("host", "127.0.0.1"), external("nobody", "127.0.0.99"),
        ], [
            {"name": "ping", "protocol": "Icmp", "testFrequencySec": 2, "linewatch": {"checksPerRound": 3}},
            {"name": "refused", "protocol": "Tcp", "testFrequencySec": 2,
             "tcpConfiguration": {"port": 9}, "linewatch": {"checksPerRound": 2}},
        ], [{"name": "near", "sources": ["local"], "destinations": ["host", "nobody"],
             "testConfigurations": ["ping", "refused"]}]))
        cls("test_every_page_on_the_real_server").wait_for_states(
            cls.server, {"local/host/ping": ("Pass", ""), "local/host/refused": ("Fail", "refused")}, 60,
            "there is something to see")

    def test_every_page_on_the_real_server(self):
        environment = os.environ | {
            "LW_E2E_URL": f"https://{self.server.address}:{self.server.port}",
            "LW_E2E_TOKEN": (self.server.data / "admin.token").read_text().strip()}
        done = subprocess.run(["npm", "run", "--silent", "e2e"], cwd=ROOT / "web", env=environment,
                              capture_output=True, text=True, timeout=500)
        self.assertEqual(done.returncode, 0, done.stdout[-8000:] + done.stderr[-2000:])
        self.assertRegex(done.stdout, r"\d+ passed")


if __name__ == "__main__":
    import unittest
    unittest.main()
