# SPDX-License-Identifier: Apache-2.0
"""The web UI as the executable serves it, in a real browser, with a real agent behind it (web/test/e2e/real.spec.ts),
while that server is stopped and started again too (web/test/e2e/restart.real.spec.ts)."""

import http.server
import os
import pathlib
import subprocess
import sys
from concurrent import futures

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

from harness import SystemTest, Up, agent_endpoint, external, monitor  # noqa: E402


def under_control(server, work):
    """Calls work(URL), on a thread, while the URL (on loopback) takes POST /stop and /start. Those act on this
    thread: a process that it starts ends with the thread that started it. Returns what `work` did."""
    acts = {"/stop": server.stop, "/start": server.start}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # pylint: disable=invalid-name
            if self.path in acts:
                acts[self.path]()
            self.send_response(204 if self.path in acts else 404)
            self.end_headers()

        def log_message(self, *_):  # pylint: disable=arguments-differ
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as control, futures.ThreadPoolExecutor() as thread:
        done = thread.submit(work, f"http://127.0.0.1:{control.server_port}")
        done.add_done_callback(lambda _: control.shutdown())
        control.serve_forever()
        return done.result()


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
        done = under_control(self.server, self.browse)
        self.assertEqual(done.returncode, 0, done.stdout[-8000:] + done.stderr[-2000:])
        self.assertRegex(done.stdout, r"\d+ passed")

    def browse(self, control):
        environment = os.environ | {
            "LW_E2E_URL": f"https://{self.server.address}:{self.server.port}",
            "LW_E2E_TOKEN": (self.server.data / "admin.token").read_text().strip(),
            "LW_E2E_CONTROL": control}
        return subprocess.run(["npm", "run", "--silent", "e2e"], cwd=ROOT / "web", env=environment,
                              capture_output=True, text=True, timeout=800)


if __name__ == "__main__":
    import unittest
    unittest.main()
