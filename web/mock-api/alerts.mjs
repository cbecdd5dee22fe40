// SPDX-License-Identifier: Apache-2.0
// Alert rules of the mock: judged at an instant from how each test stands then, by combinations of dimensions, as
// the server does over windows. A breach fires when it begins and is over when it ends.
import { standing } from './conditions.mjs';
import { chance, hash, protocolOf } from './world.mjs';

const METRICS = {
  TestResult: (now) => [1, 2, 3, 0, NaN][now.state],
  ChecksFailedPercent: (now) => now.failedPercent,
  RoundTripTimeMs: (now) => now.rtt,
};
const DIMENSIONS = {
  sourcename: (test) => test.source,
  destinationname: (test) => test.destination,
  testgroupname: (test) => test.group,
  testconfigurationname: (test) => test.configuration,
  sourceaddress: (test) => test.sourceAddress,
  destinationaddress: (test) => test.address,
  protocol: (test) => protocolOf(test.document),
};
const COMPARE = {
  Equals: (a, b) => a === b,
  GreaterThan: (a, b) => a > b,
  GreaterThanOrEqual: (a, b) => a >= b,
  LessThan: (a, b) => a < b,
  LessThanOrEqual: (a, b) => a <= b,
};
const BEYOND = {
  Equals: 'equal to',
  GreaterThan: 'above',
  GreaterThanOrEqual: 'at least',
  LessThan: 'below',
  LessThanOrEqual: 'at most',
};
const AGGREGATE = {
  Average: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  Maximum: (values) => Math.max(...values),
  Minimum: (values) => Math.min(...values),
  Total: (values) => values.reduce((a, b) => a + b, 0),
  Count: (values) => values.length,
};
const WORDS = { Average: 'average', Maximum: 'maximum', Minimum: 'minimum', Total: 'total', Count: 'count' };

/** "PT5M" to "5 minutes". */
function windowWords(size) {
  const [, count, unit] = /(\d+)([MHD])$/.exec(size) ?? [];
  return count ? `${count} ${{ M: 'minute', H: 'hour', D: 'day' }[unit]}${count === '1' ? '' : 's'}` : size;
}

const windowMs = (size) => {
  const [, count, unit] = /(\d+)([MHD])$/.exec(size) ?? [];
  return Number(count ?? 5) * { M: 60_000, H: 3_600_000, D: 86_400_000 }[unit ?? 'M'];
};

export const monitorOf = (scope) => /connectionMonitors\/([^/]+)$/i.exec(scope)?.[1];

/** What is wrong with a rule's properties, by paths below them. */
export function faultsOf(properties) {
  const faults = [];
  const fault = (path, message) => faults.push({ path: `properties.${path}`, message });
  if (!properties.scopes?.length) fault('scopes', 'a rule needs a scope: a connection monitor, or all of them');
  if (!(properties.severity >= 0 && properties.severity <= 4)) fault('severity', 'a severity is 0 to 4');
  const criteria = properties.criteria?.allOf ?? [];
  if (!criteria.length) fault('criteria.allOf', 'a rule needs a condition');
  criteria.forEach((each, i) => {
    if (!METRICS[each.metricName])
      fault(`criteria.allOf[${i}].metricName`, `there is no metric ${each.metricName} of connection monitors`);
    if (typeof each.threshold !== 'number')
      fault(`criteria.allOf[${i}].threshold`, 'a condition needs a threshold, which is a number');
    if (each.metricName === 'ChecksFailedPercent' && each.threshold >= 100 && each.operator === 'GreaterThan')
      fault(`criteria.allOf[${i}].threshold`, 'a percentage is never above 100: choose a smaller threshold');
  });
  return faults;
}

export function testsOf(properties, tests) {
  const monitors = properties.scopes.map(monitorOf);
  const isAll = monitors.includes(undefined);
  const dimensions = properties.criteria.allOf[0]?.dimensions ?? [];
  return tests.filter(
    (test) =>
      (isAll || monitors.includes(test.monitor)) &&
      dimensions.every(({ name, operator, values }) => {
        if (values.includes('*')) return true;
        const isThere = values.includes(DIMENSIONS[name.toLowerCase()]?.(test));
        return isThere === (operator !== 'Exclude');
      }),
  );
}

/** Combination of values -> its tests. */
function combinationsOf(properties, tests) {
  const names = (properties.criteria.allOf[0]?.dimensions ?? []).map((each) => each.name);
  const found = new Map();
  for (const test of testsOf(properties, tests)) {
    const values = names.map((name) => DIMENSIONS[name.toLowerCase()]?.(test) ?? '');
    // Each connection monitor has combinations of its own.
    const key = [test.monitor, ...values].join('\0');
    if (!found.has(key))
      found.set(key, { dimensions: names.map((name, i) => ({ name, value: values[i] })), tests: [] });
    found.get(key).tests.push(test);
  }
  return [...found.values()];
}

/** The value of each condition if all hold at `t`, or null. */
function breachOf(properties, combination, nowOf) {
  const values = [];
  for (const { metricName, timeAggregation, operator, threshold } of properties.criteria.allOf) {
    const samples = combination.tests.map((test) => METRICS[metricName](nowOf(test))).filter(Number.isFinite);
    const value = samples.length ? AGGREGATE[timeAggregation](samples) : NaN;
    if (!Number.isFinite(value) || !COMPARE[operator](value, threshold)) return null;
    values.push(value);
  }
  return values;
}

