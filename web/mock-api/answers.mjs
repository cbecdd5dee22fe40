// SPDX-License-Identifier: Apache-2.0
// What the mock answers about the past: bands, rows, quantiles, aggregates, rounds.
import { encodeSnapshot, wordColumn } from './encode.mjs';
import { measure, standing, STATES } from './conditions.mjs';
import { chance, protocolOf } from './world.mjs';

const orNull = (value) => (Number.isFinite(value) ? value : null);

/** With `first`, and if there are more, so many rows and the numbers of all. */
export function snapshotBytes(all, t, isLive, revision, first, alertCodes) {
  const isPart = first > 0 && all.length > first;
  const monitors = isPart ? monitorsOf(all, t) : [];
  const allAlerts =
    isPart && all.length < JUDGED_MAX
      ? alertCodes(
          all,
          all.map((test) => standing(test, t)),
        )
      : null;
  const tests = isPart ? [...new Set([...all.slice(0, first), ...monitors.map((each) => each.worst)])] : all;
  const now = tests.map((test) => standing(test, t));
  const alert = alertCodes(tests, now);
  const word = (name, pick, type) => wordColumn(name, tests.map(pick), type);
  const number = (name, type, pick) => ({ name, type, values: now.map(pick) });
  return encodeSnapshot(
    {
      rows: tests.length,
      at: new Date(t).toISOString(),
      live: isLive,
      revision: String(revision),
      ...(isPart ? wholeOf(all, monitors, tests, allAlerts) : {}),
    },
    [
      { name: 'id', type: 'u64', values: tests.map((test) => test.id) },
      ...[
        'monitor',
        'group',
        'source',
        'destination',
        'configuration',
        'address',
        'agent',
        'sourceAddress',
        'checkedAddress',
      ].map((name) => word(name, (test) => test[name])),
      word('protocol', (test) => protocolOf(test.document), 'u8'),
      { name: 'port', type: 'u16', values: now.map((each) => each.port) },
      { name: 'frequencySec', type: 'u32', values: tests.map((test) => test.document.testFrequencySec ?? 60) },
      { name: 'state', type: 'u8', values: now.map((each) => each.state), dictionary: STATES },
      { name: 'alert', type: 'u8', values: alert },
      wordColumn(
        'reasonCode',
        now.map((each) => each.code),
        'u8',
      ),
      number('observed', 'f32', (each) => each.observed),
      number('limit', 'f32', (each) => each.limit),
      number('since', 'f64', (each) => each.since),
      number('lastRound', 'f64', (each) => each.lastRound),
      number('checksFailedPercent', 'f32', (each) => each.failedPercent),
      number('rttMs', 'f32', (each) => each.rtt),
      number('rttMinMs', 'f32', (each) => each.rtt - each.spread / 2),
      number('rttMaxMs', 'f32', (each) => each.rtt + each.spread),
      number('jitterMs', 'f32', (each) => (Number.isFinite(each.rtt) ? each.spread / 3 : NaN)),
      number('httpStatus', 'u16', (each) => each.httpStatus),
      {
        name: 'certificateExpires',
        type: 'f64',
        values: tests.map((test) => (protocolOf(test.document) === 'HTTP' ? t + 40 * 86_400_000 : NaN)),
      },
      wordColumn(
        'pathIssue',
        now.map((each) => each.issue),
      ),
    ],
  );
}

const ROLL_UP = [2, 1, 3, 0, 4];

/** Of a large mock some tests stand for all: a server knows at once, and this one would take seconds. */
function monitorsOf(all, t) {
  const stride = all.length > 20_000 ? 20 : 1;
  const found = new Map();
  for (let i = 0; i < all.length; i += stride) {
    const now = standing(all[i], t);
    const sums = found.get(all[i].monitor) ?? { states: [0, 0, 0, 0, 0], firsts: [], rtt: [], failed: [] };
    found.set(all[i].monitor, sums);
    sums.states[now.state] += stride;
    if (!(sums.firsts[now.state]?.since <= now.since)) sums.firsts[now.state] = { since: now.since, test: all[i] };
    if (Number.isFinite(now.rtt)) sums.rtt.push(now.rtt);
    if (Number.isFinite(now.failedPercent)) sums.failed.push(now.failedPercent);
  }
  const mean = (values) => (values.length ? values.reduce((a, b) => a + b, 0) / values.length : null);
  return [...found].map(([name, { states, firsts, rtt, failed }]) => ({
    name,
    states,
    worst: firsts[ROLL_UP.find((state) => states[state] > 0)].test,
    rttMs: mean(rtt),
    checksFailedPercent: mean(failed),
  }));
}

