// SPDX-License-Identifier: Apache-2.0
// Azure's own npm clients, unmodified, against a running server. test_clients.py starts it and says
// where it is (LW_URL, LW_TOKEN, LW_SUBSCRIPTION; NODE_EXTRA_CA_CERTS for its CA).
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

const { LW_URL: url, LW_TOKEN: token, LW_SUBSCRIPTION: subscription } = process.env;
const GROUP = "NetworkWatcherRG";
const WATCHER = "NetworkWatcher_local";
const credential = {
  getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
};

// Each generation of the client: the two older ones share one manner of calling, the newest has its
// pollers' own. `has` says what only the oldest still has.
const GENERATIONS = [
  { name: "33", package: "arm-network-33", has: ["start", "query"] },
  { name: "36", package: "@azure/arm-network", has: [] },
  { name: "39", package: "arm-network-39", has: [] },
];

async function clientOf(generation) {
  const { NetworkManagementClient } = await import(generation.package);
  return new NetworkManagementClient(credential, subscription, { endpoint: url });
}

async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

// What a monitor may hold, every kind of endpoint and configuration that Azure has.
function wholeMonitor() {
  const id = (type, name) => `/subscriptions/${subscription}/resourceGroups/rg/providers/${type}/${name}`;
  return {
    location: "eastus",
    tags: { team: "net", "cost centre": "42" },
    notes: "made by a test",
    endpoints: [
      { name: "vm", type: "AzureVM", resourceId: id("Microsoft.Compute/virtualMachines", "vm1") },
      { name: "arc", type: "AzureArcVM", resourceId: id("Microsoft.HybridCompute/machines", "arc1"),
        address: "10.1.2.3" },
      { name: "subnet", type: "AzureSubnet", coverageLevel: "Low",
        resourceId: `${id("Microsoft.Network/virtualNetworks", "net1")}/subnets/default`,
        scope: { exclude: [{ address: "10.0.0.4" }] } },
      { name: "network", type: "MMAWorkspaceNetwork",
        resourceId: id("Microsoft.OperationalInsights/workspaces", "ws1"), coverageLevel: "AboveAverage",
        scope: { include: [{ address: "172.16.0.0/24" }], exclude: [{ address: "172.16.0.9" }] } },
      { name: "bing", type: "ExternalAddress", address: "www.bing.com" },
    ],
    testConfigurations: [
      { name: "http", testFrequencySec: 60, protocol: "Http", preferredIPVersion: "IPv4",
        httpConfiguration: { port: 8080, method: "Post", path: "/healthz", preferHttps: true,
          requestHeaders: [{ name: "X-Probe", value: "linewatch" }],
          validStatusCodeRanges: ["2xx", "301-308", "418"] },
        successThreshold: { checksFailedPercent: 5, roundTripTimeMs: 100.5 } },
      { name: "tcp", testFrequencySec: 30, protocol: "Tcp",
        tcpConfiguration: { port: 443, destinationPortBehavior: "ListenIfAvailable" } },
      { name: "ping", protocol: "Icmp", icmpConfiguration: {} },
    ],
    testGroups: [
      { name: "group", disable: false, testConfigurations: ["http", "tcp", "ping"],
        sources: ["vm", "arc", "subnet", "network"], destinations: ["bing"] },
      { name: "off", disable: true, testConfigurations: ["ping"], sources: ["vm"],
        destinations: ["arc"] },
    ],
    outputs: [],
  };
}

// A small one that passes through every client alike.
function smallMonitor(address = "192.0.2.1") {
  return {
    location: "local",
    endpoints: [
      { name: "here", type: "AzureVM",
        resourceId: `/subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v` },
      { name: "there", type: "ExternalAddress", address },
    ],
    testConfigurations: [{ name: "ping", protocol: "Icmp", testFrequencySec: 60, icmpConfiguration: {} }],
    testGroups: [{ name: "g", testConfigurations: ["ping"], sources: ["here"], destinations: ["there"] }],
  };
}

