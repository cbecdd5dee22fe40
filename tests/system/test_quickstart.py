# SPDX-License-Identifier: Apache-2.0
"""The first thing that people do: `linewatch up` with examples/quickstart.yaml, here on a machine with a
gateway and a resolver but without the Internet."""

import os
import pathlib
import signal
import time
import unittest

from harness import SystemTest, Up, rows_of
from lab import Lab
from processes import PATIENCE, ROOT, Seen, is_alive, wait_until
from system import agent_row

FIRST_STATES = 60  # seconds from the start of `up`
STOP = 20

PASS = ("local/gateway/ping", "local/resolver/ping", "local/resolver/dns-port",
        "local/linewatch-api/api-health")
WEB, DNS_HOST, ADDRESS = ("local/example-website/https-page", "local/google-dns/https-port",
                          "local/cloudflare-dns/ping")


class Quickstart(SystemTest):
    @classmethod
    def prepare(cls):
        cls.lab = Lab("home")
        cls.lab.up()
        cls.addClassCleanup(cls.lab.down)

    def start(self, data):
        up = self.keep(Up(self.folder, name=data, host=self.lab.host("agent"),
                          options=["--config", ROOT / "examples/quickstart.yaml"]))
        up.start(wait=False)
        self.addCleanup(up.end)
        return up

    def expect_true_states(self, up):
        begin = time.monotonic()
        gateway = self.lab.host("gateway").address().replace(".", r"\.")
        self.expect(up, FIRST_STATES, "every quickstart test is in its true state",
                    {WEB: "name does not exist in DNS", DNS_HOST: "name does not exist in DNS",
                     ADDRESS: f"unreachable.*{gateway}"})
        print(f"all states known after {time.monotonic() - begin:.1f} s", flush=True)

    def expect(self, up, seconds, what, faults):
        expected = {key: ("Pass", "") for key in PASS}
        expected |= {key: ("Fail", reason) for key, reason in faults.items()}
        self.wait_for_states(up, expected, seconds, what)
        self.assertEqual(set(up.tests()), set(expected), "these are all tests")

    def family(self, up):
        """Everything that runs for it, itself included."""
        family = {up.pid: up.started} | up.descendants()
        self.assertGreaterEqual(len(family), 4, "up, server, store and agent")
        return family

    def wait_gone(self, family, seconds):
        begin = time.monotonic()

        def are_gone():
            left = [pid for pid, started in family.items() if is_alive(pid, started)]
            return Seen(f"processes {left} are left") if left else True

        wait_until(are_gone, seconds, "all of its processes have ended", self.logs())
        return time.monotonic() - begin

    def identity(self, up):
        status = up.json("status")
        agents = rows_of(up.json("get", "agents"), "agents")
        self.assertEqual(len(agents), 1, agents)
        return status["subscriptionId"], status["workspaceId"], agents[0]["id"]

    def rounds(self, up):
        test = up.tests()[PASS[0]].row["id"]
        return {row["started"] for row in rows_of(up.json("get", "rounds", test), "rounds")}

    def expect_no_capability_but_raw_sockets(self, agent):
        net_raw = 1 << 13
        threads = list(pathlib.Path("/proc", str(agent), "task").iterdir())
        self.assertGreater(len(threads), 2, "probe loop, uplink and gRPC's own")
        for thread in threads:
            status = dict(line.split(":\t") for line in (thread / "status").read_text().splitlines()
                          if line.startswith(("Cap", "Name")))
            for which in ("CapEff", "CapPrm", "CapBnd"):
                self.assertEqual(int(status[which], 16), net_raw, f"{which} of {status['Name']}")

    def test_states_reasons_and_a_second_start(self):
        up = self.start("twice")
        self.expect_true_states(up)
        # The other way of having no Internet: nothing comes back, and the resolver cannot ask anybody.
        # On arrival, since the gateway has no route to let the packet fail on.
        with self.lab.host("gateway").firewall.block("drop", to="1.1.1.1", chain="arrive"):
            self.lab.service("dns").answer_with("servfail")
            self.expect(up, PATIENCE, "the reasons follow what is wrong",
                        {WEB: "name server could not answer", DNS_HOST: "name server could not answer",
                         ADDRESS: "timed out"})
            self.lab.service("dns").answer_with("answer")
        identity = self.identity(up)
        rounds = self.wait_until(lambda: self.rounds(up), PATIENCE, "rounds are in the store")
        self.expect_no_capability_but_raw_sockets(self.parts(up)["agent"])
        family = self.family(up)

        # Ctrl-C reaches the whole process group of the terminal.
        os.killpg(up.pid, signal.SIGINT)
        took = self.wait_gone(family, STOP)
        self.assertEqual(up.process.wait(), 0)
        print(f"{len(family)} processes ended {took:.1f} s after Ctrl-C", flush=True)

        up = self.start("twice")
        self.expect_true_states(up)
        self.assertEqual(self.identity(up), identity)
        self.wait_until(lambda: rounds < self.rounds(up), PATIENCE,
                        "the first run's rounds are there, and newer ones")

    def parts(self, up):
        """Ids of the server, the agent and the store that run now, by these names."""
        parts = {"store": up.store_pid()}
        for pid in up.children("linewatch"):
            parts[pathlib.Path("/proc", str(pid), "cmdline").read_text().split("\0")[1]] = pid
        return parts

    def test_kill_9_of_a_part_is_healed_and_of_up_leaves_nothing_behind(self):
        up = self.start("killed")
        self.wait_until(lambda: agent_row(up, "local")["connected"], PATIENCE, "everything is up")
        for name in ("store", "agent", "server"):
            before = self.parts(up)
            os.kill(before[name], signal.SIGKILL)
            self.wait_until(lambda: self.parts(up)[name] != before[name], PATIENCE, f"another {name} runs")
            self.wait_until(lambda: agent_row(up, "local")["connected"], PATIENCE, "the agent is back")
        rounds = self.rounds(up)
        self.wait_until(lambda: rounds < self.rounds(up), PATIENCE, "rounds go on")

        family = self.family(up)
        up.kill()
        took = self.wait_gone(family, STOP)
        print(f"{len(family)} processes were gone {took:.1f} s after kill -9", flush=True)


if __name__ == "__main__":
    unittest.main()
