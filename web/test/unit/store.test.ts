// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { ALERTS, hexId, STATES } from '../../src/core/api/snapshot.ts';
import {
  compareWords,
  countAlerts,
  countStates,
  facetCounts,
  filterRows,
  type Filter,
} from '../../src/core/store/filter.ts';
import { groupBy, groupsOfMonitors, monitorsOf, sortGroups } from '../../src/core/store/group.ts';
import { applyFrame, rowOfHex, type RowsFrame } from '../../src/core/store/live.ts';
import { radixSort } from '../../src/core/store/radix.ts';
import { formatSort, parseSort, sortRows } from '../../src/core/store/sort.ts';
import { parseTerms } from '../../src/core/store/terms.ts';
import { decodeRows, randomRows, type Row } from './fixture.ts';
import { pick, random } from './random.ts';

const rows = randomRows(400, 21);
const snapshot = decodeRows(rows);

/** The filter said again, slowly and on objects. */
function naive(row: Row, filter: Filter): boolean {
  const has = (text: string | null) => (text ?? '').toLowerCase().includes((filter.text ?? '').toLowerCase());
  const all = [
    row.monitor,
    row.group,
    row.source,
    row.destination,
    row.configuration,
    row.sourceAddress,
    row.pathIssue,
  ];
  const inScope =
    { sources: [row.source, row.sourceAddress], destinations: [row.destination] }[filter.scope as string] ?? all;
  const isIn = (chosen: readonly string[] | undefined, word: string) =>
    !chosen?.length || chosen.some((each) => each.toLowerCase() === word.toLowerCase());
  return (
    (!filter.text || inScope.some(has)) &&
    isIn(filter.state, STATES[row.state]!) &&
    isIn(filter.alert, ALERTS[row.alert]!) &&
    isIn(filter.source, row.source) &&
    isIn(filter.destination, row.destination)
  );
}

describe('filters', () => {
  test('agree with a naive model', () => {
    const next = random(2);
    for (let i = 0; i < 300; i++) {
      const filter: Filter = {
        text: pick(next, ['', 'agent-1', '10.192.64.5', 'OFFICE', 'loop', 'zzz', 'api']),
        scope: pick(next, ['all', 'sources', 'destinations'] as const),
        state: next() < 0.5 ? [] : [pick(next, STATES), pick(next, STATES)],
        source: next() < 0.7 ? [] : [pick(next, rows).source],
        alert: i % 3 ? [] : [ALERTS[i % 6]!, ALERTS[(i + 2) % 6]!],
        destination: next() < 0.7 ? [] : [pick(next, rows).destination, 'ldap'],
      };
      const wanted = rows.flatMap((row, index) => (naive(row, filter) ? [index] : []));
      expect([...filterRows(snapshot, filter)], JSON.stringify(filter)).toEqual(wanted);
    }
  });

  test('terms join by and, keys choose columns, - negates, quotes keep blanks', () => {
    expect(
      parseTerms('src:10.1 -state:pass "tcp 443" http://x', 'all').map((term) => [term.text, term.isNegated]),
    ).toEqual([
      ['10.1', false],
      ['pass', true],
      ['tcp 443', false],
      ['http://x', false],
    ]);
    const both = filterRows(snapshot, { text: 'state:fail dst:office -src:agent-1' });
    const wanted = rows.flatMap((row, i) =>
      row.state === 2 && row.destination.includes('office') && !row.source.includes('agent-1') ? [i] : [],
    );
    expect(wanted.length).toBeGreaterThan(0);
    expect([...both]).toEqual(wanted);
  });

  test('facets count with all other filters in force', () => {
    const filter: Filter = { state: ['Fail'], destination: ['ldap'] };
    const wanted = new Map<string, number>();
    for (const row of rows) if (row.state === 2) wanted.set(row.destination, (wanted.get(row.destination) ?? 0) + 1);
    const found = new Map(facetCounts(snapshot, filter, 'destination').map(({ word, count }) => [word, count]));
    expect(found.get('outlook.office365.com')).toBe(wanted.get('outlook.office365.com'));
    expect([...found.values()].reduce((a, b) => a + b, 0)).toBe(rows.filter((row) => row.state === 2).length);
  });

  test('alerts are looked for, counted and offered as states are', () => {
    const wanted = rows.flatMap((row, i) => (row.alert === 2 ? [i] : []));
    expect(wanted.length).toBeGreaterThan(0);
    expect([...filterRows(snapshot, { text: 'alert:sev1' })]).toEqual(wanted);
    const counts = countAlerts(snapshot);
    expect(counts).toEqual([1, 2, 3, 4, 5].map((code) => rows.filter((row) => row.alert === code).length));
    const offered = new Map(facetCounts(snapshot, {}, 'alert').map(({ word, count }) => [word, count]));
    expect(offered.get('Sev1')).toBe(counts[1]);
    expect(offered.get('None')).toBe(rows.filter((row) => row.alert === 0).length);
  });

  test('states are counted', () => {
    expect(countStates(snapshot)).toEqual(STATES.map((_, i) => rows.filter((row) => row.state === i).length));
  });
});

