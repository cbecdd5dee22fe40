# SPDX-License-Identifier: Apache-2.0
"""Metric alerts of a real server with a real agent: a target goes down and comes back; its alert fires once and is
resolved once, whatever happens to the server meanwhile; the receiver, which is this test, is told each of it, also when
it is overloaded at first; and the alert is in the snapshot, in the list of the past and in the logs."""

import collections
import datetime
import http.server
import json
import socket
import ssl
import threading
import unittest
import urllib.request

from harness import Agent, Server, SystemTest, agent_endpoint, external, monitor
from processes import Seen, free_port

# A rule is judged each minute, some 15 s late; a window of one minute has seen the last failure two minutes later,
# and three evaluations without it resolve the alert.
FIRES_WITHIN = 200
RESOLVES_WITHIN = 420


class Receiver:
    """A webhook. Says 503 to the first request of each alert's state, and 204 to those that come again."""

    def __init__(self):
        self.told, self.asked = [], collections.Counter()
        self._lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(receiver.take(body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, body):
        essentials = body["data"]["essentials"]
        what = (essentials["alertId"], essentials["monitorCondition"])
        with self._lock:
            self.asked[what] += 1
            if self.asked[what] == 1:
                return 503
            self.told.append(body)
            return 204

    def conditions(self):
        with self._lock:
            return [body["data"]["essentials"]["monitorCondition"] for body in self.told]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Target:
    """A TCP port that can go down and come back."""

    def __init__(self):
        self.port = free_port()
        self.listener = None

    def up(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    @staticmethod
    def _accept(listener):
        while True:
            try:
                listener.accept()[0].close()
            except OSError:
                return

    def down(self):
        # A thread that waits in accept() keeps the port open; this ends it.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Alerts(SystemTest):
    @classmethod
    def prepare(cls):
        cls.receiver, cls.target = Receiver(), Target()
        cls.addClassCleanup(cls.receiver.close)
        cls.target.up()
        cls.server = cls.keep(Server(cls.folder)).start()
        cls.agent = cls.keep(Agent(cls.folder, cls.server, name="probe1")).start()
        cls.server.apply(monitor(
            "shop", [agent_endpoint("probe1"), external("web", "127.0.0.1"), external("rest", "127.0.0.1")],
            [{"name": "port", "protocol": "Tcp", "testFrequencySec": 1,
              "tcpConfiguration": {"port": cls.target.port}, "linewatch": {"checksPerRound": 1}},
             {"name": "ping", "protocol": "Icmp", "testFrequencySec": 1, "linewatch": {"checksPerRound": 1}}],
            [{"name": "ports", "sources": ["probe1"], "destinations": ["web"], "testConfigurations": ["port"]},
             {"name": "pings", "sources": ["probe1"], "destinations": ["rest"], "testConfigurations": ["ping"]}]))

    def call(self, method, path, body=None, headers=()):
        """The answer's document."""
        context = ssl.create_default_context(cafile=str(self.server.data / "ca.pem"))
        token = (self.server.data / "admin.token").read_text().strip()
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.server.port}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", **dict(headers)})
        with urllib.request.urlopen(request, context=context, timeout=60) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def alerts(self, query=""):
        return self.call("GET", f"/api/v1/alerts{query}")["value"]

    def codes(self, query=""):
        """The alert column of the snapshot, by destination."""
        snapshot = self.call("GET", f"/api/v1/snapshot{query}", headers={"Accept": "application/json"})
        columns = {column["name"]: column for column in snapshot["columns"]}
        names = columns["destination"]["dictionary"]
        return {names[number]: code for number, code in
                zip(columns["destination"]["values"], columns["alert"]["values"])}

    def make_rule(self):
        subscription = self.server.json("status")["subscriptionId"]
        base = f"/subscriptions/{subscription}/resourceGroups/NetworkWatcherRG/providers"
        group = f"{base}/Microsoft.Insights/actionGroups/ops"
        self.call("PUT", f"{group}?api-version=2024-10-01-preview", {
            "location": "Global", "properties": {
                "groupShortName": "ops", "enabled": True,
                "webhookReceivers": [{"name": "hook", "serviceUri": self.receiver.uri}]}})
        self.call("PUT", f"{base}/Microsoft.Insights/metricAlerts/down?api-version=2026-01-01", {
            "location": "global", "properties": {
                "severity": 1, "enabled": True, "description": "a test fails",
                "scopes": [f"{base}/Microsoft.Network/networkWatchers/NetworkWatcher_local/connectionMonitors/shop"],
                "evaluationFrequency": "PT1M", "windowSize": "PT1M",
                "criteria": {
                    "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                    "allOf": [{"criterionType": "StaticThresholdCriterion", "name": "c1", "metricName": "TestResult",
                               "timeAggregation": "Maximum", "operator": "GreaterThan", "threshold": 2,
                               "dimensions": [{"name": "DestinationName", "operator": "Include", "values": ["*"]}]}]},
                "autoMitigate": True,
                "actions": [{"actionGroupId": group, "webHookProperties": {"team": "net"}}]}})

    def preview(self):
        rule = self.call("GET", "/api/v1/alert-rules/down")
        return self.call("POST", "/api/v1/alert-rules/preview", {"properties": rule["document"]["properties"]})

    def test_an_alert_fires_once_and_is_resolved_once(self):
        states = lambda: {key: row.state for key, row in self.server.tests().items()}  # noqa: E731
        self.wait_until(lambda: set(states().values()) == {"Pass"} or Seen(states()), 60, "both tests pass")
        self.make_rule()
        self.wait_until(lambda: self.call("GET", "/api/v1/alert-rules/down")["lastEvaluated"], 60, "it is evaluated")
        self.assertEqual(self.alerts(), [])
        self.assertEqual(self.codes(), {"web": 0, "rest": 0})

        self.target.down()
        self.wait_until(lambda: self.alerts() or Seen(states()), FIRES_WITHIN, "an alert fires")
        alert, = self.alerts()
        self.assertEqual(alert["dimensions"], [{"name": "DestinationName", "value": "web"}])
        self.assertEqual((alert["state"], alert["severity"], alert["value"]), ("Fired", 1, 3))
        self.assertEqual(self.codes(), {"web": 2, "rest": 0})
        # The receiver had no time for the first message: it comes again.
        self.wait_until(lambda: self.receiver.conditions() == ["Fired"] or Seen(self.receiver.asked), 60,
                        "the receiver is told")
        body = self.receiver.told[0]["data"]
        self.assertTrue(body["essentials"]["alertId"].endswith(alert["id"]))
        self.assertEqual(body["alertContext"]["properties"], {"team": "net"})

        # The server forgets nothing and begins nothing anew.
        self.server.kill()
        self.server.start()
        self.assertEqual([each["id"] for each in self.alerts()], [alert["id"]])
        self.assertEqual(self.codes(), {"web": 2, "rest": 0})
        before = self.call("GET", "/api/v1/alert-rules/down")["lastEvaluated"]
        self.wait_until(lambda: self.call("GET", "/api/v1/alert-rules/down")["lastEvaluated"] not in (None, before),
                        120, "it is evaluated again")
        self.assertEqual([each["id"] for each in self.alerts()], [alert["id"]])

        self.target.up()
        self.wait_until(lambda: not self.alerts(), RESOLVES_WITHIN, "the alert is resolved")
        self.assertEqual(self.codes(), {"web": 0, "rest": 0})
        resolved, = self.alerts("?state=resolved")
        self.assertEqual((resolved["id"], resolved["resolvedBy"]), (alert["id"], "NoBreach"))
        self.wait_until(lambda: self.receiver.conditions() == ["Fired", "Resolved"] or Seen(self.receiver.asked), 60,
                        "the receiver is told of the end")
        self.see_the_past(alert, resolved)

    def see_the_past(self, alert, resolved):
        fired, ended = (datetime.datetime.fromisoformat(resolved[key]) for key in ("fired", "resolved"))
        middle = (fired + (ended - fired) / 2).astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        then, = self.alerts(f"?at={middle}")
        self.assertEqual((then["id"], then["state"], then["resolved"]), (alert["id"], "Fired", None))
        self.assertEqual(self.codes(f"?at={middle}"), {"web": 2, "rest": 0})

        def rows():
            answer = self.call("POST", "/api/v1/query", {
                "query": "LinewatchAlerts | order by TimeGenerated asc | project State, Rule, ConnectionMonitor, "
                         "Severity, Value, AlertId, Destination = tostring(Dimensions.DestinationName)"})
            return answer["tables"][0]["rows"]
        wanted = [["Fired", "down", "shop", 1, 3, alert["id"], "web"],
                  ["Resolved", "down", "shop", 1, 1, alert["id"], "web"]]
        self.wait_until(lambda: rows() == wanted or Seen(rows()), 30, "both changes are in the logs")

        preview = self.preview()
        self.assertEqual((preview["faults"], preview["fired"]), ([], 1))
        would, = preview["alerts"]
        self.assertEqual((would["fired"], would["resolved"]), (resolved["fired"], resolved["resolved"]))
        self.assertEqual(would["dimensions"], alert["dimensions"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