async function raw(method, path, { body, headers = {} } = {}) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}),
      ...headers },
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text,
    body: text ? JSON.parse(text) : undefined };
}

const pathOf = (name, watcher = WATCHER) =>
  `/subscriptions/${subscription}/resourceGroups/${GROUP}/providers/Microsoft.Network/networkWatchers/` +
  `${watcher}/connectionMonitors/${name}`;
const VERSION = "?api-version=2025-05-01";

for (const generation of GENERATIONS) {
  describe(`@azure/arm-network ${generation.name}`, () => {
    const name = `cm-${generation.name}`;
    let monitors;
    before(async () => { monitors = (await clientOf(generation)).connectionMonitors; });
    const put = (monitor, parameters) => {
      const arguments_ = [GROUP, WATCHER, monitor, parameters];
      return monitors.beginCreateOrUpdateAndWait
        ? monitors.beginCreateOrUpdateAndWait(...arguments_) : monitors.createOrUpdate(...arguments_);
    };
    const wait = (verb, monitor) => {
      const begin = `begin${verb[0].toUpperCase()}${verb.slice(1)}AndWait`;
      return monitors[begin] ? monitors[begin](GROUP, WATCHER, monitor)
        : monitors[verb](GROUP, WATCHER, monitor);
    };
    // The newest generation has the properties beside the name as well, so the same object fits all.
    const propertiesOf = (resource) => resource.properties ?? resource;

    test("a whole monitor is created and comes back as it was sent", async () => {
      const sent = wholeMonitor();
      const created = propertiesOf(await put(name, sent));
      assert.equal(created.provisioningState, "Succeeded");
      const got = await monitors.get(GROUP, WATCHER, name);
      assert.equal(got.name, name);
      assert.equal(got.location, "eastus");
      assert.deepEqual(got.tags, sent.tags);
      assert.equal(got.type, "Microsoft.Network/networkWatchers/connectionMonitors");
      const properties = propertiesOf(got);
      assert.equal(properties.connectionMonitorType, "MultiEndpoint");
      assert.equal(properties.notes, sent.notes);
      assert.ok(properties.startTime instanceof Date && Math.abs(Date.now() - properties.startTime) < 600_000);
      const drop = (value) => JSON.parse(JSON.stringify(value));
      assert.deepEqual(drop(properties.endpoints), sent.endpoints);
      const expected = structuredClone(sent.testConfigurations);
      expected[1].tcpConfiguration.disableTraceRoute = false;
      expected[2].icmpConfiguration.disableTraceRoute = false;
      assert.deepEqual(drop(properties.testConfigurations), expected);
      assert.deepEqual(drop(properties.testGroups), sent.testGroups);
    });

    test("an update replaces the properties and changes the etag", async () => {
      const before = await monitors.get(GROUP, WATCHER, name);
      await put(name, smallMonitor());
      const got = await monitors.get(GROUP, WATCHER, name);
      assert.notEqual(got.etag, before.etag);
      assert.equal(got.tags, undefined);
      assert.deepEqual(propertiesOf(got).endpoints.map((endpoint) => endpoint.name), ["here", "there"]);
      assert.equal(propertiesOf(got).testGroups[0].disable, false);
    });

    test("it is in the list", async () => {
      const names = (await all(monitors.list(GROUP, WATCHER))).map((monitor) => monitor.name);
      assert.ok(names.includes(name), names.join());
    });

    test("its tags can be updated alone", async () => {
      const updated = await monitors.updateTags(GROUP, WATCHER, name, { tags: { a: "1" } });
      assert.deepEqual(updated.tags, { a: "1" });
      assert.equal(propertiesOf(updated).endpoints.length, 2);
    });

    test("it stops, and starts where the client can say so", async () => {
      await wait("stop", name);
      assert.equal(propertiesOf(await monitors.get(GROUP, WATCHER, name)).monitoringStatus, "Stopped");
      await wait("stop", name); // The second one has nothing to do.
      if (generation.has.includes("start")) {
        await wait("start", name);
        const status = propertiesOf(await monitors.get(GROUP, WATCHER, name)).monitoringStatus;
        assert.ok(status === undefined || status === "Running", status);
      }
    });

    test("faults are told at once, and nothing is created", async () => {
      const wrong = smallMonitor();
      wrong.testGroups[0].sources = ["there"];
      await assert.rejects(put(`bad-${generation.name}`, wrong), (error) => {
        assert.equal(error.statusCode, 400);
        assert.equal(error.code, "MissingResourceIDInEndpoint");
        assert.match(error.message, /there/);
        return true;
      });
      await assert.rejects(monitors.get(GROUP, WATCHER, `bad-${generation.name}`), (error) => {
        assert.equal(error.statusCode, 404);
        assert.equal(error.code, "ResourceNotFound");
        return true;
      });
    });

    test("a watcher that is not there is said to be missing", async () => {
      const arguments_ = [GROUP, "NoSuchWatcher", "x", smallMonitor()];
      const begun = monitors.beginCreateOrUpdateAndWait
        ? monitors.beginCreateOrUpdateAndWait(...arguments_) : monitors.createOrUpdate(...arguments_);
      await assert.rejects(begun, (error) => error.statusCode === 404 && error.code === "ParentResourceNotFound");
    });

    test("it is deleted, and deleting again is no fault", async () => {
      await wait("delete", name);
      await assert.rejects(monitors.get(GROUP, WATCHER, name), { statusCode: 404 });
      await wait("delete", name);
    });
  });
}

