// SPDX-License-Identifier: Apache-2.0
// How each test fares at any instant: base delay by distance, a day's rhythm, and incidents that come
// every few hours so that any range of a day shows some.
import { chance, hash, portOf, protocolOf, SITES } from './world.mjs';

const HOUR = 3_600_000;
export const STATES = ['Pass', 'Warning', 'Fail', 'Indeterminate', 'Not Running'];

/** The window of an incident that covers `t`, or null: `[start, end)`, each `period` hours from `offset`. */
export function windowAt(t, period, offset, length) {
  const start = Math.floor((t - offset * HOUR) / (period * HOUR)) * period * HOUR + offset * HOUR;
  return t < start + length * HOUR ? { start, end: start + length * HOUR } : null;
}

let outage = Infinity;

/** From `start` on nothing answers any more, for any test. */
export function breakEverything(start) {
  outage = start;
}

const isFar = (test) => SITES.indexOf(test.source.slice(0, 4)) >= 6;

function incidentAt(test, t) {
  if (t >= outage) return { start: outage, kind: 'fail' };
  // The way to the database goes through a router that adds 96 ms.
  if (test.destination === 'sql-prod-01' && isFar(test)) {
    const window = windowAt(t, 8, 2.5, 2);
    if (window) return { ...window, kind: 'delay' };
  }
  // Mail fails for every sixth source, and does so at full fours.
  if (test.destination === 'outlook.office365.com' && hash(test.source) % 6 === 2) {
    const window = windowAt(t, 4, 3.2, 1.4);
    if (window) return { ...window, kind: 'fail' };
  }
  if (
    test.source === 'fra1-agent-00' &&
    test.destination === 'outlook.office365.com' &&
    test.configuration === 'https'
  ) {
    return { start: t - (t % (24 * HOUR)), end: t, kind: 'fail' };
  }
  if (test.destination === 'api.payments' && test.configuration === 'https') {
    const window = windowAt(t, 6, 1, 2.2);
    if (window) return { ...window, kind: 'slow' };
  }
  if (test.destination === 'ldap' && hash(test.hex) % 5 === 1) {
    const window = windowAt(t, 5, 0.5, 3);
    if (window) return { ...window, kind: 'loss' };
  }
  // A firewall near Sydney lets the service through and drops pings to it.
  if (test.destination === 'storage' && test.source.startsWith('syd1') && protocolOf(test.document) === 'ICMP')
    return { start: t - (t % (24 * HOUR)), end: t, kind: 'fail' };
  if (test.source.startsWith('jnb1') && test.destination === 'vpn-gw') {
    const window = windowAt(t, 12, 7, 5);
    if (window) return { ...window, kind: 'silent' };
  }
  return null;
}

function baseRtt(test) {
  const distance = 8 + (hash(test.source.slice(0, 4) + test.destination) % 60);
  return protocolOf(test.document) === 'HTTP' ? distance * 2.4 + 30 : distance;
}

/** Tests with a shorter interval are there to keep pages busy: their numbers change with each round. */
const QUICK_MS = 30_000;

/** What a round at `t` measures: { incident, rtt (NaN if none), spread, failedPercent }. */
export function measure(test, t) {
  const incident = incidentAt(test, t);
  const rhythm = 1 + 0.12 * Math.sin((t / (24 * HOUR)) * 2 * Math.PI);
  const noise = chance(test.hex, intervalOf(test) < QUICK_MS ? t : Math.floor(t / 60_000));
  let rtt = baseRtt(test) * rhythm * (0.97 + 0.06 * noise) + (noise > 0.97 ? 14 : 0);
  let failedPercent = noise > 0.985 ? 10 : 0;
  if (incident?.kind === 'delay') rtt += 96;
  if (incident?.kind === 'slow') rtt += 320;
  if (incident?.kind === 'loss') failedPercent = 20 + Math.round(noise * 3) * 10;
  if (incident?.kind === 'fail') {
    failedPercent = 100;
    rtt = NaN;
  }
  return { incident, rtt, failedPercent, spread: rtt * 0.05 + noise * 4 };
}

function reasonOf(test, measured) {
  const limit = test.document.successThreshold ?? {};
  if (test.isDisabled) return [4, 'TestGroupDisabled', null, null, 'the test group is disabled'];
  if (measured.incident?.kind === 'silent')
    return [3, 'AgentDisconnected', null, null, `agent ${test.agent} is not connected`];
  const failed = limit.checksFailedPercent;
  if (failed !== undefined && measured.failedPercent > failed) {
    const count = Math.round(measured.failedPercent / 10);
    return [
      2,
      'ChecksFailedThreshold',
      measured.failedPercent,
      failed,
      `${count} of 10 checks failed: timed out; limit ${failed} %`,
    ];
  }
  if (failed === undefined && measured.failedPercent === 100)
    return [2, 'AllChecksFailed', 100, null, '10 of 10 checks failed: timed out'];
  if (limit.roundTripTimeMs !== undefined && measured.rtt > limit.roundTripTimeMs) {
    const words = `average round-trip time ${measured.rtt.toFixed(0)} ms is above the limit of ${limit.roundTripTimeMs} ms`;
    return [2, 'RoundTripThreshold', measured.rtt, limit.roundTripTimeMs, words];
  }
  if (failed !== undefined && measured.failedPercent > failed * 0.8) {
    return [
      1,
      'ChecksFailedThreshold',
      measured.failedPercent,
      failed,
      `1 of 10 checks failed: timed out; more than 80 % of the limit of ${failed} %`,
    ];
  }
  return [0, 'None', null, null, `10 of 10 passed, average round-trip time ${measured.rtt.toFixed(1)} ms`];
}

const ISSUES = { delay: 'AddedLatency', loss: 'ForwardingLoss', fail: 'Broken' };

const intervalOf = (test) => (test.document.testFrequencySec ?? 60) * 1000;

/** When the test's latest round before `t` was. */
export function lastRoundOf(test, t) {
  const interval = intervalOf(test);
  const phase = (test.phase ??= hash(test.hex)) % interval;
  return Math.floor((t - phase) / interval) * interval + phase;
}

/** The test as it stands at `t`. */
export function standing(test, t) {
  const lastRound = lastRoundOf(test, t);
  const measured = measure(test, lastRound);
  const [state, code, observed, limit, text] = reasonOf(test, measured);
  const isSilent = state >= 3;
  return {
    state,
    code,
    text,
    observed: observed ?? NaN,
    limit: limit ?? NaN,
    since: measured.incident?.start ?? lastRound - (lastRound % (6 * HOUR)),
    lastRound: test.isDisabled ? NaN : lastRound,
    failedPercent: isSilent ? NaN : measured.failedPercent,
    rtt: isSilent ? NaN : measured.rtt,
    spread: measured.spread,
    issue: isSilent ? null : (ISSUES[measured.incident?.kind] ?? null),
    httpStatus: protocolOf(test.document) === 'HTTP' && Number.isFinite(measured.rtt) ? 200 : 0,
    port: portOf(test.document),
  };
}
