# SPDX-License-Identifier: Apache-2.0
"""Tokens that are good for some resources only, against a real server: one that is good for nothing walks
all routes and sees nothing; one for a monitor sees that monitor; one for a workspace asks that workspace.
Routes are those of test_every_endpoint, so that a new one is walked without being named here."""

import http.client
import json
import re
import ssl
import unittest

from harness import Agent, Server, SystemTest, rows_of
from test_every_endpoint import AZURE, STREAMS, operations_of_contract
from processes import ROOT, Seen

VERSION = "api-version=2025-05-01"
LOGS = [
    *((method, path) for method in ("GET", "POST") for path in (
        "/v1/workspaces/{workspace}/query", "/workspaces/{workspace}/query",
        "/v1/workspaces/{workspace}/metadata",
        "/v1/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/networkWatchers/{watcher}"
        "/connectionMonitors/{monitor}/query",
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.OperationalInsights/workspaces"
        "/{workspace}/query")),
    ("POST", "/v1/$batch"),
]


def monitor_named(name, workspace):
    """One test; everything in it is called after the monitor."""
    return {"name": name,
            "endpoints": [{"name": f"{name}-source", "type": "Agent", "linewatch": {"agent": "probe1"}},
                          {"name": f"{name}-place", "address": "127.0.0.1"}],
            "testConfigurations": [{"name": f"{name}-ping", "protocol": "Icmp", "testFrequencySec": 30}],
            "testGroups": [{"name": f"{name}-group", "sources": [f"{name}-source"], "destinations": [f"{name}-place"],
                            "testConfigurations": [f"{name}-ping"]}],
            "outputs": [{"type": "Workspace", "workspaceSettings": {"workspaceResourceId": "/x/workspaces/" + workspace}}]}


