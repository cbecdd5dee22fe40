// SPDX-License-Identifier: Apache-2.0
// Queries that this browser remembers: the last ones, and those that were saved under a name.

export interface SavedQuery {
  readonly name: string;
  readonly text: string;
}

const RECENT = 'linewatch-queries';
const SAVED = 'linewatch-saved-queries';
const RECENT_MAX = 15;

function read<T>(key: string, isItem: (item: unknown) => item is T): T[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(found) ? found.filter(isItem) : [];
  } catch {
    return [];
  }
}

function write(key: string, items: readonly unknown[]): void {
  try {
    localStorage.setItem(key, JSON.stringify(items));
  } catch {
    // A full or forbidden storage forgets; nothing depends on it.
  }
}

const isText = (item: unknown): item is string => typeof item === 'string';
const isSaved = (item: unknown): item is SavedQuery =>
  isText((item as SavedQuery | null)?.name) && isText((item as SavedQuery).text);

export const recentQueries = (): string[] => read(RECENT, isText);
export const savedQueries = (): SavedQuery[] => read(SAVED, isSaved);

export function remember(text: string): void {
  write(RECENT, [text, ...recentQueries().filter((each) => each !== text)].slice(0, RECENT_MAX));
}

export function saveQuery(name: string, text: string): void {
  write(SAVED, [...savedQueries().filter((each) => each.name !== name), { name, text }]);
}
