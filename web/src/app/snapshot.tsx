// SPDX-License-Identifier: Apache-2.0
// The one snapshot that a page reads: live, or of the chosen instant. States, tiles, tables, sorts and
// reasons all come from this object, so that they never disagree.
import { keepPreviousData, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import {
  createContext,
  useContext,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import { withQuery } from '../core/api/client.ts';
import { getFirstRows, getSnapshot } from '../core/api/endpoints.ts';
import { LiveStream, type StreamStatus } from '../core/api/sse.ts';
import { shareNames, type Snapshot } from '../core/api/snapshot.ts';
import { LiveSource } from '../core/store/live_source.ts';
import { instantOf } from '../core/url/search.ts';
import { placeNow } from './place.tsx';
import { useInstant } from './search.tsx';

export interface SnapshotView {
  readonly snapshot: Snapshot | null;
  /** When live and there is no snapshot yet: its first rows, for what needs no more. */
  readonly first: Snapshot | null;
  /** The stream of changes, when live. */
  readonly status: StreamStatus;
  readonly error: unknown;
  /** The snapshot is of another instant than asked for, which is on its way. */
  readonly isStale: boolean;
  readonly refetch: () => void;
}

const SnapshotContext = createContext<SnapshotView | null>(null);

export function useSnapshot(): SnapshotView {
  const view = useContext(SnapshotContext);
  if (!view) throw new Error('useSnapshot is for pages inside SnapshotProvider');
  return view;
}

/** On slow lines a screenful must not wait for 100,000 tests; and below this one answer is enough. */
export const FIRST_ROWS = 200;

let early: Promise<Snapshot> | null = null;
let arrived: Snapshot | null = null;

/** Asks for the first rows of now, if that is what will be shown. Who is not signed in asks again later. */
export async function askEarly(): Promise<void> {
  if (instantOf(placeNow().search) !== null) return;
  early = getFirstRows(FIRST_ROWS);
  arrived = await early.catch(() => null);
}

function firstRows(): Promise<Snapshot> {
  const asked = early;
  early = null;
  return asked ? asked.catch(() => getFirstRows(FIRST_ROWS)) : getFirstRows(FIRST_ROWS);
}

function takeArrived(): Snapshot | null {
  const first = arrived;
  arrived = null;
  return first;
}

function makeSource(): LiveSource {
  return new LiveSource({
    first: takeArrived(),
    fetchSnapshot: () => getSnapshot(null),
    fetchFirst: firstRows,
    openStream: (handlers, since) => new LiveStream({ path: withQuery('/api/v1/stream', { since }) }, handlers),
    schedule: (run) => void (document.hidden ? setTimeout(run, 0) : requestAnimationFrame(run)),
  });
}

/** Runs the source while it is wanted and the page can be seen: browsers allow few connections per host. */
function useLive(source: LiveSource, isWanted: boolean): void {
  useEffect(() => {
    const follow = () => {
      if (isWanted && !document.hidden) source.start();
      else source.stop();
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      source.stop();
    };
  }, [source, isWanted]);
}

/** Past snapshots are kept for a while, for those who go back and forth; but never more rows of them than this. */
const PAST_ROWS_MAX = 600_000;

function forgetOldest(client: QueryClient): void {
  const kept = client.getQueryCache().findAll({ queryKey: ['snapshot'], type: 'inactive' });
  kept.sort((a, b) => b.state.dataUpdatedAt - a.state.dataUpdatedAt);
  let rows = 0;
  for (const { queryKey, state } of kept) {
    rows += (state.data as Snapshot | undefined)?.rows ?? 0;
    if (rows > PAST_ROWS_MAX) client.removeQueries({ queryKey, exact: true });
  }
}

export function SnapshotProvider({ children }: { children: ReactNode }) {
  const at = useInstant();
  const [source] = useState(makeSource);
  useLive(source, at === null);
  const live = useSyncExternalStore(source.subscribe, source.getState);
  // All of a page takes a new snapshot over together, but never while keys wait: 100,000 rows take their time.
  const deferred = useDeferredValue(live.snapshot);
  const snapshot = deferred ?? live.snapshot;
  const names = useRef<Snapshot | null>(null);
  const client = useQueryClient();
  const getPast = async (instant: number | null, signal: AbortSignal) => {
    names.current = shareNames(live.snapshot ?? names.current, await getSnapshot(instant, signal));
    forgetOldest(client);
    return names.current;
  };
  const past = useQuery({
    queryKey: ['snapshot', at],
    queryFn: ({ signal }) => getPast(at, signal),
    enabled: at !== null,
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
  const view = useMemo<SnapshotView>(() => {
    if (at === null)
      return {
        snapshot,
        first: live.first,
        status: live.status,
        error: live.error,
        isStale: false,
        refetch: () => void source.fetch(),
      };
    return {
      snapshot: past.data ?? null,
      first: null,
      status: 'open',
      error: past.error,
      isStale: past.isPlaceholderData,
      refetch: () => void past.refetch(),
    };
  }, [at, live, snapshot, past, source]);
  return <SnapshotContext value={view}>{children}</SnapshotContext>;
}