class Scopes(SystemTest):
    @classmethod
    def prepare(cls):
        cls.server = cls.keep(Server(cls.folder)).start()
        cls.agent = cls.keep(Agent(cls.folder, cls.server, name="probe1")).start()
        cls.server.apply({"connectionMonitors": [monitor_named("alpha", "team-alpha"),
                                                 monitor_named("omega", "team-omega")]})
        cls.subscription = cls.server.json("status")["subscriptionId"]
        cls.tls = ssl.create_default_context(cafile=str(cls.server.data / "ca.pem"))
        cls.admin = (cls.server.data / "admin.token").read_text().strip()
        contract = operations_of_contract((ROOT / "api/openapi.yaml").read_text())
        cls.routes = [*sorted(contract), *AZURE, *LOGS]
        cls.make_alerts()
        cls.ids = {row["connectionMonitor"]: row["id"] for row in rows_of(cls.server.json("get", "tests"), "tests")}

    @classmethod
    def make_alerts(cls):
        """A rule about one monitor, and who is told by it."""
        criterion = {"name": "c", "metricName": "TestResult", "timeAggregation": "Maximum", "operator": "GreaterThan",
                     "threshold": 2, "dimensions": [{"name": "DestinationName", "operator": "Include",
                                                     "values": ["omega-place"]}]}
        for path, properties in [
                ("alert-rules/omega", {
                    "severity": 1, "enabled": True, "scopes": ["connectionMonitors/omega"],
                    "evaluationFrequency": "PT1M", "windowSize": "PT5M", "criteria": {
                        "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                        "allOf": [criterion]}}),
                ("action-groups/omega", {
                    "groupShortName": "omega", "enabled": True, "webhookReceivers": [
                        {"name": "omega-place", "serviceUri": "http://127.0.0.1:1/"}]})]:
            status, text = cls.call(cls, cls.admin, "PUT", f"/api/v1/{path}", {"properties": properties})
            assert status == 200, text

    def setUp(self):
        def are_known():
            names = self.call(self.admin, "GET", "/api/v1/workspaces")[1]
            return ("team-alpha" in names and "team-omega" in names) or Seen(names)
        self.wait_until(are_known, 60, "the monitors' workspaces are known")

    def make(self, name, *options):
        code, out, error = self.server.cli("token", "create", name, *options)
        self.assertEqual(code, 0, error)
        self.addCleanup(lambda: self.server.cli("token", "remove", name))
        return out.strip()

    def call(self, token, method, target, body=None):
        """(status, text)"""
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, timeout=30, context=self.tls)
        try:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            connection.request(method, target, body and json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def fill(self, pattern):
        """The path, with what is really there in its places."""
        there = {"subscription": self.subscription, "group": "NetworkWatcherRG", "watcher": "NetworkWatcher_local",
                 "monitor": "omega", "name": "omega", "id": self.ids["omega"], "agent": "probe1",
                 "workspace": "team-omega", "location": "local", "provider": "Microsoft.Network", "operation": "x",
                 "status": "0"}
        path = re.sub(r"\{(\w+)\}", lambda match: there[match[1]], pattern)
        return path + ("?" + VERSION if pattern.startswith("/subscriptions") else "")

    def body_for(self, path):
        resource = (f"/subscriptions/{self.subscription}/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/"
                    "networkWatchers/NetworkWatcher_local/connectionMonitors/omega")
        if path.endswith(("/apply", "/plan")):
            return {"connectionMonitors": [monitor_named("omega", "team-omega")]}
        return {"query": "NWConnectionMonitorTestResult | take 5", "resourceids": [resource], "properties": {},
                "requests": [{"id": "1", "workspace": "team-omega", "body": {"query": "LwRound | take 5"}}]}

    def test_who_is_good_for_nothing_sees_nothing(self):
        token = self.make("nobody", "--nothing", "--role", "operator")
        secret = re.compile("alpha|probe1|-place|" + "|".join(self.ids.values()))
        # Paths, names and bodies that we sent may come back in refusals, so those are of the other monitor.
        said = re.compile("omega-(place|source|ping|group)")
        served = 0
        for method, pattern in self.routes:
            if STREAMS.search(pattern) or pattern.startswith(("/install", "/agent/", "/ca.pem", "/healthz", "/readyz")):
                continue
            path = self.fill(pattern)
            body = self.body_for(pattern) if method in ("POST", "PUT", "PATCH") else None
            status, text = self.call(token, method, path, body)
            with self.subTest(route=f"{method} {path}"):
                self.assertLess(status, 500, text[:300])
                hidden = text.replace(path, "").replace("probe1`", "")
                self.assertIsNone(secret.search(hidden.replace(self.ids["omega"], "")), text[:600])
                self.assertIsNone(said.search(text), text[:600])
                served += status < 300
        self.assertGreater(served, 10, "lists are empty, not refused")
        rows = {row["connectionMonitor"] for row in rows_of(self.server.json("get", "tests"), "tests")}
        self.assertEqual(rows, {"alpha", "omega"}, "and nothing was changed or removed")
        for kind in ("alert-rules", "action-groups"):
            status, text = self.call(self.admin, "GET", f"/api/v1/{kind}/omega")
            self.assertEqual((status, "omega-place" in text), (200, True), text)

    def test_the_administrator_sees_all_of_it_by_the_same_walk(self):
        """So that the walk above cannot pass because it asks for what is not there."""
        shown = 0
        for method, pattern in self.routes:
            if method == "GET" and not STREAMS.search(pattern):
                _, text = self.call(self.admin, method, self.fill(pattern))
                shown += "omega-place" in text or "alpha" in text
        self.assertGreater(shown, 8)

    def test_a_token_for_one_monitor_sees_that_one(self):
        token = self.make("alphas", "--monitor", "alpha", "--role", "operator")
        status, text = self.call(token, "GET", "/api/v1/tests")
        self.assertEqual([row["connectionMonitor"] for row in json.loads(text)["value"]], ["alpha"])
        base = (f"/subscriptions/{self.subscription}/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/"
                "networkWatchers/NetworkWatcher_local")
        status, text = self.call(token, "GET", f"{base}/connectionMonitors?{VERSION}")
        self.assertEqual([row["name"] for row in json.loads(text)["value"]], ["alpha"])
        self.assertEqual(self.call(token, "GET", f"{base}/connectionMonitors/alpha?{VERSION}")[0], 200)
        for name in ("omega", "there-is-none"):
            status, text = self.call(token, "GET", f"{base}/connectionMonitors/{name}?{VERSION}")
            self.assertEqual((status, json.loads(text)["error"]["code"]), (403, "AuthorizationFailed"))
        self.assertEqual(self.call(token, "DELETE", f"{base}?{VERSION}")[0], 403, "the watcher has more in it")
        # Its rows by the monitor, but not by a workspace, which has others' rows too.
        query = {"query": "NWConnectionMonitorTestResult | distinct ConnectionMonitorResourceId"}
        status, text = self.call(token, "POST", f"/v1{base}/connectionMonitors/alpha/query", query)
        self.assertEqual(status, 200, text)
        self.assertNotIn("omega", text)
        status, text = self.call(token, "POST", "/v1/workspaces/default/query", query)
        self.assertEqual((status, json.loads(text)["error"]["code"]), (403, "InsufficientAccessError"))

    def test_a_token_for_one_workspace_asks_that_one_only(self):
        token = self.make("asks", "--workspace", "team-alpha")
        query = {"query": "print 1"}
        status, text = self.call(token, "POST", "/v1/workspaces/team-alpha/query", query)
        self.assertEqual(status, 200, text)
        status, text = self.call(token, "POST", "/api/v1/query", query)
        self.assertEqual(status, 200, "without a name: the first that it may ask: " + text)
        refusals = [("POST", "/v1/workspaces/default/query", query), ("POST", "/v1/workspaces/team-omega/query", query),
                    ("POST", "/v1/workspaces/there-is-none/query", query),
                    ("POST", "/v1/workspaces/team-alpha/query", {**query, "workspaces": ["team-omega"]}),
                    ("GET", "/v1/workspaces/team-omega/metadata", None)]
        for method, path, body in refusals:
            status, text = self.call(token, method, path, body)
            self.assertEqual((status, json.loads(text)["error"]["code"]), (403, "InsufficientAccessError"), path)
        across = {"query": "workspace('team-omega').NWConnectionMonitorTestResult | take 1"}
        status, text = self.call(token, "POST", "/v1/workspaces/team-alpha/query", across)
        none = {"query": across["query"].replace("team-omega", "team-nobody")}
        refused = self.call(token, "POST", "/v1/workspaces/team-alpha/query", none)
        self.assertEqual((status, text.replace("team-omega", "team-nobody")), refused, "as if it were not there")
        self.assertEqual(status, 400)
        status, text = self.call(token, "GET", "/api/v1/workspaces")
        self.assertEqual([row["name"] for row in json.loads(text)["value"]], ["team-alpha"])

    def test_the_audit_log_tells_of_making_and_removing(self):
        self.make("briefly", "--monitor", "alpha")
        self.server.cli("token", "remove", "briefly")
        details = [entry["detail"] for entry in rows_of(self.server.json("audit"), "value") if "briefly" in entry["detail"]]
        self.assertIn("removed token `briefly`", details)
        self.assertTrue(any("connectionMonitors/alpha" in detail for detail in details), details)


if __name__ == "__main__":
    unittest.main(verbosity=2)
