# SPDX-License-Identifier: Apache-2.0
"""Every route, with everything that a client may get wrong: 4xx with an error object, never 5xx, and
nothing of the server's inside in the answer. Routes come from api/openapi.yaml, which is held to the
code by tests/contract/openapi_test.py; Azure's from the list below, which is held to it here.

LW_FUZZ_SEED and LW_FUZZ_CALLS try others, and more."""

import http.client
import json
import os
import random
import re
import ssl
import sys
import unittest

from harness import Agent, Server, SystemTest
from processes import ROOT

sys.path.insert(0, str(ROOT / "tests/contract"))
from openapi_test import operations_of_contract  # noqa: E402

SEED = int(os.environ.get("LW_FUZZ_SEED", "1"))
CALLS = int(os.environ.get("LW_FUZZ_CALLS", "40"))  # of each route

GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
WATCHERS = "/providers/Microsoft.Network/networkWatchers"
WATCHER = GROUP + WATCHERS + "/{watcher}"
MONITOR = WATCHER + "/connectionMonitors/{monitor}"
LOCATION = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}"
INSIGHTS = MONITOR + "/providers/Microsoft.Insights"
ALERTS = "/providers/Microsoft.Insights/metricAlerts"
ACTIONS = "/providers/Microsoft.Insights/actionGroups"
AZURE = [
    ("GET", "/subscriptions/{subscription}" + WATCHERS), ("GET", GROUP + WATCHERS),
    *((method, WATCHER) for method in ("GET", "PUT", "PATCH", "DELETE")),
    ("POST", WATCHER + "/connectivityCheck"), ("POST", WATCHER + "/nextHop"),
    ("GET", WATCHER + "/connectionMonitors"),
    *((method, MONITOR) for method in ("GET", "PUT", "PATCH", "DELETE")),
    *(("POST", MONITOR + "/" + action) for action in ("start", "stop", "query")),
    ("GET", LOCATION + "/operations/{operation}"), ("GET", LOCATION + "/operationResults/{operation}"),
    ("GET", INSIGHTS + "/metrics"), ("GET", INSIGHTS + "/metricDefinitions"),
    ("GET", INSIGHTS + "/metricNamespaces"),
    ("POST", "/subscriptions/{subscription}/metrics:getBatch"),
    *(("GET", above + kind) for above in ("/subscriptions/{subscription}", GROUP) for kind in (ALERTS, ACTIONS)),
    *((method, GROUP + kind + "/{name}") for kind in (ALERTS, ACTIONS) for method in ("GET", "PUT", "PATCH", "DELETE")),
    ("GET", GROUP + ALERTS + "/{name}/status"), ("GET", GROUP + ALERTS + "/{name}/status/{status}"),
    ("GET", "/subscriptions"), ("GET", "/subscriptions/{subscription}"),
    ("GET", "/tenants"), ("GET", "/subscriptions/{subscription}/locations"),
    ("GET", "/subscriptions/{subscription}/resourceGroups"), ("GET", GROUP),
    ("GET", "/subscriptions/{subscription}/providers"),
    ("GET", "/subscriptions/{subscription}/providers/{provider}"),
    ("POST", "/subscriptions/{subscription}/providers/{provider}/register"),
]
# Answers without an end, or with text for people.
STREAMS = re.compile(r"/(events|stream|live)\b")

ODD_SEGMENTS = ["%00", "..", "%2e%2e%2f%2e%2e", "a" * 3000, "%ff%fe", "%F0%9F%92%A5", "'%20OR%201=1--", "%0d%0aX:y",
                "-1", "0", "nan", "*", "{}", "%25", ";", "NetworkWatcher_local", "NetworkWatcherRG", "measured",
                "probe1", "ffffffffffffffff", "local"]
ODD_QUERIES = ["", "?", "?&&=", "?%00=%00", "?from=yesterday&to=never", "?from=2026-01-01T00:00:00Z&to=2000-01-01T00:00:00Z",
               "?limit=-1", "?limit=99999999999999999999", "?interval=PT0S", "?interval=P9999999999D", "?api-version=x",
               "?timespan=PT1H/PT1H&metricnames=Nothing", "?$filter=(((((((", "?$filter=a%20eq%20'*'%20and", "?at=99999999999999",
               "?aggregation=sum,", "?top=-5&orderby=;", "?group=%ff", "?state=Broken", "?minutes=1e309",
               "?after=18446744073709551616", "?" + "x" * 4000 + "=1"]
