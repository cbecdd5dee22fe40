// SPDX-License-Identifier: Apache-2.0
// Azure's npm clients for logs, unmodified, against a running server that test_clients.py starts
// (LW_URL, LW_TOKEN, LW_SUBSCRIPTION, LW_WORKSPACE; NODE_EXTRA_CA_CERTS for its CA).
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Durations, LogsQueryClient as OlderClient } from "@azure/monitor-query";
import { LogsQueryClient } from "@azure/monitor-query-logs";

const { LW_URL: url, LW_TOKEN: token, LW_SUBSCRIPTION: subscription, LW_WORKSPACE: workspace } = process.env;
const credentialOf = (text) => ({
  getToken: async () => ({ token: text, expiresOnTimestamp: Date.now() + 3_600_000 }),
});
const credential = credentialOf(token);
const day = { duration: "P1D" };
const MONITOR = `/subscriptions/${subscription}/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/` +
  "networkWatchers/NetworkWatcher_local/connectionMonitors/measured";

// The newest client takes its endpoint as it is, the older one puts /v1 there by itself.
const CLIENTS = [
  { name: "monitor-query-logs", make: (who = credential) => new LogsQueryClient(who, { endpoint: `${url}/v1` }) },
  { name: "monitor-query-logs at the bare origin", isBare: true, make: (who = credential) => new LogsQueryClient(who, { endpoint: url }) },
  { name: "monitor-query", make: (who = credential) => new OlderClient(who, { endpoint: url }) },
];

const rowsOf = (result) => {
  assert.equal(result.status, "Success", JSON.stringify(result));
  return result.tables[0].rows;
};