describe('sorting', () => {
  const value = (row: Row, column: string): number | string | null => {
    if (column === 'rttMs') return Number.isNaN(row.rttMs) ? null : row.rttMs;
    if (column === 'state') return [1, 3, 4, 2, 0][row.state]!;
    if (column === 'alert') return row.alert === 0 ? null : 5 - row.alert;
    return (row as unknown as Record<string, string | null>)[column] ?? null;
  };
  const compare = (a: number | string | null, b: number | string | null) => {
    if (typeof a === 'string' && typeof b === 'string') return compareWords(a, b);
    return (a as number) - (b as number);
  };

  test.each([
    'rttMs',
    '-rttMs',
    'source,-rttMs',
    '-state,destination',
    'sourceAddress',
    '-pathIssue,source',
    'alert',
    '-alert,rttMs',
  ])('by %s agrees with a naive model', (text) => {
    const keys = parseSort(text);
    const wanted = rows
      .map((_, i) => i)
      .sort((a, b) => {
        for (const { column, isDescending } of keys) {
          const x = value(rows[a]!, column);
          const y = value(rows[b]!, column);
          if (x === y) continue;
          if (x === null) return 1;
          if (y === null) return -1;
          const order = compare(x, y);
          if (order !== 0) return isDescending ? -order : order;
        }
        return a - b;
      });
    expect([...sortRows(snapshot, Uint32Array.from(rows.keys()), keys)]).toEqual(wanted);
  });

  test('numbers of all kinds, missing ones last either way, equal ones in their order', () => {
    const next = random(8);
    const kinds = [NaN, 0, -0, -1.5, 1.5, Infinity, -Infinity, 1e-310, -1e300, 3, 3, 2 ** 40];
    const values = Float64Array.from({ length: 2000 }, () =>
      next() < 0.5 ? pick(next, kinds) : (next() - 0.5) * 10 ** Math.floor(next() * 20),
    );
    for (const sign of [1, -1]) {
      const wanted = [...values.keys()].sort((a, b) => {
        const [x, y] = [values[a]!, values[b]!];
        if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
        return x === y ? a - b : x < y ? -sign : sign;
      });
      const found = Uint32Array.from(values.keys());
      radixSort(values, found, sign < 0);
      expect([...found]).toEqual(wanted);
    }
  });

  test('keys read back as written, unknown ones are dropped', () => {
    expect(formatSort(parseSort('-rttMs,source,nonsense'))).toBe('-rttMs,source');
    expect(formatSort([])).toBeUndefined();
  });
});

