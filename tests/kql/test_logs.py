# SPDX-License-Identifier: Apache-2.0
"""The logs of a real server with a real agent: tables over what was measured, the query API, workspaces that no
query gets out of, limits, and `linewatch query`."""

import csv
import http.client
import io
import json
import pathlib
import ssl
import sys
import unittest
import urllib.error
import urllib.request
import xml.etree.ElementTree
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))

from harness import Agent, Server, SystemTest  # noqa: E402
from store import Store  # noqa: E402

PATIENCE = 60


def monitor(name, threshold=20, outputs=()):
    workspace = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/"
    return {
        "name": name,
        "endpoints": [{"name": "probe1", "type": "Agent", "linewatch": {"agent": "probe1"}},
                      {"name": "here", "type": "ExternalAddress", "address": "127.0.0.1"},
                      {"name": "named", "type": "ExternalAddress", "address": "localhost"}],
        "testConfigurations": [
            {"name": "ping", "protocol": "Icmp", "testFrequencySec": 1,
             "successThreshold": {"checksFailedPercent": threshold}, "linewatch": {"checksPerRound": 3}},
            {"name": "closed", "protocol": "Tcp", "testFrequencySec": 1, "tcpConfiguration": {"port": 1},
             "linewatch": {"checksPerRound": 2}}],
        "testGroups": [{"name": "pings", "sources": ["probe1"], "destinations": ["here", "named"],
                        "testConfigurations": ["ping"]},
                       {"name": "ports", "sources": ["probe1"], "destinations": ["here"],
                        "testConfigurations": ["closed"]}],
        "outputs": [{"type": "Workspace", "workspaceSettings": {"workspaceResourceId": workspace + each}}
                    for each in outputs]}