describe("classic monitors", () => {
  test("are created, queried, converted to the new form and deleted with the client that knows them", async () => {
    const { connectionMonitors: monitors } = await clientOf(GENERATIONS[0]);
    const resourceId =
      `/subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v`;
    const created = await monitors.beginCreateOrUpdateAndWait(GROUP, WATCHER, "classic", {
      location: "local", source: { resourceId }, destination: { address: "192.0.2.9", port: 80 },
      monitoringIntervalInSeconds: 50, autoStart: false,
    });
    assert.equal(created.connectionMonitorType, "SingleSourceDestination");
    assert.equal(created.monitoringStatus, "NotStarted");
    assert.equal(created.monitoringIntervalInSeconds, 50);
    assert.equal(created.source.port, 0);
    assert.deepEqual(created.endpoints, []);
    const guid = (await raw("GET", pathOf("classic") + VERSION)).body.properties.resourceGuid;
    await monitors.beginStartAndWait(GROUP, WATCHER, "classic");
    assert.equal((await monitors.get(GROUP, WATCHER, "classic")).monitoringStatus, "Running");
    const queried = await monitors.beginQueryAndWait(GROUP, WATCHER, "classic");
    assert.ok(["Unknown", "Inactive", "Active"].includes(queried.sourceStatus), queried.sourceStatus);
    assert.equal(queried.states.length, 1);
    assert.equal(queried.states[0].connectionState, "Unknown");
    await monitors.beginCreateOrUpdateAndWait(GROUP, WATCHER, "classic", smallMonitor(), { migrate: "true" });
    const migrated = (await raw("GET", pathOf("classic") + VERSION)).body;
    assert.equal(migrated.properties.connectionMonitorType, "MultiEndpoint");
    assert.equal(migrated.properties.resourceGuid, guid, "it stays the same resource");
    assert.ok(!("source" in migrated.properties) && !("autoStart" in migrated.properties));
    await monitors.beginDeleteAndWait(GROUP, WATCHER, "classic");
  });
});

