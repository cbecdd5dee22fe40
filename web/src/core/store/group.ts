// SPDX-License-Identifier: Apache-2.0
// Groups rows for trees and tabs: connection monitor > test group > test, or by any one column.
// The state of a group is the server's roll-up rule (src/evaluate, roll_up): the first that occurs of
// Fail, Warning, Indeterminate, Pass, Not Running.
import { MISSING, wordAt, type NumberColumn, type Snapshot, type Whole, type WordColumnName } from '../api/snapshot.ts';
import { compareWords } from './filter.ts';
import type { SortKey } from './sort.ts';

export interface Group {
  readonly key: string;
  readonly name: string;
  /** Names from the outermost group to this one. */
  readonly path: readonly string[];
  readonly rows: Uint32Array;
  /** Tests per state, in the order of STATES. */
  readonly counts: readonly number[];
  /** Index into STATES. */
  readonly state: number;
  /** Index into ALERTS: the gravest of its tests. */
  readonly alert: number;
  /** The row that the state and its reason are of: of the worst tests, the one that began first. */
  readonly worst: number;
  readonly rttMs: number;
  readonly checksFailedPercent: number;
}

const ROLL_UP = [2, 1, 3, 0, 4];

function mean(values: NumberColumn, rows: Uint32Array): number {
  let sum = 0;
  let count = 0;
  for (const row of rows) {
    const value = values[row]!;
    if (value === value) {
      sum += value;
      count++;
    }
  }
  return count > 0 ? sum / count : NaN;
}

function worstRow(snapshot: Snapshot, rows: Uint32Array, state: number): number {
  let worst = -1;
  for (const row of rows) {
    if (snapshot.state[row] !== state) continue;
    if (worst < 0 || snapshot.since[row]! < snapshot.since[worst]!) worst = row;
  }
  return worst;
}

/** The longest interval between rounds of the rows' tests, in seconds. */
export function slowest(snapshot: Snapshot, rows: Uint32Array): number {
  let found = 1;
  for (const row of rows) if (snapshot.frequencySec[row]! > found) found = snapshot.frequencySec[row]!;
  return found;
}

/** Of two codes of ALERTS: none is the least, then the severities from the last to the first. */
function graver(a: number, b: number): number {
  return a === 0 || (b !== 0 && b < a) ? b : a;
}

export function summarise(snapshot: Snapshot, path: readonly string[], rows: Uint32Array): Group {
  const counts = [0, 0, 0, 0, 0];
  let alert = 0;
  for (const row of rows) {
    counts[snapshot.state[row]!]!++;
    alert = graver(alert, snapshot.alert[row]!);
  }
  const state = ROLL_UP.find((each) => counts[each]! > 0) ?? 3;
  return {
    key: path.join('\u0000'),
    name: path[path.length - 1] ?? '',
    path,
    rows,
    counts,
    state,
    alert,
    worst: worstRow(snapshot, rows, state),
    rttMs: mean(snapshot.rttMs, rows),
    checksFailedPercent: mean(snapshot.checksFailedPercent, rows),
  };
}

/** The monitors of a snapshot of which only the first rows are there. Their rows are not. */
export function monitorsOf(whole: Whole): Group[] {
  const groups = whole.monitors.map(({ name, states, worst, rttMs, checksFailedPercent, alert }) => ({
    key: name,
    name,
    path: [name],
    rows: new Uint32Array(0),
    counts: states,
    state: ROLL_UP.find((each) => states[each]! > 0) ?? 3,
    alert: alert ?? 0,
    worst,
    rttMs,
    checksFailedPercent,
  }));
  return groups.sort((a, b) => compareWords(a.name, b.name));
}

/** Rows by the words of one column, in the order of the words. Rows without a word are left out. */
export function groupBy(
  snapshot: Snapshot,
  rows: Uint32Array,
  column: WordColumnName,
  path: readonly string[] = [],
): Group[] {
  const { codes, words } = snapshot[column];
  const counts = new Uint32Array(words.length);
  for (const row of rows) if (codes[row] !== MISSING) counts[codes[row]!]!++;
  const lists = new Map<number, { rows: Uint32Array; used: number }>();
  for (const row of rows) {
    const code = codes[row]!;
    if (code === MISSING) continue;
    let list = lists.get(code);
    if (!list) lists.set(code, (list = { rows: new Uint32Array(counts[code]!), used: 0 }));
    list.rows[list.used++] = row;
  }
  const groups = [...lists].map(([code, list]) => summarise(snapshot, [...path, words[code]!], list.rows));
  return groups.sort((a, b) => compareWords(a.name, b.name));
}

/** Test groups of all monitors: a group's name is unique within its monitor only. */
export function groupsOfMonitors(snapshot: Snapshot, rows: Uint32Array): Group[] {
  return groupBy(snapshot, rows, 'monitor').flatMap((monitor) =>
    groupBy(snapshot, monitor.rows, 'group', monitor.path),
  );
}

/** "subnet-a" of "subnet-a/web1"; the name itself for an endpoint that is one machine. */
export function compoundOf(name: string): string {
  const slash = name.indexOf('/');
  return slash > 0 ? name.slice(0, slash) : name;
}

/**
 * Tests by the compound endpoints that they come from: a cluster is all tests between the members of one source
 * and one destination by one test configuration. A test that is alone is a cluster of one.
 */
export function clustersOf(snapshot: Snapshot, rows: Uint32Array, path: readonly string[] = []): Group[] {
  const compound = (column: 'source' | 'destination') => snapshot[column].words.map(compoundOf);
  const [sources, destinations] = [compound('source'), compound('destination')];
  const lists = new Map<string, number[]>();
  for (const row of rows) {
    const key = [
      snapshot.monitor.codes[row],
      snapshot.group.codes[row],
      sources[snapshot.source.codes[row]!],
      destinations[snapshot.destination.codes[row]!],
      snapshot.configuration.codes[row],
    ].join('\u0000');
    const list = lists.get(key);
    if (list) list.push(row);
    else lists.set(key, [row]);
  }
  return [...lists.values()].map((list) => {
    const row = list[0]!;
    const name = `${sources[snapshot.source.codes[row]!]} → ${destinations[snapshot.destination.codes[row]!]} (${wordAt(snapshot.configuration, row)})`;
    const inner = path.length > 0 ? path : [wordAt(snapshot.monitor, row) ?? '', wordAt(snapshot.group, row) ?? ''];
    return summarise(snapshot, [...inner, name], Uint32Array.from(list));
  });
}

const GRAVITY = [1, 3, 4, 2, 0];

function valueOf(group: Group, column: string): number {
  if (column === 'state') return GRAVITY[group.state]!;
  if (column === 'alert') return group.alert === 0 ? NaN : -group.alert;
  if (column === 'rttMs') return group.rttMs;
  if (column === 'checksFailedPercent') return group.checksFailedPercent;
  return column === 'tests' ? group.counts.reduce((sum, count) => sum + count, 0) : NaN;
}

export function sortGroups(groups: Group[], keys: readonly SortKey[]): Group[] {
  const key = keys[0];
  if (!key) return groups;
  const sign = key.isDescending ? -1 : 1;
  return groups.sort((a, b) => {
    const x = valueOf(a, key.column);
    const y = valueOf(b, key.column);
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    if (x !== y && !Number.isNaN(x)) return x < y ? -sign : sign;
    const isByName = ['test', 'monitor', 'group'].includes(key.column);
    return compareWords(a.name, b.name) * (isByName ? sign : 1);
  });
}