class Logs(SystemTest):
    @classmethod
    def prepare(cls):
        cls.server = cls.keep(Server(cls.folder)).start()
        cls.agent = cls.keep(Agent(cls.folder, cls.server, name="probe1")).start()
        cls.server.apply({"connectionMonitors": [monitor("open"), monitor("secret", outputs=["team-a"])]})
        status = cls.server.json("status")
        cls.workspace, cls.subscription = status["workspaceId"], status["subscriptionId"]
        cls.token = (cls.server.data / "admin.token").read_text().strip()
        cls.trust = ssl.create_default_context(cafile=str(cls.server.data / "ca.pem"))
        cls.make_rule()

    @classmethod
    def make_rule(cls):
        """Fires for the port where nobody listens, of each monitor."""
        status, answer = cls.call(cls, "PUT", "/api/v1/alert-rules/down", {"properties": {
            "severity": 2, "enabled": True, "scopes": ["resourceGroups/NetworkWatcherRG"],
            "evaluationFrequency": "PT1M", "windowSize": "PT1M", "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria", "allOf": [{
                    "name": "c", "metricName": "TestResult", "timeAggregation": "Minimum", "operator": "GreaterThan",
                    "threshold": 2, "dimensions": [{"name": "TestConfigurationName", "operator": "Include",
                                                    "values": ["closed"]}]}]}}})
        assert status == 200, answer

    def wait_for_alerts(self):
        """They are judged each minute, some 15 s late."""
        self.wait_until(lambda: self.count("LinewatchAlerts | where ConnectionMonitor in ('open', 'secret')") >= 2,
                        2 * PATIENCE + 60, "both monitors' alerts are stored")

    def setUp(self):
        self.wait_until(lambda: self.count("NWConnectionMonitorTestResult | where ConnectionMonitorResourceId endswith"
                                           " 'secret' | where TestGroupName == 'ports'") >= 3
                        and self.count("Heartbeat") > 0 and self.count("LinewatchHops") > 0,
                        PATIENCE, "rounds, heartbeats and paths are in the store")

    def call(self, method, path, body=None, headers=(), timeout=PATIENCE):
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.server.port}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", **dict(headers)})
        try:
            with urllib.request.urlopen(request, context=self.trust, timeout=timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def query(self, text, workspace=None, headers=(), **more):
        status, body = self.call("POST", f"/v1/workspaces/{workspace or self.workspace}/query",
                                 {"query": text, **more}, headers)
        return status, json.loads(body)

    def rows(self, text, **more):
        status, answer = self.query(text, **more)
        self.assertEqual(status, 200, answer)
        self.assertNotIn("error", answer)
        return answer["tables"][0]["rows"]

    def count(self, table, **more):
        return self.rows(f"{table} | count", **more)[0][0]

    def schema(self):
        return json.loads(self.call("GET", "/api/v1/kql/schema")[1])["tables"]

    # --- tables

    def test_alerts_are_those_of_the_workspaces_monitors(self):
        self.wait_for_alerts()
        columns = "project ConnectionMonitor, State, Rule, Severity, MetricName, Threshold, Value, Dimensions, Tests"
        in_all = self.rows("LinewatchAlerts | where ConnectionMonitor in ('open', 'secret') | order by ConnectionMonitor "
                           f"asc | {columns}")
        self.assertEqual([row[:7] for row in in_all], [
            [name, "Fired", "down", 2, "TestResult", 2, 3] for name in ("open", "secret")])
        self.assertEqual(json.loads(in_all[0][7]), {"TestConfigurationName": "closed"})
        self.assertEqual(len(json.loads(in_all[0][8])), 1)
        in_team = self.rows(f"LinewatchAlerts | {columns}", workspace="team-a")
        self.assertEqual([row[0] for row in in_team], ["secret"])

    def test_every_column_of_every_table_can_be_read(self):
        self.wait_for_alerts()
        for table in self.schema():
            names = [column["name"] for column in table["columns"]]
            status, answer = self.query(f"{table['name']} | take 3 | project {', '.join(names)}")
            self.assertEqual(status, 200, f"{table['name']}: {answer}")
            got = answer["tables"][0]["columns"]
            self.assertEqual([(each["name"], each["type"]) for each in got],
                             [(each["name"], each["type"]) for each in table["columns"]])
            # Nobody listens here; system_responder reads rows of it.
            if table["name"] != "NWConnectionMonitorDestinationListenerResult":
                self.assertTrue(answer["tables"][0]["rows"], f"{table['name']} is empty")

    def test_tables_agree_with_each_other(self):
        # One instant for both sides: rounds keep coming.
        until = self.rows("LinewatchRounds | summarize max(TimeGenerated)")[0][0]
        where = f"where TimeGenerated <= datetime({until})"
        rounds = self.count(f"LinewatchRounds | {where}")
        self.assertEqual(self.count(f"NWConnectionMonitorTestResult | {where}"), rounds)
        self.assertEqual(self.count(f"NetworkMonitoring | {where} | where SubType == 'EndpointHealth'"), rounds)
        checks = self.rows(f"LinewatchRounds | {where} | summarize sum(array_length(Outcomes))")[0][0]
        self.assertEqual(self.count(f"LinewatchChecks | {where}"), checks)
        listed = self.rows(f"LinewatchRounds | {where} | mv-expand Rtt = RttsMs to typeof(real) | where isnotnull(Rtt) | "
                           "summarize count(), round(sum(Rtt), 3)")
        single = self.rows(f"LinewatchChecks | {where} | where isnotnull(RttMs) | summarize count(), round(sum(RttMs), 3)")
        self.assertEqual(listed, single)
        names = f"NWConnectionMonitorTestResult | {where} | where DestinationName == 'named' | count"
        self.assertEqual(self.rows(names), self.rows(f"NWConnectionMonitorDNSResult | {where} | count"))

    def test_rounds_say_what_was_measured(self):
        rows = self.rows("NWConnectionMonitorTestResult | where ConnectionMonitorResourceId endswith 'open' and "
                         "TestConfigurationName == 'closed' | summarize by TestResult, TestResultCriterion, ChecksTotal, "
                         "ChecksFailed, isnull(AvgRoundTripTimeMs), DestinationPort, isnull(ChecksFailedPercentThreshold)")
        self.assertEqual(rows, [["Fail", "AllChecksFailed", 2, 2, True, 1, True]])
        rows = self.rows("NWConnectionMonitorTestResult | where ConnectionMonitorResourceId endswith 'open' and "
                         "TestConfigurationName == 'ping' | summarize min(MinRoundTripTimeMs), max(MaxRoundTripTimeMs) by TestResult")
        self.assertEqual([row[0] for row in rows], ["Pass"])
        self.assertTrue(0 < rows[0][1] <= rows[0][2] < 1000, rows)

    def test_a_row_keeps_the_threshold_that_was_true_when_it_was_made(self):
        def thresholds():
            return [row[0] for row in self.rows(
                "NWConnectionMonitorTestResult | where ConnectionMonitorResourceId endswith 'changing' and TestGroupName == "
                "'pings' | order by TimeGenerated asc | project ChecksFailedPercentThreshold")]
        self.server.apply({"connectionMonitors": [monitor("changing", threshold=11)]})
        self.wait_until(lambda: 11 in thresholds(), PATIENCE, "rounds with the first threshold")
        self.server.apply({"connectionMonitors": [monitor("changing", threshold=33)]})
        self.wait_until(lambda: 33 in thresholds(), PATIENCE, "rounds with the second threshold")
        seen = thresholds()
        self.assertEqual(set(seen), {11, 33})
        self.assertEqual(seen, sorted(seen), "first all rows of the first, then those of the second")

    # --- time and tests reach the engine

    def test_time_and_names_reach_the_engine(self):
        status, body = self.call("POST", "/api/v1/query", {
            "query": "NWConnectionMonitorTestResult | where TimeGenerated > ago(1h) and DestinationName == 'here' | "
                     "summarize count() by TestResult", "explain": True})
        self.assertEqual(status, 200, body)
        facts = json.loads(body)
        self.assertEqual(len(facts["restrictions"]), 2)
        plan = "\n".join(facts["engine"])
        # The key's first expression is in the index condition, and so is the test.
        self.assertRegex(plan, r"(?s)PrimaryKey.*toStartOfHour\(ts\).*test_id")
        self.assertRegex(plan, r"MinMax|Partition")

    def test_the_timespan_bounds_all_tables(self):
        for table in self.schema():
            if "timespanColumn" in table:
                self.assertEqual(self.count(table["name"], timespan="2020-01-01/P1D"), 0, table["name"])
        self.assertGreater(self.count("LinewatchRounds", timespan="PT1H"), 0)

    # --- workspaces

    HOSTILE = [
        "LinewatchRounds | summarize by ConnectionMonitor",
        "NWConnectionMonitorTestResult | summarize by ConnectionMonitor = extract('[^/]+$', 0, ConnectionMonitorResourceId)",
        "union * | where isnotempty(ConnectionMonitor) | summarize by ConnectionMonitor",
        "union withsource=T LinewatchRounds, LinewatchTests, LinewatchHops | summarize by ConnectionMonitor",
        "let T = LinewatchRounds; T | summarize by ConnectionMonitor",
        "let f = (w: string) { table(w) }; table('LinewatchRounds') | summarize by ConnectionMonitor",
        "LinewatchTests | extend k = 1 | join kind=inner (LinewatchRounds | extend k = 1) on k | summarize by ConnectionMonitor = ConnectionMonitor1",
        "LinewatchStateChanges | join kind=fullouter LinewatchChecks on TestId | summarize by ConnectionMonitor = iff(isempty(ConnectionMonitor), ConnectionMonitor1, ConnectionMonitor)",
        "search 'probe1' | where isnotempty(ConnectionMonitor) | summarize by ConnectionMonitor",
        "LinewatchRounds | where TestId != '' or true | summarize by ConnectionMonitor",
        "LinewatchRounds | where ConnectionMonitor == 'open' or ConnectionMonitor == 'secret' | summarize by ConnectionMonitor",
        "AzureMetrics | summarize by ConnectionMonitor = Resource",
        "NetworkMonitoring | summarize by ConnectionMonitor = extract('[^/]+$', 0, ConnectionMonitorResourceId)",
        "LinewatchRounds | where Source == \"') OR 1=1 --\" or true | summarize by ConnectionMonitor",
        "materialize(LinewatchRounds) | summarize by ConnectionMonitor",
    ]

    def test_a_workspace_has_the_rows_of_its_monitors_only(self):
        known = {each["name"]: each for each in json.loads(self.call("GET", "/api/v1/workspaces")[1])["value"]}
        self.assertIn("team-a", known)
        for text in self.HOSTILE:
            whole = {row[0] for row in self.rows(text)}
            self.assertTrue({"open", "secret"} <= whole, f"{text}: {whole}")
            for name in ("team-a", known["team-a"]["id"]):
                seen = {row[0] for row in self.rows(text, workspace=name)}
                self.assertEqual(seen, {"secret"}, text)
        tenants = self.rows("LinewatchRounds | summarize by TenantId", workspace="team-a")
        self.assertEqual(tenants, [[known["team-a"]["id"]]])

    def test_rows_of_several_workspaces(self):
        until = self.rows("LinewatchRounds | summarize max(TimeGenerated)")[0][0]
        text = f"LinewatchRounds | where TimeGenerated <= datetime({until}) | summarize count() by TenantId, ConnectionMonitor"
        alone = {tuple(row[:2]): row[2] for row in self.rows(text)}
        team = {tuple(row[:2]): row[2] for row in self.rows(text, workspace="team-a")}
        both = {tuple(row[:2]): row[2] for row in self.rows(text, workspaces=["team-a"])}
        self.assertEqual(both, alone | team)
        across = self.rows(f"union LinewatchRounds, workspace('team-a').LinewatchRounds | where TimeGenerated <= "
                           f"datetime({until}) | summarize count() by TenantId, ConnectionMonitor")
        self.assertEqual({tuple(row[:2]): row[2] for row in across}, alone | team)

    def test_a_workspace_shows_what_its_retention_says(self):
        status, body = self.call("PUT", "/api/v1/workspaces/brief", {"retentionDays": 7})
        self.assertEqual(status, 200, body)
        status, answer = self.query("LinewatchRounds | count", workspace="brief")
        self.assertEqual((status, answer["tables"][0]["rows"]), (200, [[0]]))
        explained = json.loads(self.call("POST", "/api/v1/query", {
            "query": "LinewatchRounds | count", "workspace": "brief", "explain": True})[1])
        self.assertIn("ts >= fromUnixTimestamp64Micro", explained["sql"])
        self.assertEqual(self.call("PUT", "/api/v1/workspaces/Bad%20name", {"retentionDays": 7})[0], 400)
        self.assertEqual(self.call("PUT", "/api/v1/workspaces/brief", {"retentionDays": 0})[0], 400)
        self.assertEqual(self.call("DELETE", "/api/v1/workspaces/brief")[0], 200)
        self.assertEqual(self.query("print 1", workspace="brief")[0], 404)

    # --- limits

    def test_a_failed_query_leaves_nothing_to_the_next_one(self):
        # It fails after rows were made: the engine then gives them out with the connection's next answer.
        big = ("range x from 1 to 400000 step 1 | extend y = strcat('leak', strrep('z', 300), tostring(x * 7), '-', "
               "tostring(x * 13))")
        for _ in range(3):
            status, answer = self.query(big)
            self.assertEqual((status, answer["error"]["innererror"]["code"]), (400, "E_QUERY_RESULT_SET_TOO_LARGE"))
            # More than the store has connections, so that the failed one's is among them.
            for i in range(12):
                self.assertEqual(self.rows(f"print n = {i}"), [[i]])

    def test_large_results_come_in_pieces(self):
        big = "range x from 1 to 400000 step 1 | extend y = strcat(strrep('z', 300), tostring(x))"
        status, body = self.call("POST", "/api/v1/query?format=csv", {"query": big})
        lines = body.split(b"\r\n")
        self.assertEqual((status, len(lines), lines[400000], lines[-1]), (200, 400002, b"400000," + b"z" * 300 + b"400000", b""))
        status, body = self.call("POST", "/api/v1/query?format=parquet", {"query": big})
        self.assertEqual((status, b"E_QUERY_RESULT_SET_TOO_LARGE" in body), (400, True))

    def test_a_stream_that_fails_is_no_complete_answer(self):
        # Four gigabytes take long, so the head and many rows have left when its time is up: on a busy machine
        # after a longer time only. Before the first row there is still a status to say it with.
        late = "range x from 1 to 20000000 step 1 | extend y = strrep('z', 200)"
        with self.assertRaises((http.client.IncompleteRead, ConnectionError, ssl.SSLError)):
            for wait in (1, 2, 4, 8):
                status, body = self.call("POST", "/api/v1/query?format=jsonl", {"query": late}, {"Prefer": f"wait={wait}"})
                self.assertEqual(status, 504, f"{len(body)} bytes")

    def test_time_and_memory_are_bounded_with_clear_errors(self):
        status, answer = self.query("range x from 1 to 1000000000000 step 1 | summarize sum(x)", headers={"Prefer": "wait=1"})
        self.assertEqual(status, 504, answer)
        self.assertEqual(answer["error"]["code"], "GatewayTimeout")
        status, answer = self.query("range x from 1 to 1000000000 step 1 | summarize count() by x")
        self.assertEqual(status, 400, answer)
        self.assertEqual(answer["error"]["innererror"]["code"], "E_LOW_MEMORY_CONDITION")
        self.assertEqual(self.rows("print 1"), [[1]])

    def test_a_query_ends_when_its_client_leaves(self):
        endless = "range x from 1 to 1000000000000 step 1 | summarize sum(x)"
        # As many as run at once; each would take its whole three minutes.
        for _ in range(2):
            with self.assertRaises(TimeoutError):
                self.call("POST", f"/v1/workspaces/{self.workspace}/query", {"query": endless}, timeout=1)
        self.assertEqual(self.rows("print 1"), [[1]], "answered within our patience, so the others have ended")
        # The store has ended them too.
        store = Store(self.server)
        self.wait_until(lambda: not store.query("SELECT query FROM system.processes WHERE query LIKE '%1000000000000%' AND "
                                                "query NOT LIKE '%system.processes%'"),
                        PATIENCE, "the store runs no such statement")

    # --- the command line

    def test_the_command_line_writes_every_format(self):
        text = "datatable(a: long, b: string, c: dynamic) [1, 'x,\"y\"', dynamic([1]), long(null), '', dynamic(null)]"
        code, out, error = self.server.cli("query", text)
        self.assertEqual(code, 0, error)
        self.assertEqual(out.splitlines()[0].split(), ["a", "b", "c"])
        code, out, _ = self.server.cli("query", text, "-o", "json")
        self.assertEqual(json.loads(out), [{"a": 1, "b": 'x,"y"', "c": [1]}, {"a": None, "b": "", "c": None}])
        code, out, _ = self.server.cli("query", text, "-o", "jsonl")
        self.assertEqual([json.loads(line)["a"] for line in out.splitlines()], [1, None])
        code, out, _ = self.server.cli("query", text, "-o", "csv")
        self.assertEqual(list(csv.reader(io.StringIO(out))), [["a", "b", "c"], ["1", 'x,"y"', "[1]"], ["", "", ""]])
        code, out, _ = self.server.cli("query", text, "-o", "yaml")
        self.assertTrue(out.startswith("- a: 1\n"), out)
        for output, begin in (("parquet", b"PAR1"), ("arrow", b"ARROW1")):
            file = pathlib.Path(self.folder) / f"rows.{output}"
            code, _, error = self.server.cli("query", text, "-o", output, "--file", file)
            self.assertEqual(code, 0, error)
            self.assertTrue(file.read_bytes().startswith(begin))
            self.assertTrue(file.read_bytes().endswith(begin))
        self.assertEqual(self.server.cli("query", "datatable(a: long) []", "-o", "json")[1], "[]\n")

    def test_the_command_line_writes_workbooks(self):
        file = pathlib.Path(self.folder) / "rows.xlsx"
        code, _, error = self.server.cli(
            "query", "range a from 1 to 3 step 1 | extend b = '<=1+1>', t = datetime(2026-01-31 12:00)",
            "-o", "xlsx", "--file", file)
        self.assertEqual(code, 0, error)
        with zipfile.ZipFile(file) as book:
            self.assertIsNone(book.testzip())
            parts = {name: xml.etree.ElementTree.fromstring(book.read(name)) for name in book.namelist()}
        space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
        rows = [["".join(cell.itertext()) for cell in row] for row in parts["xl/worksheets/sheet1.xml"].iter(f"{space}row")]
        self.assertEqual(rows, [["a", "b", "t"]] + [[str(i), "<=1+1>", "46053.5"] for i in (1, 2, 3)])
        # Each part that is named is there.
        targets = {item.get("Target") for item in parts["xl/_rels/workbook.xml.rels"]}
        self.assertEqual({f"xl/{target}" for target in targets}, {"xl/worksheets/sheet1.xml", "xl/styles.xml"})
        named = {item.get("PartName") for item in parts["[Content_Types].xml"]} - {None}
        self.assertEqual(named, {f"/{name}" for name in parts if not name.endswith(".rels") and name[0] != "["})

    def test_saved_queries_are_functions(self):
        cli = self.server.cli
        code, _, error = cli("query", "range n from 1 to most step 1 // all", "--save", "numbers_up_to",
                             "--parameters", "(most: long = 3)", "--description", "some numbers")
        self.assertEqual(code, 0, error)
        self.assertEqual(cli("query", "--saved", "numbers_up_to", "-o", "jsonl")[1], '{"n":1}\n{"n":2}\n{"n":3}\n')
        self.assertEqual(cli("query", "--saved", "numbers_up_to(1)", "-o", "jsonl")[1], '{"n":1}\n')
        self.assertEqual(self.rows("numbers_up_to(5) | summarize sum(n)"), [[15]])
        code, out, _ = cli("query", "--list", "-o", "json")
        saved = json.loads(out)[0]
        self.assertEqual((saved["name"], saved["description"]), ("numbers_up_to", "some numbers"))
        self.assertTrue(saved["updated"] and saved["author"])
        for name, text in (("count", "print 1"), ("Heartbeat", "print 1"), ("a b", "print 1"), ("broken", "print 'open"),
                           ("two", "print 1 }; let x = () { print 2")):
            code, _, error = cli("query", text, "--save", name)
            self.assertNotEqual(code, 0, name)
            self.assertIn(name, error)
        code, _, error = cli("query", "numbers_up_to()\n| where nope == 1")
        self.assertEqual(code, 2)
        self.assertIn("line 2, column 9: ", error)
        self.assertEqual(cli("query", "--forget", "numbers_up_to")[0], 0)
        self.assertNotEqual(cli("query", "--forget", "numbers_up_to")[0], 0)
        self.assertEqual(cli("query", "--saved", "numbers_up_to")[0], 2)

    def test_the_command_line_marks_the_place_of_a_fault(self):
        code, out, error = self.server.cli("query", "LinewatchRounds\n| where Nope > 1\n| foo")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("line 3, column 3: There is no operator 'foo'.\n  | foo\n    ^^^\n", error)
        code, _, error = self.server.cli("query", "LinewatchRounds | where Stat == 'x'")
        self.assertEqual(code, 2)
        self.assertIn("Did you mean 'State'?\n  LinewatchRounds | where Stat == 'x'\n                          ^^^^\n", error)

    def test_the_command_line_reads_queries_and_spans(self):
        code, out, error = self.server.cli("query", "-", "-o", "jsonl", text="print x = 5")
        self.assertEqual((code, out), (0, '{"x":5}\n'), error)
        file = pathlib.Path(self.folder) / "query.kql"
        file.write_text("LinewatchRounds | count")
        code, out, _ = self.server.cli("query", f"@{file}", "-o", "jsonl", "--timespan", "2020-01-01/P1D")
        self.assertEqual((code, out), (0, '{"Count":0}\n'))
        code, out, _ = self.server.cli("query", "LinewatchRounds | summarize by ConnectionMonitor", "-o", "jsonl",
                                       "--workspace", "team-a")
        self.assertEqual((code, out), (0, '{"ConnectionMonitor":"secret"}\n'))
        code, out, _ = self.server.cli("query", "LinewatchRounds | where TimeGenerated > ago(1h) | count", "--explain")
        self.assertEqual(code, 0)
        self.assertIn("REACHES THE TABLES\n  TimeGenerated at least ", out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
