// SPDX-License-Identifier: Apache-2.0
// The search box's grammar: words that must all be found, `key:value` terms, `-` negates, quotes keep blanks.
import type { WordColumnName } from '../api/snapshot.ts';
import type { Scope } from '../url/search.ts';

export interface Term {
  /** Columns of which one must contain the text; `state` and `alert` are no word columns and are named apart. */
  readonly columns: readonly (WordColumnName | 'state' | 'alert')[];
  readonly text: string;
  readonly isNegated: boolean;
}

const SOURCE: WordColumnName[] = ['source', 'sourceAddress', 'agent'];
const DESTINATION: WordColumnName[] = ['destination', 'address', 'checkedAddress'];
const REASON: WordColumnName[] = ['reasonCode', 'pathIssue'];

const SCOPE_COLUMNS: Record<Scope, readonly WordColumnName[]> = {
  all: ['monitor', 'group', ...SOURCE, ...DESTINATION, 'configuration', 'protocol', ...REASON],
  monitors: ['monitor'],
  groups: ['group'],
  sources: SOURCE,
  destinations: DESTINATION,
  configurations: ['configuration', 'protocol'],
  reasons: REASON,
};

const KEYS: Record<string, readonly (WordColumnName | 'state' | 'alert')[]> = {
  src: SOURCE,
  source: SOURCE,
  dst: DESTINATION,
  destination: DESTINATION,
  state: ['state'],
  alert: ['alert'],
  monitor: ['monitor'],
  group: ['group'],
  config: ['configuration'],
  proto: ['protocol'],
  agent: ['agent'],
  reason: REASON,
  issue: ['pathIssue'],
};
export const SEARCH_KEYS = Object.keys(KEYS);

const TERM = /(-?)(?:([A-Za-z]+):)?(?:"([^"]*)"|(\S+))/g;

export function parseTerms(text: string, scope: Scope): Term[] {
  const terms: Term[] = [];
  for (const match of text.matchAll(TERM)) {
    const key = match[2]?.toLowerCase();
    const isKey = key !== undefined && key in KEYS;
    const value = match[3] ?? match[4] ?? '';
    // "https:example" is text, not a term with an unknown key.
    const whole = isKey || key === undefined ? value : `${match[2]}:${value}`;
    if (whole === '') continue;
    terms.push({
      columns: isKey ? KEYS[key]! : SCOPE_COLUMNS[scope],
      text: whole.toLowerCase(),
      isNegated: match[1] === '-',
    });
  }
  return terms;
}