VALUES = [None, True, False, 0, -1, 1e308, 2 ** 63, 2 ** 64, "", "x", "\u0000", "\ud83d\udca5", "a" * 5000, [], {}, [[]],
          [None], {"a": {"b": []}}, "2026-99-99T99:99:99Z", "/subscriptions/x", -0.0, "'; DROP TABLE rounds; --"]
KEYS = ["properties", "location", "tags", "endpoints", "testGroups", "testConfigurations", "name", "source", "destination",
        "resourceId", "address", "port", "protocol", "query", "timespan", "uses", "lifeSeconds", "role", "resourceids",
        "sourceIPAddress", "destinationIPAddress", "targetResourceId", "token", "password", "connectionMonitors",
        "life", "test", "mtu", "workspaces", "criteria", "allOf", "odata.type", "scopes", "severity", "enabled",
        "groupShortName", "webhookReceivers", "actions", "from"]
RAW = ["", "{", "}", "[]", "null", "true", '"text"', "0", "{}", '{"a":1,"a":2}', "[" * 5000, '{"a":' * 200 + "1" + "}" * 200,
       "\ufeff{}", "---\n- x: [", "a: &a [*a]", "%PDF-1.4", "\x00\x01\x02", "T | where", "{'single': 1}"]
# What no answer may show.
# How ClickHouse's clients are told of an error at /sql: that of theirs is no leak, what stands in it could be.
SQL_ERROR = re.compile(r"Code: \d+\. DB::Exception: (.*)\. \([A-Z_]+\)\n", re.DOTALL)
LEAKS = re.compile(r"std::|terminate called|what\(\)|/root/|/work/|\.cpp:|SQLITE_|sqlite3?_|DB::Exception|libchdb|"
                   r"BEGIN (EC )?PRIVATE", re.I)


