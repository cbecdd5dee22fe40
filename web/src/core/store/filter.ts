// SPDX-License-Identifier: Apache-2.0
// Filters and counts on columns. A text is looked for once in each dictionary, not in each row, so
// that 100,000 tests cost a few array reads each.
import { ALERTS, MISSING, STATES, type Snapshot, type WordColumnName } from '../api/snapshot.ts';
import type { Scope } from '../url/search.ts';
import { parseTerms, type Term } from './terms.ts';

export interface Filter {
  readonly text?: string;
  readonly scope?: Scope;
  /** Names; empty or missing lets all through. */
  readonly state?: readonly string[];
  readonly alert?: readonly string[];
  readonly monitor?: readonly string[];
  readonly group?: readonly string[];
  readonly source?: readonly string[];
  readonly destination?: readonly string[];
  readonly configuration?: readonly string[];
  readonly protocol?: readonly string[];
}

const WORD_FACETS = ['monitor', 'group', 'source', 'destination', 'configuration', 'protocol'] as const;
export type Facet = (typeof WORD_FACETS)[number] | 'alert';

/** One test of a row: which rows pass, by mask over a dictionary's codes. */
interface Condition {
  readonly key: string;
  readonly columns: readonly { readonly codes: Codes; readonly mask: Uint8Array }[];
  readonly isNegated: boolean;
}

type Codes = Uint32Array | Uint8Array;

function maskOf(words: readonly string[], isWanted: (word: string) => boolean): Uint8Array {
  const mask = new Uint8Array(words.length);
  for (let i = 0; i < words.length; i++) mask[i] = isWanted(words[i]!) ? 1 : 0;
  return mask;
}

function columnOf(
  snapshot: Snapshot,
  name: WordColumnName | 'state' | 'alert',
): { codes: Codes; words: readonly string[] } {
  if (name === 'state') return { codes: snapshot.state, words: STATES };
  return name === 'alert' ? { codes: snapshot.alert, words: ALERTS } : snapshot[name];
}

function termCondition(snapshot: Snapshot, term: Term, index: number): Condition {
  const columns = term.columns.map((name) => {
    const { codes, words } = columnOf(snapshot, name);
    return { codes, mask: maskOf(words, (word) => word.toLowerCase().includes(term.text)) };
  });
  return { key: `text${index}`, columns, isNegated: term.isNegated };
}

function choiceCondition(snapshot: Snapshot, name: Facet | 'state', chosen: readonly string[]): Condition {
  const { codes, words } = columnOf(snapshot, name);
  const wanted = new Set(chosen.map((word) => word.toLowerCase()));
  return {
    key: name,
    columns: [{ codes, mask: maskOf(words, (word) => wanted.has(word.toLowerCase())) }],
    isNegated: false,
  };
}

function conditionsOf(snapshot: Snapshot, filter: Filter): Condition[] {
  const terms = parseTerms(filter.text ?? '', filter.scope ?? 'all');
  const conditions = terms.map((term, index) => termCondition(snapshot, term, index));
  for (const name of ['state', 'alert', ...WORD_FACETS] as const) {
    const chosen = filter[name];
    if (chosen && chosen.length > 0) conditions.push(choiceCondition(snapshot, name, chosen));
  }
  return conditions;
}

function passes(condition: Condition, row: number): boolean {
  for (const { codes, mask } of condition.columns) {
    const code = codes[row]!;
    if (code !== MISSING && mask[code] === 1) return !condition.isNegated;
  }
  return condition.isNegated;
}

/** The rows that pass, in the order of the snapshot. */
export function filterRows(snapshot: Snapshot, filter: Filter): Uint32Array {
  const conditions = conditionsOf(snapshot, filter);
  const rows = new Uint32Array(snapshot.rows);
  let count = 0;
  outer: for (let row = 0; row < snapshot.rows; row++) {
    for (const condition of conditions) if (!passes(condition, row)) continue outer;
    rows[count++] = row;
  }
  return rows.subarray(0, count);
}

/** Tests per state of the given rows, or of all; the order of STATES. */
export function countStates(snapshot: Snapshot, rows?: Uint32Array): number[] {
  const counts = STATES.map(() => 0);
  if (rows) for (const row of rows) counts[snapshot.state[row]!]!++;
  else for (const state of snapshot.state) counts[state]!++;
  return counts;
}

/** Tests per severity of the alerts that fire for them; the order of ALERTS without its first. */
export function countAlerts(snapshot: Snapshot): number[] {
  const counts = ALERTS.map(() => 0);
  for (const alert of snapshot.alert) counts[alert]!++;
  return counts.slice(1);
}

export interface FacetCount {
  readonly word: string;
  readonly count: number;
}

/** How many tests each word of a facet would give, with all other filters in force. The most first. */
export function facetCounts(snapshot: Snapshot, filter: Filter, facet: Facet): FacetCount[] {
  const rows = filterRows(snapshot, { ...filter, [facet]: undefined });
  const { codes, words } = columnOf(snapshot, facet);
  const counts = new Uint32Array(words.length);
  for (const row of rows) {
    const code = codes[row]!;
    if (code !== MISSING) counts[code]!++;
  }
  const chosen = new Set(filter[facet] ?? []);
  const found = words.map((word, code) => ({ word, count: counts[code]! }));
  const kept = found.filter(({ word, count }) => count > 0 || chosen.has(word));
  return kept.sort((a, b) => b.count - a.count || compareWords(a.word, b.word));
}

let collator: Intl.Collator | undefined;

/** The order of names: without regard to case, numbers by value, equal ones by code unit so that it is total. */
export function compareWords(a: string, b: string): number {
  // Made when names are first put in order: that takes long, and the first rows come in the server's.
  collator ??= new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
