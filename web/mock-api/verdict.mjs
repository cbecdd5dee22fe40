// SPDX-License-Identifier: Apache-2.0
// The server's verdict on a service (src/evaluate/service_verdict.cpp), over the mock's series.
import { aggregate } from './answers.mjs';
import { protocolOf } from './world.mjs';

const known = (values) => values.filter((value) => value !== null).sort((a, b) => a - b);

function median(sorted) {
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function riseOf(values, recent, tests) {
  const all = known(values);
  return { usualMs: all[all.length >> 2] ?? null, nowMs: median(known(values.slice(-recent))), tests };
}

const hasRisen = ({ usualMs, nowMs }) => nowMs >= usualMs * 1.3 && nowMs - usualMs >= 10;

function correlationOf(a, b) {
  const pairs = a.map((x, i) => [x, b[i]]).filter(([x, y]) => x !== null && y !== null);
  if (pairs.length < 12) return null;
  const mean = (i) => pairs.reduce((sum, pair) => sum + pair[i], 0) / pairs.length;
  const [ma, mb] = [mean(0), mean(1)];
  const sum = (of) => pairs.reduce((total, [x, y]) => total + of(x - ma, y - mb), 0);
  const [ab, aa, bb] = [sum((x, y) => x * y), sum((x) => x * x), sum((_, y) => y * y)];
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : null;
}

const ms = (value) => `${Math.round(value)} ms`;

function wordsFor(response, latency) {
  const isKnown = ({ usualMs, nowMs }) => usualMs !== null && nowMs !== null;
  if (!isKnown(response) && !isKnown(latency)) return ['unknown', 'Nothing was measured lately.'];
  if (!isKnown(response)) return ['unknown', 'There is no response time to compare with the network latency.'];
  if (!isKnown(latency)) return ['unknown', 'There is no network latency to compare the response time with.'];
  const [app, net] = [ms(response.nowMs), ms(latency.nowMs)];
  if (!hasRisen(response))
    return hasRisen(latency)
      ? [
          'network',
          `Network latency went up from ${ms(latency.usualMs)} to ${net}, and the response time does not show it.`,
        ]
      : ['none', `Neither has gone up: response time ${app}, network latency ${net}.`];
  const up = `The response time went up from ${ms(response.usualMs)} to ${app}`;
  if (!hasRisen(latency))
    return ['application', `${up}, while the network latency stayed at ${net} (usually ${ms(latency.usualMs)}).`];
  const text = `${up}, and the network latency with it from ${ms(latency.usualMs)} to ${net}.`;
  return (latency.nowMs - latency.usualMs) * 3 >= response.nowMs - response.usualMs
    ? ['network', text]
    : ['both', `${text} That explains a part only.`];
}

export function verdict(tests, from, to, points, now) {
  const isWeb = (test) => protocolOf(test.document) === 'HTTP';
  const [web, network] = [tests.filter(isWeb), tests.filter((test) => !isWeb(test))];
  const line = (members) => aggregate(members, from, to, points, 'none', now).series[0]?.rttMs ?? [];
  const recent = Math.max(3, Math.floor(points / 24));
  const [a, b] = [line(web), line(network)];
  const [response, latency] = [riseOf(a, recent, web.length), riseOf(b, recent, network.length)];
  const [issue, text] = wordsFor(response, latency);
  return {
    issue,
    text,
    correlation: correlationOf(a, b),
    response,
    latency,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  };
}