function sentenceOf(properties, dimensions, values) {
  const { metricName, timeAggregation, operator, threshold } = properties.criteria.allOf[0];
  const where = dimensions.map((each) => each.value).join(', ') || 'all tests together';
  const value = Number(values[0].toFixed(1));
  return `${metricName} was ${value} (${WORDS[timeAggregation]} over ${windowWords(properties.windowSize)}), ${BEYOND[operator]} ${threshold}: ${where}.`;
}

export function ruleSentence(properties) {
  const conditions = properties.criteria.allOf
    .map(
      (each) =>
        `${each.timeAggregation} of ${each.metricName} over ${windowWords(properties.windowSize)} ${BEYOND[each.operator]} ${each.threshold}`,
    )
    .join(' and ');
  const names = (properties.criteria.allOf[0]?.dimensions ?? []).map((each) => each.name);
  return `${conditions}${names.length ? `, for each ${names.join(', ')}` : ''}, looked at each ${windowWords(properties.evaluationFrequency).replace(/^1 /, '')}.`;
}

function idOf(...parts) {
  const text = [0, 1, 2, 3]
    .map((i) =>
      hash(`${i}${parts.join('\0')}`)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}

/** A combination of a rule, also of one of its alerts. */
export function keyOf(rule, { dimensions, monitors, tests }) {
  return [rule, monitors?.[0] ?? tests[0].monitor, ...dimensions.map((each) => each.value)].join('\0');
}

function alertOf(rule, combination, values, fired, resolved, resolvedBy) {
  const { properties } = rule.document;
  const conditions = properties.criteria.allOf.map((each, i) => ({
    metric: each.metricName,
    aggregation: each.timeAggregation,
    operator: each.operator,
    threshold: each.threshold,
    value: values[i],
  }));
  return {
    id: idOf(rule.name, keyOf(rule.name, combination), fired),
    monitor: combination.tests[0].monitor,
    rule: { name: rule.name, id: rule.id },
    severity: properties.severity,
    state: resolved === null ? 'Fired' : 'Resolved',
    fired: new Date(fired).toISOString(),
    resolved: resolved === null ? null : new Date(resolved).toISOString(),
    resolvedBy: resolved === null ? null : resolvedBy,
    dimensions: combination.dimensions,
    monitors: [...new Set(combination.tests.map((test) => test.monitor))],
    tests: combination.tests.slice(0, 1000).map((test) => test.hex),
    testCount: combination.tests.length,
    ...conditions[0],
    windowSec: windowMs(properties.windowSize) / 1000,
    sentence: sentenceOf(properties, combination.dimensions, values),
    conditions,
  };
}

const MINUTE = 60_000;
/** Evaluations come so long after the window's end. */
const LATE = 15_000;
const STEPS_MAX = 288;

/**
 * The alerts of a rule that fired at any time of [from, to), by looking every few minutes; those that do not end in it
 * are open. Each lasts three evaluations longer than its breach.
 */
export function alertsWithin(rule, tests, from, to) {
  const { properties } = rule.document;
  const combinations = combinationsOf(properties, tests).slice(0, 120);
  const step = Math.max(MINUTE, Math.ceil((to - from) / STEPS_MAX / MINUTE) * MINUTE);
  const found = [];
  for (const combination of combinations) {
    let open = null;
    for (let t = Math.ceil(from / step) * step; t < to; t += step) {
      const values = breachOf(properties, combination, (test) => standing(test, t));
      if (values && !open) open = { fired: t + MINUTE + LATE, values };
      if (!values && open) {
        found.push(alertOf(rule, combination, open.values, open.fired, t + 3 * MINUTE + LATE, 'NoBreach'));
        open = null;
      }
    }
    if (open) found.push(alertOf(rule, combination, open.values, open.fired, null, null));
  }
  return { alerts: found.sort((a, b) => (a.fired < b.fired ? -1 : 1)), combinations: combinations.length, step };
}

/** Those that fire at `t`. */
export function alertsAt(rule, tests, t) {
  const { properties } = rule.document;
  return combinationsOf(properties, tests).flatMap((combination) => {
    const values = breachOf(properties, combination, (test) => standing(test, t - LATE));
    if (!values) return [];
    // It fired when the last of its tests came to stand so; to the minute, when rules are evaluated.
    const since = Math.max(...combination.tests.map((test) => standing(test, t - LATE).since));
    return [alertOf(rule, combination, values, Math.ceil(since / MINUTE) * MINUTE + MINUTE + LATE, null, null)];
  });
}

/** For each test the code of the gravest alert that fires: 0, or 1 + severity. `now` is how each of them stands. */
export function alertCodes(rules, tests, now, resolved) {
  const codes = tests.map(() => 0);
  const place = new Map(tests.map((test, i) => [test, i]));
  for (const rule of rules) {
    const { properties } = rule.document;
    if (!properties.enabled) continue;
    for (const combination of combinationsOf(properties, tests)) {
      if (!breachOf(properties, combination, (test) => now[place.get(test)])) continue;
      if (resolved.has(keyOf(rule.name, combination))) continue;
      for (const test of combination.tests) {
        const code = codes[place.get(test)];
        if (code === 0 || properties.severity + 1 < code) codes[place.get(test)] = properties.severity + 1;
      }
    }
  }
  return codes;
}

/** A webhook that answers, by its address: `down` never does. */
export function deliver(receiver) {
  const isDown = /\bdown\b/.test(receiver.serviceUri);
  return {
    receiver: receiver.name,
    uri: receiver.serviceUri,
    delivered: !isDown,
    status: isDown ? null : 204,
    outcome: isDown ? 'did not answer within 10 s' : 'answered 204',
    tookMs: isDown ? 10_000 : 20 + Math.round(chance(receiver.serviceUri) * 60),
  };
}
