// SPDX-License-Identifier: Apache-2.0
// Azure's own clients of two generations make, read, change and remove alert rules and action groups.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

const { LW_URL: url, LW_TOKEN: token, LW_SUBSCRIPTION: subscription } = process.env;
const GROUP = "NetworkWatcherRG";
const SCOPE = `/subscriptions/${subscription}/resourceGroups/${GROUP}/providers/Microsoft.Network/networkWatchers/NetworkWatcher_local/connectionMonitors/measured`;
const credential = {
  getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
};
const GENERATIONS = ["@azure/arm-monitor", "arm-monitor-8"];

async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

function rule(actionGroupId) {
  return {
    location: "global",
    tags: { team: "net" },
    description: "a test fails",
    severity: 3,
    enabled: true,
    scopes: [SCOPE],
    evaluationFrequency: "PT1M",
    windowSize: "PT5M",
    criteria: {
      odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
      allOf: [
        {
          criterionType: "StaticThresholdCriterion",
          name: "c1",
          metricName: "TestResult",
          metricNamespace: "Microsoft.Network/networkWatchers/connectionMonitors",
          timeAggregation: "Maximum",
          operator: "GreaterThan",
          threshold: 2,
          dimensions: ["SourceName", "DestinationName"].map((name) => ({
            name,
            operator: "Include",
            values: ["*"],
          })),
        },
      ],
    },
    autoMitigate: true,
    actions: [{ actionGroupId, webHookProperties: { key: "value" } }],
  };
}

for (const [generation, name] of GENERATIONS.entries()) {
  describe(`${name}: alerts`, () => {
    const ruleName = `down-${generation}`;
    const groupName = `ops-${generation}`;
    let client;
    let group;
    before(async () => {
      const { MonitorClient } = await import(name);
      client = new MonitorClient(credential, subscription, { endpoint: url });
    });

    test("an action group is made and read", async () => {
      group = await client.actionGroups.createOrUpdate(GROUP, groupName, {
        location: "Global",
        groupShortName: "ops",
        enabled: true,
        webhookReceivers: [
          { name: "hook", serviceUri: "http://127.0.0.1:1/hook", useCommonAlertSchema: true },
        ],
      });
      assert.equal(group.name, groupName);
      const read = await client.actionGroups.get(GROUP, groupName);
      assert.equal(read.groupShortName, "ops");
      assert.equal(read.webhookReceivers[0].serviceUri, "http://127.0.0.1:1/hook");
      const listed = await all(client.actionGroups.listByResourceGroup(GROUP));
      assert.ok(listed.some((each) => each.id === group.id));
      const everywhere = await all(client.actionGroups.listBySubscriptionId());
      assert.ok(everywhere.some((each) => each.id === group.id));
    });

    test("a rule is made and read as it was sent", async () => {
      const wanted = rule(group.id);
      const made = await client.metricAlerts.createOrUpdate(GROUP, ruleName, wanted);
      assert.equal(made.name, ruleName);
      const read = await client.metricAlerts.get(GROUP, ruleName);
      for (const key of ["severity", "enabled", "scopes", "evaluationFrequency", "windowSize", "autoMitigate"]) {
        assert.deepEqual(read[key], wanted[key], key);
      }
      assert.equal(read.criteria.allOf[0].threshold, 2);
      assert.deepEqual(read.criteria.allOf[0].dimensions, wanted.criteria.allOf[0].dimensions);
      assert.equal(read.actions[0].actionGroupId, group.id);
      assert.deepEqual(read.tags, { team: "net" });
      const listed = await all(client.metricAlerts.listByResourceGroup(GROUP));
      assert.ok(listed.some((each) => each.id === made.id));
      const everywhere = await all(client.metricAlerts.listBySubscription());
      assert.ok(everywhere.some((each) => each.id === made.id));
    });

    test("its combinations have a status once it was evaluated", async () => {
      const until = Date.now() + 60_000;
      let status = { value: [] };
      while (status.value.length === 0 && Date.now() < until) {
        status = await client.metricAlertsStatus.list(GROUP, ruleName);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      // One agent towards two addresses.
      assert.equal(status.value.length, 2);
      const first = status.value[0];
      assert.equal(first.properties.dimensions.SourceName, "probe1");
      assert.ok(["Healthy", "Unhealthy"].includes(first.properties.status));
      const one = await client.metricAlertsStatus.listByName(GROUP, ruleName, first.name);
      assert.equal(one.value.length, 1);
    });

    test("a rule is changed in part", async () => {
      await client.metricAlerts.update(GROUP, ruleName, { enabled: false, tags: { team: "ops" } });
      const read = await client.metricAlerts.get(GROUP, ruleName);
      assert.equal(read.enabled, false);
      assert.equal(read.severity, 3);
      assert.deepEqual(read.tags, { team: "ops" });
      const changed = await client.actionGroups.update(GROUP, groupName, { enabled: false });
      assert.equal(changed.enabled, false);
      assert.equal(changed.webhookReceivers.length, 1);
    });

    test("what is not done is refused by name", async () => {
      const dynamic = rule(group.id);
      dynamic.criteria = {
        odataType: "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria",
        allOf: [
          {
            criterionType: "DynamicThresholdCriterion",
            name: "c1",
            metricName: "TestResult",
            timeAggregation: "Average",
            operator: "GreaterThan",
            alertSensitivity: "High",
            failingPeriods: { numberOfEvaluationPeriods: 4, minFailingPeriodsToAlert: 4 },
          },
        ],
      };
      await assert.rejects(
        () => client.metricAlerts.createOrUpdate(GROUP, "dynamic", dynamic),
        (error) => error.statusCode === 400 && /no dynamic thresholds/.test(error.message),
      );
    });

    test("both are removed, twice without harm", async () => {
      for (let i = 0; i < 2; ++i) {
        await client.metricAlerts.delete(GROUP, ruleName);
        await client.actionGroups.delete(GROUP, groupName);
      }
      await assert.rejects(
        () => client.metricAlerts.get(GROUP, ruleName),
        (error) => error.statusCode === 404,
      );
    });
  });
}