class EveryEndpoint(SystemTest):
    @classmethod
    def prepare(cls):
        cls.server = cls.keep(Server(cls.folder)).start()
        cls.agent = cls.keep(Agent(cls.folder, cls.server, name="probe1")).start()
        cls.server.apply({"connectionMonitors": [{
            "name": "measured",
            "endpoints": [{"name": "probe1", "type": "Agent"}, {"name": "here", "address": "127.0.0.1"}],
            "testConfigurations": [{"name": "ping", "protocol": "Icmp", "testFrequencySec": 30}],
            "testGroups": [{"name": "g", "sources": ["probe1"], "destinations": ["here"],
                            "testConfigurations": ["ping"]}]}]})
        cls.token = (cls.server.data / "admin.token").read_text().strip()
        cls.subscription = cls.server.json("status")["subscriptionId"]
        cls.tls = ssl.create_default_context(cafile=str(cls.server.data / "ca.pem"))
        contract = operations_of_contract((ROOT / "api/openapi.yaml").read_text())
        cls.native = sorted(contract)

    def setUp(self):
        self.connection = None

    def tearDown(self):
        if self.connection:
            self.connection.close()

    def call(self, method, target, body=None, content_type="application/json", token=True):
        """(status, headers, text); a connection that the server closed is opened once more."""
        headers = {"Authorization": f"Bearer {self.token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = content_type
        for attempt in (1, 2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, timeout=30,
                                                                  context=self.tls)
                self.connection.putrequest(method, target, skip_accept_encoding=True)
                for name, value in headers.items():
                    self.connection.putheader(name, value)
                if body is not None:
                    self.connection.putheader("Content-Length", str(len(body)))
                self.connection.endheaders(body)
                answer = self.connection.getresponse()
                return answer.status, answer.headers, answer.read().decode("utf-8", "replace")
            except (http.client.RemoteDisconnected, ConnectionError, http.client.CannotSendRequest):
                self.connection.close()
                self.connection = None
                if attempt == 2:
                    raise
        return None

    def judge(self, call, status, headers, text):
        self.assertLess(status, 500, f"{call}: {text[:500]}")
        self.assertNotIn(self.token, text, call)
        if status < 400:
            return
        of_sql = SQL_ERROR.fullmatch(text) if re.match(r"call \d+: \w+ /sql\b", call) else None
        leak = LEAKS.search(of_sql[1] if of_sql else text)
        self.assertIsNone(leak, f"{call}: {leak and leak[0]} in {text[:500]}")
        if of_sql:
            return
        if not headers.get("Content-Type", "").startswith("application/json"):
            # What is refused before it is understood as a request at all.
            self.assertIn(status, (400, 404, 405, 413, 414, 431), f"{call}: {status} {text[:200]}")
            return
        error = json.loads(text)["error"]
        self.assertTrue(error["code"] and error["message"], call)

    def fill(self, pattern, dice):
        def one(match):
            if match[1] == "subscription" and dice.random() < 0.8:
                return self.subscription
            return dice.choice(ODD_SEGMENTS)
        return re.sub(r"\{(\w+)\}", one, pattern)

    def body(self, dice):
        if dice.random() < 0.4:
            return dice.choice(RAW).encode("utf-8", "surrogatepass")
        if dice.random() < 0.1:
            return dice.randbytes(dice.randrange(1, 400))

        def make(depth):
            if depth == 0 or dice.random() < 0.4:
                return dice.choice(VALUES)
            if dice.random() < 0.3:
                return [make(depth - 1) for _ in range(dice.randrange(3))]
            return {dice.choice(KEYS): make(depth - 1) for _ in range(dice.randrange(6))}
        return json.dumps({dice.choice(KEYS): make(3) for _ in range(dice.randrange(1, 7))}).encode()

    def try_route(self, method, pattern, is_azure):
        dice = random.Random(f"{SEED} {method} {pattern}")
        for number in range(CALLS):
            target = self.fill(pattern, dice)
            query = dice.choice(ODD_QUERIES)
            if is_azure and "api-version" not in query:
                query += ("&" if "?" in query else "?") + "api-version=2025-05-01"
            body = self.body(dice) if method in ("POST", "PUT", "PATCH") or dice.random() < 0.1 else None
            kind = dice.choice(["application/json", "application/yaml", "text/plain", "", "application/json; charset=x"])
            call = f"call {number}: {method} {target[:300]}{query[:100]} {body[:300] if body else ''}"
            with self.subTest(call=call):
                self.judge(call, *self.call(method, target + query, body, kind))

    def test_the_list_of_azure_routes_is_the_servers(self):
        code = "\n".join(file.read_text() for file in (ROOT / "src/server/arm").glob("*.cpp")
                         if not file.name.endswith(".test.cpp"))
        for _, pattern in AZURE:
            last = pattern.rstrip("/").rsplit("/", 1)[1]
            if not last.startswith("{"):
                self.assertIn(last.split(":")[0], code, pattern)
        for method, pattern in AZURE:
            target = pattern.replace("{subscription}", self.subscription).replace("{group}", "NetworkWatcherRG")
            target = target.replace("{watcher}", "NetworkWatcher_local").replace("{monitor}", "measured")
            status, _, text = self.call("GET" if method == "GET" else "OPTIONS",
                                        target + "?api-version=2025-05-01")
            if "{" not in target and method == "GET":
                self.assertNotEqual((status, "InvalidResourceType" in text), (404, True), pattern)

    def test_nobody_is_served_without_a_token(self):
        for method, pattern in AZURE:
            target = self.fill(pattern, random.Random(pattern)) + "?api-version=2025-05-01"
            status, _, text = self.call(method, target, b"{}" if method != "GET" else None, token=False)
            self.assertEqual(status, 401, f"{method} {target}: {text[:200]}")

    def test_native_routes_take_everything_with_composure(self):
        self.assertGreater(len(self.native), 15)
        for method, pattern in self.native:
            if not STREAMS.search(pattern):
                self.try_route(method, pattern, False)
        self.still_works()

    def test_azure_routes_take_everything_with_composure(self):
        for method, pattern in AZURE:
            self.try_route(method, pattern, True)
        self.still_works()

    def still_works(self):
        self.assertTrue(self.server.is_running())
        self.assertEqual(self.call("GET", "/api/v1/status")[0], 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
