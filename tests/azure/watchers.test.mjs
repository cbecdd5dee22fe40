// SPDX-License-Identifier: Apache-2.0
// What a network watcher does at once, by Azure's own npm clients, unmodified: connectivityCheck and
// nextHop, through the agent `probe1` that test_clients.py starts.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

const { LW_URL: url, LW_TOKEN: token, LW_SUBSCRIPTION: subscription } = process.env;
const GROUP = "NetworkWatcherRG";
const WATCHER = "NetworkWatcher_local";
const VERSION = "?api-version=2025-05-01";
const VM = `/subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/probe1`;
const credential = {
  getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
};
const GENERATIONS = ["arm-network-33", "@azure/arm-network", "arm-network-39"];

const pathOf = (action, watcher = WATCHER) =>
  `/subscriptions/${subscription}/resourceGroups/${GROUP}/providers/Microsoft.Network/networkWatchers/` +
  `${watcher}/${action}${VERSION}`;

async function post(path, body) {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

async function get(target) {
  const response = await fetch(target, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

for (const name of GENERATIONS) {
  describe(`network watchers by ${name}`, () => {
    let watchers;
    before(async () => {
      const { NetworkManagementClient } = await import(name);
      watchers = new NetworkManagementClient(credential, subscription, { endpoint: url }).networkWatchers;
    });
    const run = (action, parameters) => {
      const begin = watchers[`begin${action[0].toUpperCase()}${action.slice(1)}AndWait`];
      return begin ? begin.call(watchers, GROUP, WATCHER, parameters)
        : watchers[action](GROUP, WATCHER, parameters);
    };

    test("a destination that answers is reachable, hop by hop", async () => {
      const result = await run("checkConnectivity", {
        source: { resourceId: VM }, destination: { address: "127.0.0.1" }, protocol: "Icmp" });
      assert.equal(result.connectionStatus, "Reachable");
      assert.equal(result.probesSent, 10);
      assert.equal(result.probesFailed, 0);
      assert.ok(result.avgLatencyInMs >= 1);
      assert.equal(result.hops[0].type, "Source");
      assert.equal(result.hops[0].resourceId, VM);
      assert.equal(result.hops.at(-1).address, "127.0.0.1");
      assert.deepEqual(result.hops[0].nextHopIds, [result.hops[1].id]);
      assert.deepEqual(result.hops.flatMap((hop) => hop.issues), []);
    });

    test("a port where nobody listens is unreachable, and the destination is to blame", async () => {
      const result = await run("checkConnectivity", {
        source: { resourceId: VM }, destination: { address: "127.0.0.1", port: 1 } });
      assert.equal(result.connectionStatus, "Unreachable");
      assert.equal(result.probesFailed, result.probesSent);
      assert.equal(result.avgLatencyInMs, undefined);
      assert.equal(result.hops.at(-1).issues[0].type, "NoListenerOnDestination");
    });

    test("the server's own port is reachable by TCP, by its machine's resource id", async () => {
      const port = Number(new URL(url).port);
      const result = await run("checkConnectivity", {
        source: { resourceId: VM }, destination: { address: "127.0.0.1", port }, protocol: "Tcp",
        preferredIPVersion: "IPv4" });
      assert.equal(result.connectionStatus, "Reachable");
    });

    test("the next hop is what the host's routes say", async () => {
      const local = await run("getNextHop", {
        targetResourceId: VM, sourceIPAddress: "127.0.0.1", destinationIPAddress: "127.0.0.2" });
      assert.equal(local.nextHopType, "VnetLocal");
      assert.equal(local.routeTableId, "System Route");
      const far = await run("getNextHop", {
        targetResourceId: VM, sourceIPAddress: "127.0.0.1", destinationIPAddress: "203.0.113.1" });
      assert.ok(["Internet", "VnetLocal", "None"].includes(far.nextHopType), far.nextHopType);
      assert.equal(far.nextHopType === "Internet", Boolean(far.nextHopIpAddress));
    });
  });
}

describe("network watchers on the wire", () => {
  test("the work is accepted at once, and polled until it is done", async () => {
    const begun = await post(pathOf("connectivityCheck"), {
      source: { resourceId: VM }, destination: { address: "127.0.0.1" }, protocol: "Icmp" });
    assert.equal(begun.status, 202);
    const location = begun.headers.get("location");
    assert.match(location, /\/operationResults\//);
    assert.ok(begun.headers.get("retry-after"));
    const seen = new Set();
    let answer;
    for (let i = 0; i < 200; ++i) {
      answer = await get(location);
      seen.add(answer.status);
      if (answer.status !== 202) break;
      assert.ok(answer.headers.get("location"), "where to ask next");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(answer.status, 200);
    assert.ok(seen.has(202), "ten checks take longer than one request");
    assert.equal(answer.body.connectionStatus, "Reachable");
    // What is done stays to be read.
    assert.deepEqual((await get(location)).body, answer.body);
    const status = await get(begun.headers.get("azure-asyncoperation"));
    assert.equal(status.body.status, "Succeeded");
  });

  test("what cannot be is refused in words", async () => {
    const good = { source: { resourceId: VM }, destination: { address: "127.0.0.1" } };
    const cases = [
      [{}, 400], ["{", 400], ["[]", 400],
      [{ ...good, protocol: "Carrier pigeon" }, 400],
      [{ ...good, destination: { address: "127.0.0.1", port: 70000 } }, 400],
      [{ ...good, source: { resourceId: "/nobody" } }, 404]];
    for (const [body, status] of cases) {
      const answer = await post(pathOf("connectivityCheck"), body);
      assert.equal(answer.status, status, JSON.stringify(body));
      assert.ok(answer.body.error.code && answer.body.error.message);
    }
    assert.equal((await post(pathOf("connectivityCheck", "nowhere"), good)).status, 404);
    const odd = await post(pathOf("nextHop"), {
      targetResourceId: VM, sourceIPAddress: "here", destinationIPAddress: "there" });
    assert.equal(odd.status, 400);
  });
});