for (const { name, make, isBare } of CLIENTS) {
  describe(name, () => {
    const client = make();
    const ask = (query, timespan = day, options = {}) => client.queryWorkspace(workspace, query, timespan, options);

    test("every type arrives as the client shows it", async () => {
      const [row] = rowsOf(await ask(
        'print b = true, i = int(7), l = 9007199254740991, r = 1.5, s = "a\\"ü\\n", ' +
        't = datetime(2026-01-31T12:34:56.1234567Z), d = 1d + 2h + 3s, g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), ' +
        'y = dynamic({"a": [1, null, "x"]}), n = real(nan), none = long(null), empty = ""'));
      assert.deepEqual(row.slice(0, 5), [true, 7, 9007199254740991, 1.5, 'a"ü\n']);
      assert.equal(new Date(row[5]).toISOString(), "2026-01-31T12:34:56.123Z");
      assert.equal(row[6], "1.02:00:03");
      assert.equal(row[7], "74be27de-1e4e-49d9-b579-fe0b331d3642");
      assert.deepEqual(row[8], { a: [1, null, "x"] });
      assert.equal(row[9], "NaN");
      assert.equal(row[10], null);
      assert.equal(row[11], "");
    });

    test("what was measured is there, with Azure's columns", async () => {
      const result = await ask("NWConnectionMonitorTestResult | where TestGroupName == 'pings' | " +
        "summarize Rounds = count(), Failed = sum(ChecksFailed), Rtt = avg(AvgRoundTripTimeMs) by DestinationName, TestResult");
      const rows = rowsOf(result);
      assert.deepEqual(rows.map((row) => row[0]).sort(), ["also-here", "here"]);
      for (const row of rows) {
        assert.equal(row[1], "Pass");
        assert.ok(row[2] >= 3 && row[3] === 0 && row[4] > 0 && row[4] < 1000, row);
      }
      const types = result.tables[0].columnDescriptors ?? result.tables[0].columns;
      assert.deepEqual(types.map((column) => column.type), ["string", "string", "long", "long", "real"]);
      const refused = rowsOf(await ask("NWConnectionMonitorTestResult | where TestConfigurationName == 'closed' | " +
        "summarize by DestinationPort, TestResult, TestResultCriterion, Protocol"));
      assert.deepEqual(refused, [[1, "Fail", "AllChecksFailed", "TCP"]]);
    });

    test("the timespan bounds every table", async () => {
      const count = async (timespan) => rowsOf(await ask("NWConnectionMonitorTestResult | count", timespan))[0][0];
      assert.ok((await count(day)) > 0);
      assert.equal(await count({ startTime: new Date("2020-01-01"), endTime: new Date("2020-01-02") }), 0);
      assert.equal(await count({ startTime: new Date("2020-01-01"), duration: "PT1H" }), 0);
      assert.equal(await count({ duration: "PT1H", endTime: new Date("2020-01-02") }), 0);
    });

    test("statistics and the chart's kind come on request", async () => {
      const plain = await ask("print 1 | render timechart");
      assert.ok(!plain.statistics && !plain.visualization);
      const told = await ask("NWConnectionMonitorTestResult | summarize count() by bin(TimeGenerated, 1m) | render timechart with (title='x')",
        day, { includeQueryStatistics: true, includeVisualization: true, serverTimeoutInSeconds: 30 });
      assert.ok(told.statistics.query.executionTime > 0);
      assert.equal(told.visualization.visualization, "timechart");
      assert.equal(told.visualization.title, "x");
    });

    test("a fault of the query is a 400 that names its place", async () => {
      await assert.rejects(ask("NWConnectionMonitorTestResult\n| where Nope > 1"), (error) => {
        assert.equal(error.statusCode, 400);
        const text = JSON.stringify(error) + error.message;
        assert.match(text, /SEM0100/);
        assert.match(text, /Nope/);
        return true;
      });
      await assert.rejects(ask("NWConnectionMonitorTestResult | wher 1"), (error) => {
        assert.equal(error.statusCode, 400);
        assert.match(JSON.stringify(error) + error.message, /SYN0002/);
        return true;
      });
    });

    test("too many rows are a partial result", async () => {
      const result = await ask("range x from 1 to 500005 step 1");
      assert.equal(result.status, "PartialFailure");
      assert.equal(result.partialTables[0].rows.length, 500_000);
      assert.equal(result.partialError.code, "PartialError");
    });

    test("a batch answers each query in its place", async () => {
      const results = await client.queryBatch([
        { workspaceId: workspace, query: "print x = 1", timespan: day },
        { workspaceId: workspace, query: "print y =", timespan: day },
        { workspaceId: workspace, query: "NWConnectionMonitorTestResult | summarize dcount(DestinationName)", timespan: day,
          includeQueryStatistics: true, serverTimeoutInSeconds: 30 },
      ]);
      assert.deepEqual(results[0].tables[0].rows, [[1]]);
      assert.notEqual(results[1].status, "Success");
      assert.match(JSON.stringify(results[1]), /SYN0002|could not be parsed|invalid properties/);
      assert.deepEqual(results[2].tables[0].rows, [[2]]);
    });

    test("a resource's own rows", async () => {
      // Without /v1 a monitor's `query` is another operation, of the resource manager.
      if (!isBare) {
        const rows = rowsOf(await client.queryResource(MONITOR,
          "NWConnectionMonitorTestResult | summarize by ConnectionMonitorResourceId", day));
        assert.deepEqual(rows, [[MONITOR]]);
        await assert.rejects(client.queryResource(`${MONITOR}x`, "print 1", day), { statusCode: 404 });
      }
      const all = rowsOf(await client.queryResource(
        `/subscriptions/${subscription}/resourceGroups/any/providers/Microsoft.OperationalInsights/workspaces/default`,
        "NWConnectionMonitorTestResult | summarize dcount(TestGroupName)", day));
      assert.deepEqual(all, [[2]]);
    });

    test("further workspaces and unknown ones", async () => {
      const both = await ask("NWConnectionMonitorTestResult | summarize dcount(TenantId)", day, { additionalWorkspaces: ["default"] });
      assert.deepEqual(rowsOf(both), [[1]]);
      await assert.rejects(client.queryWorkspace("11111111-2222-3333-4444-555555555555", "print 1", day), { statusCode: 404 });
    });

    test("without a good token there are no rows", async () => {
      await assert.rejects(make(credentialOf("wrong")).queryWorkspace(workspace, "print 1", day), (error) => {
        assert.equal(error.statusCode, 401);
        assert.equal(error.code, "InvalidAuthenticationToken");
        return true;
      });
    });
  });
}

test("durations of the older client are understood", async () => {
  const client = new OlderClient(credential, { endpoint: url });
  for (const duration of [Durations.fiveMinutes, Durations.oneHour, Durations.sevenDays]) {
    const result = await client.queryWorkspace(workspace, "NWConnectionMonitorTestResult | count", { duration });
    assert.ok(result.tables[0].rows[0][0] > 0, duration);
  }
});