describe("network watchers", () => {
  test("are made, listed, tagged and removed, and keep monitors of one name apart", async () => {
    const client = await clientOf(GENERATIONS[1]);
    const made = await client.networkWatchers.createOrUpdate(GROUP, "NetworkWatcher_eastus",
      { location: "eastus", tags: { a: "b" } });
    assert.equal(made.provisioningState, "Succeeded");
    assert.equal(made.location, "eastus");
    const names = (await all(client.networkWatchers.listAll())).map((watcher) => watcher.name);
    assert.ok(names.includes("NetworkWatcher_eastus") && names.includes(WATCHER), names.join());
    for (const [watcher, address] of [[WATCHER, "192.0.2.1"], ["NetworkWatcher_eastus", "192.0.2.2"]]) {
      await client.connectionMonitors.beginCreateOrUpdateAndWait(GROUP, watcher, "twin", smallMonitor(address));
    }
    const twin = await client.connectionMonitors.get(GROUP, "NetworkWatcher_eastus", "twin");
    assert.equal(twin.endpoints[1].address, "192.0.2.2");
    assert.match(twin.id, /NetworkWatcher_eastus\/connectionMonitors\/twin$/);
    assert.equal((await client.connectionMonitors.get(GROUP, WATCHER, "twin")).endpoints[1].address, "192.0.2.1");
    const tagged = await client.networkWatchers.updateTags(GROUP, "NetworkWatcher_eastus", { tags: { c: "d" } });
    assert.deepEqual(tagged.tags, { c: "d" });
    await client.networkWatchers.beginDeleteAndWait(GROUP, "NetworkWatcher_eastus");
    await assert.rejects(client.networkWatchers.get(GROUP, "NetworkWatcher_eastus"), { statusCode: 404 });
    await assert.rejects(client.connectionMonitors.get(GROUP, "NetworkWatcher_eastus", "twin"),
      { statusCode: 404 });
    await client.connectionMonitors.beginDeleteAndWait(GROUP, WATCHER, "twin");
  });
});

// `measured` has pings that pass and a closed port, both at 1 s (test_clients.py).
const MEASURED = pathOf("measured");
const METRICS = ["ChecksFailedPercent", "RoundTripTimeMs", "TestResult"];

const flat = (series) => Object.fromEntries(series.map(({ key, data }) => [key, data]));
const sampled = (data) => data.filter((point) => point.count !== undefined);

