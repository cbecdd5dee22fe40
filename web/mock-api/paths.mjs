// SPDX-License-Identifier: Apache-2.0
// Traces of the mock: a site's routers, a core, a far side; two flows. Hop 7 is the troublesome one.
import { standing } from './conditions.mjs';
import { hash } from './world.mjs';

const HOPS = 9;

/** Addresses of one flow, hop by hop; null is a silent hop. */
function hopAddresses(test, flow) {
  const site = hash(test.source.slice(0, 4)) % 12;
  const far = hash(test.destination) % 20;
  return Array.from({ length: HOPS }, (_, i) => {
    const ttl = i + 1;
    if (ttl === HOPS) return test.checkedAddress;
    if (ttl <= 2) return `10.${site}.${ttl}.1`;
    if (ttl === 5 && site % 3 === 0) return null;
    if (ttl <= 6) return `10.100.${ttl}.${1 + ((site + flow) % 4)}`;
    return `10.7.${far}.${ttl - 6}`;
  });
}

const LABELS = (address, ttl) => (address === null ? ['Silent'] : ttl === 4 ? ['RateLimited'] : []);

export function pathReport(test, t) {
  const now = standing(test, t);
  const added = now.issue === 'AddedLatency' ? 96 : 0;
  const lossAt7 = now.issue === 'ForwardingLoss' ? 22 : 0;
  const isBroken = now.issue === 'Broken';
  const base = Number.isFinite(now.rtt) ? now.rtt - added : 40;
  const paths = [0, 1].map((flow) => pathOf(test, flow, base, added, lossAt7, isBroken));
  return {
    testId: test.hex,
    from: new Date(t - 180_000).toISOString(),
    to: new Date(t).toISOString(),
    cause: 'Hourly',
    protocol: now.port ? 'tcp' : 'icmp',
    source: test.sourceAddress,
    destination: test.checkedAddress,
    ...(now.port ? { port: now.port } : {}),
    traces: 12,
    paths,
    issues: issuesOf(test, now, base + added),
    changes: added ? ['hop 7: 10.7.3.9 became the slow one'] : [],
    pathMtu: 1500,
  };
}

/** One each half hour. */
export function pathReports(test, from, to, limit) {
  const step = 1_800_000;
  const found = [];
  for (let t = Math.ceil(from / step) * step; t <= to && found.length < limit; t += step)
    found.push(pathReport(test, t));
  return found;
}

function pathOf(test, flow, base, added, lossAt7, isBroken) {
  const addresses = hopAddresses(test, flow);
  const hops = addresses.slice(0, isBroken ? 7 : HOPS).map((address, i) => {
    const ttl = i + 1;
    const rtt = (base * ttl) / HOPS + (ttl >= 7 ? added : 0);
    const loss = ttl >= 7 ? lossAt7 : 0;
    const sent = 40;
    const answered = address === null ? 0 : ttl === 4 ? 22 : Math.round(sent * (1 - loss / 100));
    return {
      ttl,
      ...(address === null
        ? {}
        : { address, name: ttl === HOPS ? test.address : undefined, network: ttl <= 2 ? 'site' : 'AS64502 Core' }),
      sent,
      answered,
      ...(address === null
        ? {}
        : { rttMinMs: rtt * 0.95, rttLowMs: rtt * 0.97, rttMedianMs: rtt, rttMaxMs: rtt * 1.3 }),
      forwardingLossPercent: ttl === 7 && loss ? { low: 14, value: loss, high: 33 } : { low: 0, value: 0, high: 2 },
      addedMs: ttl === 7 && added ? added : base / HOPS,
      labels: LABELS(address, ttl),
    };
  });
  return {
    id: (hash(test.hex + flow) >>> 0).toString(16).padStart(16, '0'),
    flows: flow === 0 ? [0, 1, 2] : [3],
    reached: !isBroken,
    hops,
  };
}

