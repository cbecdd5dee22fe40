// SPDX-License-Identifier: Apache-2.0
// Sorts rows by up to four columns. Missing values come last, whichever way a column is sorted. Rows that
// are equal keep the snapshot's order, so that a table does not jump about as numbers change.
import {
  MISSING,
  type NumberColumnName,
  type Snapshot,
  type WordColumn,
  type WordColumnName,
} from '../api/snapshot.ts';
import { compareWords } from './filter.ts';

export type SortColumn = WordColumnName | NumberColumnName | 'state' | 'test';
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
    if (WORDS.has(column) || NUMBERS.has(column) || column === 'state' || column === 'test') {
      keys.push({ column: column as SortColumn, isDescending: part.startsWith('-') });
    }
  }
  return keys.slice(0, 4);
}

export function formatSort(keys: readonly SortKey[]): string | undefined {
  return keys.length > 0 ? keys.map((key) => (key.isDescending ? '-' : '') + key.column).join(',') : undefined;
}

function ranks(column: WordColumn): Float64Array {
  const order = column.words.map((_, code) => code).sort((a, b) => compareWords(column.words[a]!, column.words[b]!));
  const rank = new Float64Array(column.words.length);
  order.forEach((code, place) => {
    const before = order[place - 1];
    rank[code] = before !== undefined && column.words[before] === column.words[code] ? rank[before]! : place;
  });
  return rank;
}

/** A number per row of the snapshot that sorts as the column does; NaN where there is no value. */
function keyColumns(snapshot: Snapshot, column: SortColumn): Float64Array[] {
  if (column === 'test')
    return [
      ...keyColumns(snapshot, 'source'),
      ...keyColumns(snapshot, 'destination'),
      ...keyColumns(snapshot, 'configuration'),
    ];
  if (column === 'state') return [Float64Array.from(snapshot.state, (state) => GRAVITY[state]!)];
  if (NUMBERS.has(column)) return [snapshot[column as NumberColumnName]];
  const words = snapshot[column as WordColumnName];
  const rank = ranks(words);
  return [Float64Array.from(words.codes, (code) => (code === MISSING ? NaN : rank[code]!))];
}

/** Sorts in place and gives the same array back. */
export function sortRows(snapshot: Snapshot, rows: Uint32Array, keys: readonly SortKey[]): Uint32Array {
  const columns = keys.flatMap((key) =>
    keyColumns(snapshot, key.column).map((values) => ({ values, sign: key.isDescending ? -1 : 1 })),
  );
  if (columns.length === 0) return rows;
  return rows.sort((a, b) => {
    for (const { values, sign } of columns) {
      const x = values[a]!;
      const y = values[b]!;
      if (x === y) continue;
      const xMissing = x !== x;
      const yMissing = y !== y;
      if (xMissing && yMissing) continue;
      if (xMissing) return 1;
      if (yMissing) return -1;
      return x < y ? -sign : sign;
    }
    return a - b;
  });
}