for (const generation of ["@azure/arm-monitor", "arm-monitor-8"]) {
  describe(generation, () => {
    let client;
    before(async () => {
      const { MonitorClient } = await import(generation);
      client = new MonitorClient(credential, subscription, { endpoint: url });
    });

    test("definitions and namespaces are listed", async () => {
      const definitions = await all(client.metricDefinitions.list(MEASURED));
      assert.deepEqual(definitions.map((each) => each.name.value), METRICS);
      const result = definitions[2];
      assert.equal(result.unit, "Count");
      assert.ok(result.dimensions.some((each) => each.value === "TestResultCriterion"));
      assert.ok(result.metricAvailabilities.some((each) => each.timeGrain === "PT1M"));
      const namespaces = await all(client.metricNamespaces.list(MEASURED));
      assert.equal(namespaces[0].properties.metricNamespaceName,
        "Microsoft.Network/networkWatchers/connectionMonitors");
    });

    test("metrics come by the minute, with gaps where nothing was measured", async () => {
      const end = new Date(Date.now() + 60_000);
      const start = new Date(end - 3_600_000);
      const got = await client.metrics.list(MEASURED, {
        timespan: `${start.toISOString()}/${end.toISOString()}`, interval: "PT1M",
        metricnames: METRICS.join(), aggregation: "Average,Minimum,Maximum,Total,Count",
      });
      assert.match(got.timespan, /Z\/.*Z$/);
      assert.deepEqual(got.value.map((metric) => metric.name.value), METRICS);
      for (const metric of got.value) {
        assert.equal(metric.timeseries.length, 1);
        const { data } = metric.timeseries[0];
        assert.ok(data.length === 60 || data.length === 61, `${data.length} points`);
        const measured = sampled(data);
        assert.ok(measured.length >= 1 && measured.length < 15, `${measured.length} sampled`);
        assert.equal(data[0].average, undefined, "an hour ago there was nothing");
        for (const point of measured) {
          assert.ok(point.minimum <= point.average && point.average <= point.maximum);
          assert.ok(Math.abs(point.total - point.average * point.count) < 1e-6 * point.total + 1e-9);
        }
      }
      const [failed, times, results] = got.value.map((metric) => sampled(metric.timeseries[0].data));
      assert.ok(failed.some((point) => point.minimum === 0 && point.maximum === 100));
      assert.ok(times.every((point) => point.minimum > 0 && point.maximum < 1000));
      assert.ok(results.some((point) => point.minimum === 1 && point.maximum === 3));
    });

    test("a filter splits and selects, and the sums agree", async () => {
      const ask = async (filter, more = {}) => {
        const got = await client.metrics.list(MEASURED, {
          timespan: "PT2H", interval: "P1D", metricnames: "ChecksFailedPercent",
          aggregation: "Average,Count", filter, ...more });
        return flat(got.value[0].timeseries.map((series) => ({
          key: (series.metadatavalues ?? []).map((each) => `${each.name.value}=${each.value}`).join(),
          data: series.data[0] })));
      };
      const split = await ask("DestinationName eq '*' and TestGroupName eq 'pings'");
      assert.deepEqual(Object.keys(split).sort(), ["destinationname=also-here,testgroupname=pings",
        "destinationname=here,testgroupname=pings"]);
      for (const point of Object.values(split)) assert.equal(point.average, 0);
      const ports = await ask("TestConfigurationName eq 'closed'");
      assert.equal(ports["testconfigurationname=closed"].average, 100);
      const either = await ask("DestinationName eq 'HERE' or DestinationName eq 'also-here'");
      assert.equal(Object.keys(either).length, 2);
      const one = await ask("TestGroupName eq '*'", { top: 1, orderby: "average desc" });
      assert.deepEqual(Object.keys(one), ["testgroupname=ports"]);
      assert.deepEqual(await ask("DestinationName eq 'nobody'"), {});
    });

    test("results are told apart by what put them there", async () => {
      const got = await client.metrics.list(MEASURED, { timespan: "PT2H", interval: "P1D",
        metricnames: "TestResult", aggregation: "Maximum", filter: "TestResultCriterion eq '*'" });
      const by = flat(got.value[0].timeseries.map((series) => ({
        key: series.metadatavalues[0].value, data: series.data[0].maximum })));
      assert.equal(by.AllChecksFailed, 3);
      assert.equal(by.None, 1);
    });

    test("wrong questions are answered with what to change", async () => {
      const cases = [
        [{ metricnames: "Nonsense" }, /Valid metrics: ChecksFailedPercent,RoundTripTimeMs,TestResult$/],
        [{ interval: "PT7M" }, /time grain/], [{ timespan: "yesterday" }, /timespan/],
        [{ filter: "Colour eq 'red'" }, /Valid dimensions/], [{ filter: "SourceName gt 'a'" }, /eq/],
        [{ aggregation: "Median" }, /Median/],
      ];
      for (const [options, text] of cases) {
        await assert.rejects(client.metrics.list(MEASURED, { timespan: "PT1H", ...options }), (error) => {
          assert.equal(error.statusCode, 400, JSON.stringify(options));
          assert.equal(error.code, "BadRequest");
          assert.match(error.message, text);
          return true;
        });
      }
      await assert.rejects(client.metrics.list(pathOf("nobody"), { timespan: "PT1H" }), { statusCode: 404 });
    });
  });
}

describe("@azure/monitor-query-metrics", () => {
  test("asks for metrics of many resources at once", async () => {
    const { MetricsClient } = await import("@azure/monitor-query-metrics");
    const client = new MetricsClient(url, credential);
    const results = await client.queryResources([MEASURED], ["ChecksFailedPercent", "RoundTripTimeMs"],
      "Microsoft.Network/networkWatchers/connectionMonitors",
      { startTime: new Date(Date.now() - 3_600_000), endTime: new Date(), interval: "PT5M",
        aggregation: "average,maximum", filter: "TestGroupName eq '*'" });
    assert.equal(results.length, 1);
    assert.equal(results[0].resourceId.toLowerCase(), MEASURED.toLowerCase());
    const metric = results[0].getMetricByName("ChecksFailedPercent");
    const averages = metric.timeseries.map((series) => series.data.filter((point) => point.average !== undefined));
    assert.deepEqual(averages.map((points) => points.at(-1).average).sort((a, b) => a - b), [0, 100]);
    await assert.rejects(client.queryResources([pathOf("nobody")], ["TestResult"], "x"), (error) => error.statusCode >= 400);
  });
});