describe('groups', () => {
  test('hold every test once, with the state of the worst', () => {
    const groups = groupBy(snapshot, filterRows(snapshot, {}), 'monitor');
    expect(groups.map((group) => group.name)).toEqual(['m0', 'm1', 'm2', 'm3']);
    expect(groups.reduce((sum, group) => sum + group.rows.length, 0)).toBe(rows.length);
    for (const group of groups) {
      expect(snapshot.state[group.worst]).toBe(group.state);
      // Of the worst tests, the one that began first gives the reason.
      const since = [...group.rows].filter((row) => snapshot.state[row] === group.state).map((row) => rows[row]!.since);
      expect(rows[group.worst]!.since).toBe(Math.min(...since));
    }
    expect(groups.every((group) => group.counts[2] === 0 || group.state === 2)).toBe(true);
    // Of alerts the one with the least severity number is the gravest.
    for (const group of groups) {
      const codes = [...group.rows].map((row) => rows[row]!.alert).filter((code) => code > 0);
      expect(group.alert).toBe(Math.min(...codes));
    }
    const quiet = filterRows(snapshot, { alert: ['None'] });
    expect(groupBy(snapshot, quiet, 'monitor').every((group) => group.alert === 0)).toBe(true);
  });

  test('test groups of the same name in two monitors stay apart', () => {
    const groups = groupsOfMonitors(snapshot, filterRows(snapshot, {}));
    expect(new Set(groups.map((group) => group.key)).size).toBe(groups.length);
    expect(groups.length).toBeGreaterThan(new Set(rows.map((row) => row.group)).size);
  });

  test('means leave out what was not measured', () => {
    const only = Uint32Array.from(rows.flatMap((row, i) => (row.monitor === 'm1' ? [i] : [])));
    const measured = [...only].map((i) => rows[i]!.rttMs).filter((rtt) => !Number.isNaN(rtt));
    const group = groupBy(snapshot, only, 'monitor')[0]!;
    expect(group.rttMs).toBeCloseTo(measured.reduce((a, b) => a + b, 0) / measured.length, 9);
  });
});

describe('live frames', () => {
  const frame = (ids: string[], state: number): RowsFrame => ({
    revision: 9,
    at: '2026-11-21T20:00:01Z',
    id: ids,
    state: ids.map(() => state),
    reasonCode: ids.map(() => 'AllChecksFailed'),
    observed: ids.map(() => 100),
    limit: ids.map(() => null),
    since: ids.map(() => 5),
    lastRound: ids.map(() => 6),
    checksFailedPercent: ids.map(() => 100),
    rttMs: ids.map(() => null),
    rttMinMs: ids.map(() => null),
    rttMaxMs: ids.map(() => null),
    jitterMs: ids.map(() => null),
    pathIssue: ids.map(() => 'Broken'),
  });

  test('change the rows they name and make a new snapshot object', () => {
    const before = decodeRows(rows);
    const id = hexId(before.id[17]!);
    const { snapshot: after, changed, isStale } = applyFrame(before, frame([id], 2));
    expect(after).not.toBe(before);
    expect(after.revision).toBe('9');
    expect(after.state[17]).toBe(2);
    expect(after.rttMs[17]).toBeNaN();
    expect([...filterRows(after, { text: 'issue:broken' })]).toEqual([17]);
    expect(changed).toEqual(rows[17]!.state === 2 ? [] : [17]);
    expect(isStale).toBe(false);
    expect(rowOfHex(after, id)).toBe(17);
  });

  test('bring alerts and take them away; a server that sends none leaves them', () => {
    const before = decodeRows(rows);
    const id = hexId(before.id[5]!);
    const alertOf = (alert: number[] | undefined) => applyFrame(before, { ...frame([id], 2), alert }).snapshot.alert[5];
    expect(alertOf([1])).toBe(1);
    expect(alertOf(undefined)).toBe(1);
    expect(alertOf([99])).toBe(1);
    expect(alertOf([0])).toBe(0);
  });

  test('a test that is not known makes the snapshot stale', () => {
    expect(applyFrame(decodeRows(rows), frame(['ffffffffffffffff'], 1)).isStale).toBe(true);
    expect(rowOfHex(snapshot, 'nonsense')).toBeNull();
  });
});

describe('monitors of which only the summary is there', () => {
  test('are the groups that all rows give', () => {
    const snapshot = decodeRows(randomRows(300, 41));
    const groups = groupBy(snapshot, filterRows(snapshot, {}), 'monitor');
    const monitors = groups.map(({ name, counts, worst, rttMs, checksFailedPercent, alert }) => ({
      name,
      states: counts,
      worst,
      rttMs,
      checksFailedPercent,
      alert,
    }));
    const summed = monitorsOf({ rows: 300, states: [], alerts: null, monitors: monitors.toReversed() });
    for (const key of ['', 'state', 'alert', '-rttMs', 'checksFailedPercent', 'monitor']) {
      const bare = (list: ReturnType<typeof groupBy>) =>
        sortGroups([...list], parseSort(key)).map(({ rows: _, ...group }) => group);
      expect(bare(summed), key).toEqual(bare(groups));
    }
  });
});
