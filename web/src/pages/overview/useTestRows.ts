// SPDX-License-Identifier: Apache-2.0
// Reasons and small charts of the rows that are seen, fetched a window at a time and kept until the range or
// the instant changes.
import { useCallback, useEffect, useRef, useState } from 'react';
import { getTestRows } from '../../core/api/endpoints.ts';
import type { TestRow } from '../../core/api/types.ts';
import { pointsFor } from '../../core/time/range.ts';
import { useInstant, useSpan } from '../../app/search.tsx';

const WAIT_MS = 120;
const AT_ONCE = 100;
const POINTS = 60;
const AGAIN_MS = 5000;

export function useTestRows(ids: readonly string[]): (id: string) => TestRow | undefined {
  const span = useSpan();
  const at = useInstant();
  const key = `${span.from} ${span.to} ${at}`;
  const cache = useRef({ key: '', rows: new Map<string, TestRow>(), old: new Map<string, TestRow>() });
  const [version, rerender] = useState(0);
  const [attempt, tryAgain] = useState(0);
  if (cache.current.key !== key) {
    // What was there stays in sight until the new numbers come.
    const old = new Map([...cache.current.old, ...cache.current.rows]);
    cache.current = { key, rows: new Map(), old: old.size > 2000 ? new Map() : old };
  }
  const wanted = ids.join(',');
  useEffect(() => {
    const controller = new AbortController();
    let again: ReturnType<typeof setTimeout> | undefined;
    const timer = setTimeout(() => {
      const { rows } = cache.current;
      const missing = wanted
        .split(',')
        .filter((id) => id && !rows.has(id))
        .slice(0, AT_ONCE);
      if (missing.length === 0) return;
      getTestRows(missing, span, at, pointsFor(span, 60, POINTS), controller.signal)
        .then((found) => {
          for (const row of found) rows.set(row.id, row);
          rerender((count) => count + 1);
        })
        .catch(() => {
          if (!controller.signal.aborted) again = setTimeout(() => tryAgain((count) => count + 1), AGAIN_MS);
        });
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      clearTimeout(again);
      controller.abort();
    };
  }, [wanted, key, attempt]);
  // Another function when it would answer otherwise, so that rows are rendered anew then and only then.
  return useCallback((id: string) => cache.current.rows.get(id) ?? cache.current.old.get(id), [version, key]);
}
