# SPDX-License-Identifier: Apache-2.0
"""What happened to agents and who changed what, asked in KQL of a real server and its store: each thing once, also
after both were killed, and the audit log by nobody but administrators."""

import ssl
import unittest
import urllib.request

from harness import Agent, Server, SystemTest, agent_endpoint, external, monitor, rows_of
from processes import Seen

TEAM = monitor("m", [agent_endpoint("probe1"), external("here", "127.0.0.1")],
               [{"name": "ping", "protocol": "Icmp", "testFrequencySec": 5}],
               [{"name": "g", "sources": ["probe1"], "destinations": ["here"], "testConfigurations": ["ping"]}])
TEAM["connectionMonitors"][0]["outputs"] = [
    {"type": "Workspace", "workspaceSettings": {"workspaceResourceId": "/x/workspaces/team"}}]
LIFE = "LinewatchAgentEvents | where Agent == 'probe1' | sort by TimeGenerated asc | project Event"


def kill(process):
    process.process.kill()
    process.process.wait()


class Events(SystemTest):
    @classmethod
    def prepare(cls):
        cls.server = cls.keep(Server(cls.folder)).start()
        cls.server.apply(TEAM)

    def ask(self, kql, *options, token=None):
        code, out, error = self.server.cli("query", kql, "-o", "csv", *options, token=token)
        return code, out.replace("\r", ""), error

    def lines(self, kql, *options):
        code, out, error = self.ask(kql, *options)
        self.assertEqual(code, 0, error)
        return out.split("\n")[1:-1]

    def wait_for_lines(self, kql, wanted, what, *options):
        def are_there():
            lines = self.lines(kql, *options)
            return lines == wanted or Seen(lines)
        self.wait_until(are_there, 60, what)

    def make_token(self, name, *options):
        code, out, error = self.server.cli("token", "create", name, *options)
        self.assertEqual(code, 0, error)
        return out.strip()

    def remove_agent(self, name):
        agent = next(each for each in rows_of(self.server.json("get", "agents"), "value") if each["name"] == name)
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.server.port}/api/v1/agents/{agent['id']}", method="DELETE",
            headers={"Authorization": "Bearer " + (self.server.data / "admin.token").read_text().strip()})
        context = ssl.create_default_context(cafile=str(self.server.data / "ca.pem"))
        with urllib.request.urlopen(request, timeout=30, context=context) as answer:
            self.assertLess(answer.status, 300)

    def test_an_agents_life_is_told_once(self):
        agent = self.keep(Agent(self.folder, self.server, name="probe1")).start()
        self.wait_for_lines(LIFE, ["Joined", "Connected"], "that it has come is told")
        kill(agent)
        self.wait_for_lines(LIFE, ["Joined", "Connected", "Disconnected"], "that it has gone is told")
        detail = self.lines("LinewatchAgentEvents | where Event == 'Disconnected' | project Detail")[0]
        self.assertIn("It was connected for", detail)
        # Both die; what comes back tells of itself, and nothing twice.
        kill(self.server)
        self.server.start()
        agent.start()
        self.wait_for_lines(LIFE, ["Joined", "Connected", "Disconnected", "Connected"], "it is back")
        # It is an agent of the team's workspace, and another one is not.
        self.keep(Agent(self.folder, self.server, name="probe2")).start()
        self.wait_for_lines("LinewatchAgentEvents | where Agent == 'probe2' | sort by TimeGenerated asc | project Event",
                            ["Joined", "Connected"], "the second one is told of")
        self.wait_for_lines("LinewatchAgentEvents | distinct Agent", ["probe1"], "the team sees its agent only",
                            "--workspace", "team")
        # One that was removed, and does not know, is refused: told once however often it tries.
        kill(agent)
        self.remove_agent("probe1")
        agent.start()
        ends = ("LinewatchAgentEvents | where Event in ('Removed', 'Refused') | sort by TimeGenerated asc "
                "| project Event, Detail = substring(Detail, 0, 22)")
        self.wait_for_lines(ends, ["Removed,", "Refused,this agent was removed"], "it is removed, and refused")

    def test_the_audit_log_is_for_administrators(self):
        operator = self.make_token("helper", "--role", "operator")
        team = self.make_token("team-helper", "--scope", "workspaces/team")
        made = "LinewatchAudit | where Method == 'POST' and Detail has 'token `helper`' | project Caller, Method, Target, Status"
        self.wait_for_lines(made, ["admin,POST,/api/v1/tokens,201"], "making a token is in the log")
        self.assertEqual(self.lines("LinewatchAudit | where Target contains '/apply' | distinct Status"), ["200"])
        for token, options in ((operator, ()), (team, ("--workspace", "team"))):
            for kql in ("LinewatchAudit | count", "table('LinewatchAudit') | take 1",
                        "union LinewatchAudit, LinewatchAgents | count", "workspace('team').LinewatchAudit | take 1"):
                code, out, error = self.ask(kql, *options, token=token)
                with self.subTest(kql=kql):
                    self.assertEqual((code, out), (2, ""))
                    self.assertIn("is for administrators", error)
            code, out, error = self.ask("search 'token'", *options, token=token)
            self.assertNotIn("/api/v1/tokens", out + error)
        # A workspace of its own has none of it, whoever asks.
        self.wait_for_lines("LinewatchAudit | count", ["0"], "the team's workspace has no audit log", "--workspace", "team")
        # The server reads its whole log again after a start; nothing is there twice.
        kill(self.server)
        self.server.start()
        self.assertEqual(self.server.cli("token", "remove", "helper")[0], 0)
        self.wait_for_lines("LinewatchAudit | where Method == 'DELETE' and Target has 'tokens' | project Target, Status",
                            ["/api/v1/tokens/helper,204"], "what came after the restart is in the log")
        self.assertEqual(self.lines("LinewatchAudit | summarize Times = count() by Number | where Times > 1"), [])
        self.assertEqual(self.lines(made), ["admin,POST,/api/v1/tokens,201"])


if __name__ == "__main__":
    unittest.main()