describe("the wire", () => {
  after(() => raw("DELETE", pathOf("wire") + VERSION));

  test("a PUT says where its operation is, and the operation has succeeded", async () => {
    const body = { location: "local", properties: { ...smallMonitor() } };
    delete body.properties.location;
    const created = await raw("PUT", pathOf("wire") + VERSION, { body });
    assert.equal(created.status, 201);
    assert.equal(created.body.properties.provisioningState, "Updating");
    assert.equal(created.headers.get("location"), null);
    const operation = new URL(created.headers.get("azure-asyncoperation"));
    assert.equal(operation.origin, url);
    assert.ok(operation.searchParams.has("api-version"));
    const polled = await raw("GET", operation.pathname + operation.search);
    assert.deepEqual([polled.status, polled.body], [200, { status: "Succeeded" }]);
    assert.equal(polled.headers.get("retry-after"), null);
    const forged = operation.pathname.replace(/[0-9a-f]{12}$/, "000000000000");
    assert.equal((await raw("GET", forged + operation.search)).status, 404);
    const got = await raw("GET", pathOf("wire") + VERSION);
    assert.equal(got.headers.get("etag"), got.body.etag);
    assert.match(got.body.etag, /^W\/"[0-9a-f-]{36}"$/);
    assert.match(got.body.properties.startTime, /\.\d{7}Z$/);
    assert.equal((await raw("PUT", pathOf("wire") + VERSION, { body })).status, 200);
  });

  test("paths are compared without case, slashes collapse, names of parameters may be escaped", async () => {
    const odd = "/" + pathOf("WIRE").toUpperCase().replace("/PROVIDERS", "//Providers") + "?api%2Dversion=2019-06-01";
    const got = await raw("GET", odd);
    assert.equal(got.status, 200, got.text);
    assert.equal(got.body.name, "wire");
  });

  test("stop and delete have both headers and the results that clients need", async () => {
    const stopped = await raw("POST", `${pathOf("wire")}/stop${VERSION}`);
    assert.equal(stopped.status, 202);
    assert.equal(stopped.text, "");
    assert.ok(stopped.headers.get("azure-asyncoperation"));
    const result = new URL(stopped.headers.get("location"));
    assert.match(result.pathname, /\/operationResults\//);
    const answer = await raw("GET", result.pathname + result.search);
    assert.deepEqual([answer.status, answer.text], [200, "null"]);
    assert.equal((await raw("POST", `${pathOf("wire")}/stop${VERSION}`)).status, 200);
    const removed = await raw("DELETE", pathOf("wire") + VERSION);
    assert.equal(removed.status, 202);
    const end = new URL(removed.headers.get("location"));
    assert.equal((await raw("GET", end.pathname + end.search)).status, 204);
    assert.equal((await raw("DELETE", pathOf("wire") + VERSION)).status, 204);
  });

  test("preconditions are kept", async () => {
    const body = { properties: smallMonitor() };
    delete body.properties.location;
    const refused = await raw("PUT", pathOf("wire") + VERSION, { body, headers: { "if-match": "*" } });
    assert.deepEqual([refused.status, refused.body.error.code], [412, "PreconditionFailed"]);
    const { body: made } = await raw("PUT", pathOf("wire") + VERSION, { body, headers: { "if-none-match": "*" } });
    for (const [headers, status] of [[{ "if-none-match": "*" }, 412], [{ "if-match": "W/\"no\"" }, 412],
      [{ "if-match": made.etag }, 200]]) {
      assert.equal((await raw("PUT", pathOf("wire") + VERSION, { body, headers })).status, status);
    }
  });

  test("every refusal is an error object with its code", async () => {
    const cases = [
      ["GET", pathOf("wire"), {}, 400, "MissingApiVersionParameter"],
      ["GET", pathOf("wire") + "?api-version=latest", {}, 400, "InvalidApiVersionParameter"],
      ["GET", pathOf("nobody") + VERSION, {}, 404, "ResourceNotFound"],
      ["POST", pathOf("nobody") + "/stop" + VERSION, {}, 404, "NotFound"],
      ["PATCH", pathOf("nobody") + VERSION, { body: { tags: {} } }, 404, "ResourceNotFound"],
      ["PUT", pathOf("x", "Nowhere") + VERSION, { body: { properties: (({ location, ...rest }) => rest)(smallMonitor()) } },
        404, "ParentResourceNotFound"],
      ["PUT", pathOf("x") + VERSION, { body: "{broken" }, 400, "InvalidRequestContent"],
      ["PUT", pathOf("x") + VERSION, { body: "[1]" }, 400, "InvalidRequestContent"],
      ["PUT", pathOf("x") + VERSION, { body: {} }, 400, "InvalidRequestFormat"],
      ["GET", pathOf("wire") + VERSION, { headers: { authorization: "" } }, 401, "AuthenticationFailed"],
      ["GET", pathOf("wire") + VERSION, { headers: { authorization: "Bearer no" } }, 401, "InvalidAuthenticationToken"],
      ["GET", "/subscriptions/00000000-0000-0000-0000-000000000001/locations" + VERSION, {}, 404, "SubscriptionNotFound"],
      ["GET", `/subscriptions/${subscription}/no/such/thing${VERSION}`, {}, 404, "InvalidResourceType"],
      ["POST", pathOf("wire") + VERSION, {}, 405, "HttpMethodNotAllowed"],
    ];
    for (const [method, path, options, status, code] of cases) {
      const got = await raw(method, path, options);
      assert.deepEqual([got.status, got.body?.error?.code], [status, code], `${method} ${path}: ${got.text}`);
      assert.ok(got.body.error.message.length > 10);
      assert.match(got.headers.get("content-type"), /^application\/json/);
      assert.match(got.headers.get("x-ms-request-id"), /^[0-9a-f-]{36}$/);
    }
  });

  test("all faults of a body are told at once", async () => {
    const properties = (({ location, ...rest }) => rest)(smallMonitor());
    properties.testConfigurations[0].testFrequencySec = 100_000;
    properties.testGroups[0].destinations = ["nowhere"];
    properties.endpoints[1].adress = "x";
    const got = await raw("PUT", pathOf("x") + VERSION, { body: { properties } });
    assert.equal(got.status, 400);
    const targets = got.body.error.details.map((detail) => detail.target);
    for (const target of ["properties.endpoints[1].adress", "properties.testGroups[0].destinations[0]",
      "properties.testConfigurations[0].testFrequencySec"]) {
      assert.ok(targets.includes(target), `${target} is not in ${targets}`);
    }
  });

  test("tools find subscriptions, locations, groups and providers", async () => {
    const one = await raw("GET", `/subscriptions/${subscription}${VERSION}`);
    assert.equal(one.body.subscriptionId, subscription);
    for (const list of ["", `/${subscription}/locations`, `/${subscription}/resourceGroups`, `/${subscription}/providers`]) {
      const got = await raw("GET", `/subscriptions${list}${VERSION}`);
      assert.ok(got.body.value.length > 0, list);
    }
    const provider = await raw("GET", `/subscriptions/${subscription}/providers/microsoft.network${VERSION}`);
    const type = provider.body.resourceTypes.find((each) => each.resourceType === "networkWatchers/connectionMonitors");
    assert.ok(type.apiVersions.includes("2026-01-01") && type.locations.length > 0);
  });
});
