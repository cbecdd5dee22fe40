// SPDX-License-Identifier: Apache-2.0
// Completion from the server's own lists: operators after a bar, tables at the start, else columns of the
// tables that the query names, names that it makes itself, and functions.
import type { Vocabulary } from './words.ts';

export interface Suggestion {
  readonly label: string;
  readonly kind: 'table' | 'operator' | 'column' | 'function' | 'name';
  readonly detail: string;
}

export interface Suggestions {
  /** Where the word that is being typed begins. */
  readonly from: number;
  readonly items: readonly Suggestion[];
}

/** The text with strings and comments blanked, so that what stands in them is not taken for code. */
export function blanked(text: string): string {
  return text.replace(/\/\/[^\n]*|@?"(?:\\.|[^"\\\n])*"?|@?'(?:\\.|[^'\\\n])*'?/g, (found) => ' '.repeat(found.length));
}

/** Names that the query itself makes: `let x =`, `extend y =`, `summarize z = count()`. */
function ownNames(text: string): string[] {
  return [...text.matchAll(/([A-Za-z_]\w*)\s*=(?!=|~)/g)].map((match) => match[1]!);
}

export function suggest(query: string, position: number, words: Vocabulary): Suggestions {
  const code = blanked(query);
  const before = code.slice(0, position);
  const from = position - (/[\w-]*$/.exec(before)?.[0].length ?? 0);
  // A mark put where the cursor is does not survive inside a string or comment.
  if (!blanked(`${query.slice(0, position)}\u0001${query.slice(position)}`).includes('\u0001'))
    return { from, items: [] };
  const lead = before.slice(0, from).trimEnd();
  const tables: Suggestion[] = words.tables.map((table) => ({
    label: table.name,
    kind: 'table',
    detail: table.description,
  }));
  if (lead.endsWith('|'))
    return { from, items: words.operators.map((label) => ({ label, kind: 'operator', detail: '' })) };
  if (lead === '' || (/[;({]$/.test(lead) && !/\w\($/.test(lead)) || /\b(union|join|in)\s*$/.test(lead))
    return { from, items: tables };
  const named = words.tables.filter((table) => new RegExp(`\\b${table.name}\\b`).test(code));
  const columns = new Map<string, Suggestion>();
  for (const table of named)
    for (const column of table.columns)
      columns.set(column.name, { label: column.name, kind: 'column', detail: column.type });
  for (const name of ownNames(before))
    if (!columns.has(name)) columns.set(name, { label: name, kind: 'name', detail: 'made above' });
  const functions: Suggestion[] = words.functions.map(({ name, parameters }) => ({
    label: name,
    kind: 'function',
    detail: parameters ? `(${parameters})` : '',
  }));
  return { from, items: [...columns.values(), ...functions, ...(/[,(]$/.test(lead) ? tables : [])] };
}
