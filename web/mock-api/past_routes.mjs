// SPDX-License-Identifier: Apache-2.0
// Tests as they stand and their past.
import { aggregate, band, quantiles, round, rounds, snapshotBytes, stateChanges, testRow } from './answers.mjs';
import { standing, STATES } from './conditions.mjs';
import { replyPacked } from './http.mjs';
import { pathReport, pathReports, topology } from './paths.mjs';
import { verdict } from './verdict.mjs';
import { portOf, protocolOf } from './world.mjs';

export function pastRoutes(mock, { span, instant, number, test, where }) {
  return [
    [
      'GET',
      /^\/api\/v1\/snapshot$/,
      ({ query, request, response }) =>
        replyPacked(
          request,
          response,
          snapshotBytes(
            mock.tests,
            instant(query),
            !query.get('at'),
            mock.revision,
            number(query, 'first', 0),
            (tests, standings) => mock.alertCodes(tests, standings, instant(query), !query.get('at')),
          ),
        ),
    ],
    [
      'GET',
      /^\/api\/v1\/test-rows$/,
      ({ query }) => {
        const { from, to } = span(query);
        const ids = (query.get('ids') ?? '').split(',').filter((id) => mock.byId.has(id));
        return { value: ids.map((id) => testRow(test(id), from, to, instant(query), number(query, 'points', 60))) };
      },
    ],
    [
      'GET',
      /^\/api\/v1\/band$/,
      ({ query }) => {
        const { from, to } = span(query);
        return band(where(query), from, to, number(query, 'steps', 288), mock.now());
      },
    ],
    [
      'GET',
      /^\/api\/v1\/state-changes$/,
      ({ query }) => {
        const { from, to } = span(query);
        return { value: stateChanges(where(query), from, Math.min(to, mock.now()), number(query, 'limit', 100)) };
      },
    ],
    [
      'GET',
      /^\/api\/v1\/aggregate$/,
      ({ query }) => {
        const { from, to } = span(query);
        return aggregate(where(query), from, to, number(query, 'points', 200), query.get('by') ?? 'none', mock.now());
      },
    ],
    [
      'GET',
      /^\/api\/v1\/verdict$/,
      ({ query }) => {
        const { from, to } = span(query);
        return verdict(where(query), from, to, number(query, 'points', 240), mock.now());
      },
    ],
    ['GET', /^\/api\/v1\/topology$/, ({ query }) => topology(where(query).slice(0, 200), instant(query))],
    [
      'GET',
      /^\/api\/v1\/faults$/,
      () => ({
        value: [
          {
            text: 'the link from 10.100.6.1 to 10.7.3.1 adds 96 ms for 12 tests',
            confidence: 0.94,
            addedMs: 96,
            candidates: 1,
            failingTestsCrossing: 12,
            failingTests: 12,
            healthyTestsCrossing: 0,
            healthyTests: 80,
            tests: mock.tests.slice(0, 12).map((each) => each.hex),
          },
        ],
      }),
    ],
    ['GET', /^\/api\/v1\/tests\/([0-9a-f]+)$/, ({ parts }) => testDocument(test(parts[0]), mock.now())],
    [
      'GET',
      /^\/api\/v1\/tests\/([0-9a-f]+)\/quantiles$/,
      ({ parts, query }) => {
        const { from, to } = span(query);
        return quantiles(test(parts[0]), from, to, number(query, 'points', 600), mock.now());
      },
    ],
    [
      'GET',
      /^\/api\/v1\/tests\/([0-9a-f]+)\/rounds$/,
      ({ parts, query }) => {
        const { from, to } = span(query);
        return { value: rounds(test(parts[0]), from, Math.min(to, mock.now()), number(query, 'limit', 100)) };
      },
    ],
    [
      'GET',
      /^\/api\/v1\/tests\/([0-9a-f]+)\/changes$/,
      ({ parts, query }) => {
        const { from, to } = span(query);
        return { value: stateChanges([test(parts[0])], from, Math.min(to, mock.now()), number(query, 'limit', 100)) };
      },
    ],
    ['GET', /^\/api\/v1\/tests\/([0-9a-f]+)\/paths$/, ({ parts, query }) => pathReport(test(parts[0]), instant(query))],
    [
      'GET',
      /^\/api\/v1\/tests\/([0-9a-f]+)\/path-reports$/,
      ({ parts, query }) => {
        const { from, to } = span(query);
        return { value: pathReports(test(parts[0]), from, Math.min(to, mock.now()), number(query, 'limit', 100)) };
      },
    ],
    [
      'POST',
      /^\/api\/v1\/tests\/([0-9a-f]+)\/trace$/,
      ({ parts }) => ({ requested: new Date(mock.now()).toISOString(), testId: test(parts[0]).hex }),
    ],
    [
      'POST',
      /^\/api\/v1\/tests\/([0-9a-f]+)\/run$/,
      ({ parts }) => round(test(parts[0]), standing(test(parts[0]), mock.now())),
    ],
  ];
}

function testDocument(test, t) {
  const now = standing(test, t);
  const orNull = (value) => (Number.isFinite(value) ? value : null);
  return {
    id: test.hex,
    connectionMonitor: test.monitor,
    testGroup: test.group,
    source: test.source,
    destination: test.destination,
    testConfiguration: test.configuration,
    protocol: protocolOf(test.document),
    port: portOf(test.document) || null,
    destinationAddress: test.address,
    frequencySec: test.document.testFrequencySec ?? 60,
    agent: test.agent,
    state: STATES[now.state],
    reason: { code: now.code, text: now.text, observed: orNull(now.observed), limit: orNull(now.limit) },
    since: new Date(now.since).toISOString(),
    lastRound: Number.isFinite(now.lastRound) ? new Date(now.lastRound).toISOString() : null,
    checksFailedPercent: orNull(now.failedPercent),
    roundTripTimeMs: orNull(now.rtt),
    checkedAddress: test.checkedAddress,
    httpStatus: now.httpStatus || null,
    certificateExpires: null,
    pathIssues: pathReport(test, t).issues,
  };
}