function issuesOf(test, now, total) {
  const address = hopAddresses(test, 0);
  const link = { path: '', fromTtl: 6, toTtl: 7, from: address[5], to: address[6], confidence: 0.94 };
  const round = (value) => Math.round(value);
  if (now.issue === 'AddedLatency') {
    return [
      {
        ...link,
        kind: now.issue,
        addedMs: 96,
        totalMs: total,
        text: `the link from ${address[5]} to ${address[6]} (hop 7) adds 96 of ${round(total)} ms`,
      },
    ];
  }
  if (now.issue === 'ForwardingLoss') {
    return [
      {
        ...link,
        kind: now.issue,
        lossPercent: { low: 14, value: 22, high: 33 },
        text: `the link from ${address[5]} to ${address[6]} (hop 7) loses 22 % of the packets`,
      },
    ];
  }
  if (now.issue === 'Broken')
    return [{ ...link, kind: now.issue, text: `nothing behind ${address[6]} (hop 7) answers any more` }];
  return [];
}

/** The graph of many tests. */
export function topology(tests, t) {
  const nodes = new Map();
  const links = new Map();
  const paths = [];
  for (const test of tests) {
    const report = pathReport(test, t);
    const now = standing(test, t);
    for (const path of report.paths) {
      const ids = walk(nodes, test, path, report);
      join(links, ids, path, report);
      paths.push({
        testId: test.hex,
        state: ['Pass', 'Warning', 'Fail', 'Indeterminate', 'Not Running'][now.state],
        nodes: ids,
        rttMs: Number.isFinite(now.rtt) ? now.rtt : null,
        checksFailedPercent: Number.isFinite(now.failedPercent) ? now.failedPercent : null,
      });
    }
  }
  return { nodes: [...nodes.values()], links: [...links.values()], paths };
}

function meet(nodes, node) {
  const found = nodes.get(node.id);
  if (!found) nodes.set(node.id, { ...node, tests: 1 });
  else found.tests++;
  return nodes.get(node.id);
}

function walk(nodes, test, path, report) {
  meet(nodes, {
    id: `s:${test.source}`,
    kind: 'source',
    address: test.sourceAddress,
    name: test.source,
    network: null,
    labels: [],
    issues: [],
    ttl: 0,
  });
  const ids = [`s:${test.source}`];
  for (const hop of path.hops) {
    const isLast = path.reached && hop === path.hops[path.hops.length - 1];
    const id = isLast ? `d:${test.destination}` : hop.address ? `h:${hop.address}` : `q:${ids[ids.length - 1]}`;
    const node = meet(nodes, {
      id,
      kind: isLast ? 'destination' : hop.address ? 'hop' : 'silent',
      address: hop.address ?? null,
      name: isLast ? test.destination : (hop.name ?? null),
      network: hop.network ?? null,
      labels: hop.labels,
      issues: [],
      ttl: hop.ttl,
    });
    for (const issue of report.issues) {
      if (issue.to === hop.address && !node.issues.some((each) => each.text === issue.text))
        node.issues.push({ kind: issue.kind, severity: 'error', text: issue.text });
    }
    ids.push(id);
  }
  return ids;
}

function join(links, ids, path, report) {
  path.hops.forEach((hop, i) => {
    const key = `${ids[i]}>${ids[i + 1]}`;
    const isTroubled = report.issues.some((issue) => issue.toTtl === hop.ttl && issue.to === hop.address);
    const link = links.get(key) ?? {
      from: ids[i],
      to: ids[i + 1],
      flows: 0,
      tests: 0,
      addedMs: 0,
      forwardingLossPercent: 0,
      troubled: false,
    };
    link.flows += path.flows.length;
    link.tests++;
    link.addedMs = Math.max(link.addedMs, hop.addedMs);
    link.forwardingLossPercent = Math.max(link.forwardingLossPercent, hop.forwardingLossPercent.value);
    link.troubled ||= isTroubled;
    links.set(key, link);
  });
}