/** What a large mock would take long for is left out: a server that knows no alerts does so too. */
const JUDGED_MAX = 5_000;

function wholeOf(all, monitors, tests, alerts) {
  const gravest = (name) => Math.min(6, ...alerts.filter((code, i) => code > 0 && all[i].monitor === name)) % 6;
  return {
    of: all.length,
    states: STATES.map((_, state) => monitors.reduce((sum, each) => sum + each.states[state], 0)),
    ...(alerts ? { alerts: [1, 2, 3, 4, 5].map((code) => alerts.filter((each) => each === code).length) } : {}),
    monitors: monitors.map((each) => ({
      ...each,
      worst: tests.indexOf(each.worst),
      ...(alerts ? { alert: gravest(each.name) } : {}),
    })),
  };
}

export function rowsFrame(tests, t, revision, alertCodes) {
  const now = tests.map((test) => standing(test, t));
  const column = (pick) => now.map((each) => (typeof pick(each) === 'number' ? orNull(pick(each)) : pick(each)));
  return {
    revision: String(revision),
    at: new Date(t).toISOString(),
    id: tests.map((test) => test.hex),
    state: column((each) => each.state),
    alert: alertCodes(tests, now),
    reasonCode: column((each) => each.code),
    observed: column((each) => each.observed),
    limit: column((each) => each.limit),
    since: column((each) => each.since),
    lastRound: column((each) => each.lastRound),
    checksFailedPercent: column((each) => each.failedPercent),
    rttMs: column((each) => each.rtt),
    rttMinMs: column((each) => each.rtt - each.spread / 2),
    rttMaxMs: column((each) => each.rtt + each.spread),
    jitterMs: column((each) => each.spread / 3),
    pathIssue: column((each) => each.issue),
  };
}

const NAMES = ['pass', 'warning', 'fail', 'indeterminate', 'notRunning'];

export function band(tests, from, to, steps, now) {
  const step = (to - from) / steps;
  const answer = { from: new Date(from).toISOString(), stepSec: step / 1000, changes: [] };
  for (const name of NAMES) answer[name] = [];
  // Some hundred tests stand for all, so that a band is quick.
  const stride = Math.max(1, Math.floor(tests.length / 100));
  const sample = tests.filter((_, i) => i % stride === 0);
  let before = null;
  for (let i = 0; i < steps; i++) {
    const end = from + (i + 1) * step;
    const states = end > now + step ? [] : sample.map((test) => standing(test, Math.min(end, now)).state);
    const counts = NAMES.map((_, state) => states.filter((each) => each === state).length * stride);
    NAMES.forEach((name, state) => answer[name].push(counts[state]));
    answer.changes.push(before ? states.filter((state, j) => state !== before[j]).length * stride : 0);
    before = states;
  }
  return answer;
}

export function stateChanges(tests, from, to, limit) {
  const found = [];
  const step = Math.max(60_000, (to - from) / 600);
  const stride = Math.max(1, Math.floor(tests.length / 300));
  for (let i = 0; i < tests.length; i += stride) {
    let before = standing(tests[i], from);
    for (let t = from + step; t <= to; t += step) {
      const now = standing(tests[i], t);
      if (now.state !== before.state) {
        found.push({
          testId: tests[i].hex,
          time: new Date(t).toISOString(),
          from: STATES[before.state],
          to: STATES[now.state],
          reason: { code: now.code, text: now.text, observed: orNull(now.observed), limit: orNull(now.limit) },
        });
      }
      before = now;
    }
  }
  return found.sort((a, b) => (a.time < b.time ? -1 : 1)).slice(-limit);
}

export function testRow(test, from, to, at, points) {
  const step = (to - from) / points;
  const values = Array.from({ length: points }, (_, i) => standing(test, Math.min(from + (i + 1) * step, at)));
  const now = standing(test, at);
  const issue =
    now.issue === 'AddedLatency'
      ? 'hop 7 adds 96 ms'
      : now.issue === 'ForwardingLoss'
        ? 'hop 7 loses 22 % of the packets'
        : now.issue
          ? 'nothing behind hop 7 answers'
          : null;
  return {
    id: test.hex,
    reason: now.text,
    pathIssue: issue,
    rttMs: values.map((each) => orNull(each.rtt)),
    checksFailedPercent: values.map((each) => orNull(each.failedPercent)),
  };
}

const SPREADS = [-1, -0.7, -0.4, -0.2, 0, 0.3, 0.7, 1.2, 2.5, 2];

