// SPDX-License-Identifier: Apache-2.0
// Microsoft's Kusto language service in a worker of its own, loaded when the page is used. It knows all of
// Kusto, so what it suggests is cut down to what the server implements. Without it the page works on.
import type { Suggestion, Suggestions } from '../../core/kql/complete.ts';
import type { Vocabulary } from '../../core/kql/words.ts';

export interface Finding {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

export interface KustoService {
  complete(query: string, position: number): Promise<Suggestions | null>;
  check(query: string): Promise<Finding[]>;
  close(): void;
}

export type KustoRequest = { id: number } & (
  | { kind: 'schema'; vocabulary: Vocabulary }
  | { kind: 'complete'; query: string; position: number }
  | { kind: 'check'; query: string }
);

const WAIT_MS = 2500;
const LOADING_MS = 60_000;

/** Names that any answer may hold beside the server's own: words of the grammar. */
const GRAMMAR = new Set([
  'by',
  'and',
  'or',
  'on',
  'asc',
  'desc',
  'in',
  'has',
  'contains',
  'between',
  'startswith',
  'endswith',
  'kind',
  'with',
  'true',
  'false',
  'to',
  'let',
]);

export function allowed(items: readonly Suggestion[], vocabulary: Vocabulary): Suggestion[] {
  const names = new Set(
    [...vocabulary.operators, ...vocabulary.functions.map((each) => each.name), ...GRAMMAR].map((name) =>
      name.toLowerCase(),
    ),
  );
  return items.filter(
    (item) =>
      item.kind === 'column' || item.kind === 'table' || item.kind === 'name' || names.has(item.label.toLowerCase()),
  );
}

export function startKusto(vocabulary: Vocabulary): KustoService {
  const worker = new Worker(new URL('./kusto.worker.ts', import.meta.url), { name: 'kusto' });
  const waiting = new Map<number, (answer: unknown) => void>();
  let next = 1;
  worker.onmessage = ({ data }: MessageEvent<{ id: number; answer: unknown }>) => {
    waiting.get(data.id)?.(data.answer);
    waiting.delete(data.id);
  };
  // Without the service everything is answered at once, by nothing.
  let isGone = false;
  worker.onerror = (event) => {
    event.preventDefault();
    isGone = true;
    for (const answer of waiting.values()) answer(null);
    waiting.clear();
  };
  const ask = <T>(request: { kind: string; [key: string]: unknown }, otherwise: T, waitMs = WAIT_MS): Promise<T> =>
    new Promise((done) => {
      if (isGone) return done(otherwise);
      const id = next++;
      waiting.set(id, (answer) => done((answer ?? otherwise) as T));
      setTimeout(() => {
        if (waiting.delete(id)) done(otherwise);
      }, waitMs);
      worker.postMessage({ ...request, id });
    });
  // Loading takes a second or two, in which nobody should wait for it.
  let isReady = false;
  void ask<boolean>({ kind: 'schema', vocabulary }, false, LOADING_MS).then((isLoaded) => (isReady = isLoaded));
  return {
    async complete(query, position) {
      if (!isReady) return null;
      const found = await ask<Suggestions | null>({ kind: 'complete', query, position }, null);
      const items = found ? allowed(found.items, vocabulary) : [];
      return found && items.length > 0 ? { from: found.from, items } : null;
    },
    check: async (query) => (isReady ? ask<Finding[]>({ kind: 'check', query }, []) : []),
    close: () => worker.terminate(),
  };
}
