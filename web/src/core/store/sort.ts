// SPDX-License-Identifier: Apache-2.0
// Sorts rows by up to four columns. Missing values come last, whichever way a column is sorted. Rows that
// are equal keep the snapshot's order, so that a table does not jump about as numbers change.
import {
  MISSING,
  type NumberColumn,
  type NumberColumnName,
  type Snapshot,
  type WordColumn,
  type WordColumnName,
} from '../api/snapshot.ts';
import { compareWords } from './filter.ts';
import { radixSort } from './radix.ts';

export type SortColumn = WordColumnName | NumberColumnName | 'state' | 'alert' | 'test';
export interface SortKey {
  readonly column: SortColumn;
  readonly isDescending: boolean;
}

const WORDS: ReadonlySet<string> = new Set([
  'monitor',
  'group',
  'source',
  'destination',
  'configuration',
  'address',
  'agent',
  'sourceAddress',
  'checkedAddress',
  'protocol',
  'reasonCode',
  'pathIssue',
]);
const NUMBERS: ReadonlySet<string> = new Set([
  'port',
  'frequencySec',
  'observed',
  'limit',
  'since',
  'lastRound',
  'checksFailedPercent',
  'rttMs',
  'rttMinMs',
  'rttMaxMs',
  'jitterMs',
  'httpStatus',
  'certificateExpires',
]);
/** Worst last when ascending: Not Running, Pass, Indeterminate, Warning, Fail; by index into STATES. */
const GRAVITY = [1, 3, 4, 2, 0];

/** "-rttMs,source" to keys; unknown columns are left out. */
export function parseSort(text: string | undefined): SortKey[] {
  const keys: SortKey[] = [];
  for (const part of (text ?? '').split(',')) {
    const column = part.replace(/^[+-]/, '');
    if (WORDS.has(column) || NUMBERS.has(column) || ['state', 'alert', 'test'].includes(column)) {
      keys.push({ column: column as SortColumn, isDescending: part.startsWith('-') });
    }
  }
  return keys.slice(0, 4);
}

export function formatSort(keys: readonly SortKey[]): string | undefined {
  return keys.length > 0 ? keys.map((key) => (key.isDescending ? '-' : '') + key.column).join(',') : undefined;
}

const rankings = new WeakMap<string[], { of: number; ranks: Float64Array }>();

/** The place of each word among all, equal words alike. Kept: comparing words as people do takes long. */
function ranks({ words }: WordColumn): Float64Array {
  const kept = rankings.get(words);
  // Live frames bring words, which only ever come behind the others.
  if (kept?.of === words.length) return kept.ranks;
  const order = words.map((_, code) => code).sort((a, b) => compareWords(words[a]!, words[b]!));
  const found = new Float64Array(words.length);
  order.forEach((code, place) => {
    const before = order[place - 1];
    found[code] = before !== undefined && words[before] === words[code] ? found[before]! : place;
  });
  rankings.set(words, { of: words.length, ranks: found });
  return found;
}

/** A number per row of the snapshot that sorts as the column does; NaN where there is no value. */
function keyColumns(snapshot: Snapshot, column: SortColumn): NumberColumn[] {
  if (column === 'test')
    return [
      ...keyColumns(snapshot, 'source'),
      ...keyColumns(snapshot, 'destination'),
      ...keyColumns(snapshot, 'configuration'),
    ];
  const found = new Float64Array(snapshot.rows);
  if (column === 'state') {
    for (let row = 0; row < found.length; row++) found[row] = GRAVITY[snapshot.state[row]!]!;
  } else if (column === 'alert') {
    // The gravest last when ascending; without an alert there is no value.
    for (let row = 0; row < found.length; row++) found[row] = snapshot.alert[row] === 0 ? NaN : -snapshot.alert[row]!;
  } else if (NUMBERS.has(column)) {
    return [snapshot[column as NumberColumnName]];
  } else {
    const words = snapshot[column as WordColumnName];
    const rank = ranks(words);
    for (let row = 0; row < found.length; row++) {
      const code = words.codes[row]!;
      found[row] = code === MISSING ? NaN : rank[code]!;
    }
  }
  return [found];
}

/** Sorts in place and gives the same array back. */
export function sortRows(snapshot: Snapshot, rows: Uint32Array, keys: readonly SortKey[]): Uint32Array {
  // From the last key to the first: each sort keeps the order of those before where it has none of its own.
  for (const key of keys.toReversed())
    for (const values of keyColumns(snapshot, key.column).toReversed()) radixSort(values, rows, key.isDescending);
  return rows;
}