export function quantiles(test, from, to, points, now) {
  const step = (to - from) / points;
  const answer = {
    from: new Date(from).toISOString(),
    stepSec: step / 1000,
    time: [],
    total: [],
    failed: [],
    quantiles: SPREADS.map(() => []),
  };
  for (let i = 0; i < points; i++) {
    const t = from + i * step;
    const each = standing(test, t);
    const isEmpty = t > now || each.state >= 3;
    answer.time.push(Math.round(t));
    answer.total.push(isEmpty ? 0 : 20);
    answer.failed.push(isEmpty ? 0 : Math.round(each.failedPercent / 5));
    SPREADS.forEach((factor, q) =>
      answer.quantiles[q].push(
        isEmpty || !Number.isFinite(each.rtt)
          ? null
          : Math.max(0.1, each.rtt + factor * each.spread * (0.4 + chance(test.hex, t, q))),
      ),
    );
  }
  return answer;
}

const COLUMN = {
  connectionMonitor: 'monitor',
  testGroup: 'group',
  source: 'source',
  destination: 'destination',
  testConfiguration: 'configuration',
};

export function aggregate(tests, from, to, points, by, now) {
  const step = (to - from) / points;
  const groups = new Map();
  for (const test of tests) {
    const name = COLUMN[by] ? test[COLUMN[by]] : '';
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(test);
  }
  const time = Array.from({ length: points }, (_, i) => Math.round(from + i * step));
  const series = [...groups].map(([name, members]) => {
    const sample = members.filter((_, i) => i % Math.max(1, Math.floor(members.length / 20)) === 0);
    const mean = (t, pick) => {
      const values = t > now ? [] : sample.map((test) => pick(standing(test, t))).filter(Number.isFinite);
      return values.length ? values.reduce((a, b) => a + b, 0) / values.length : null;
    };
    return {
      name,
      tests: members.length,
      rttMs: time.map((t) => mean(t, (each) => each.rtt)),
      checksFailedPercent: time.map((t) => mean(t, (each) => each.failedPercent)),
    };
  });
  return { time, series };
}

export function rounds(test, from, to, limit) {
  const interval = (test.document.testFrequencySec ?? 60) * 1000;
  const found = [];
  for (let t = to; t > from && found.length < limit; t -= interval) {
    const now = standing(test, t);
    if (now.state >= 3) continue;
    found.unshift(round(test, now));
  }
  return found;
}

export function round(test, now) {
  const { rtt } = measure(test, now.lastRound);
  const failed = Math.round((now.failedPercent || 0) / 10);
  const isHttp = protocolOf(test.document) === 'HTTP';
  return {
    started: new Date(now.lastRound).toISOString(),
    state: STATES[now.state],
    reason: { code: now.code, text: now.text, observed: orNull(now.observed), limit: orNull(now.limit) },
    checksTotal: 10,
    checksFailed: failed,
    checksVoid: 0,
    roundTripTimeMs: orNull(now.rtt),
    roundTripTimeMinMs: orNull(now.rtt - now.spread / 2),
    roundTripTimeMaxMs: orNull(now.rtt + now.spread),
    jitterMs: orNull(now.spread / 3),
    address: test.checkedAddress,
    detail: failed ? 'timed out' : '',
    httpStatus: now.httpStatus || null,
    ...(isHttp && Number.isFinite(rtt)
      ? {
          http: {
            dnsMs: 2.1,
            connectMs: rtt * 0.2,
            tlsMs: rtt * 0.3,
            firstByteMs: rtt * 0.4,
            transferMs: rtt * 0.08,
            version: 'HTTP/2',
            redirects: 0,
            url: '',
            bodyBytes: 15000,
          },
          tls: {
            subject: `CN=${test.address}`,
            issuer: 'CN=Example CA',
            notBefore: new Date(now.lastRound - 5e9).toISOString(),
            notAfter: new Date(now.lastRound + 40 * 86_400_000).toISOString(),
            version: 'TLSv1.3',
            cipher: 'TLS_AES_256_GCM_SHA384',
            key: 'EC 256',
            chain: [`CN=${test.address}`, 'CN=Example CA'],
            verified: true,
          },
        }
      : {}),
    checks: Array.from({ length: 10 }, (_, i) => ({
      outcome: i < failed ? 'TimedOut' : 'Success',
      roundTripTimeMs: i < failed ? null : orNull(now.rtt * (0.95 + 0.1 * chance(test.hex, now.lastRound, i))),
      offsetMs: i * 500,
    })),
  };
}
