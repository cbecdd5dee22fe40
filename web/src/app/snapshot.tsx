// SPDX-License-Identifier: Apache-2.0
// The one snapshot that a page reads: live, or of the chosen instant. States, tiles, tables, sorts and
// reasons all come from this object, so that they never disagree.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import {
  createContext,
  useContext,
  useDeferredValue,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import { withQuery } from '../core/api/client.ts';
import { getSnapshot } from '../core/api/endpoints.ts';
import { LiveStream, type StreamStatus } from '../core/api/sse.ts';
import type { Snapshot } from '../core/api/snapshot.ts';
import { LiveSource } from '../core/store/live_source.ts';
import { useInstant } from './search.tsx';

export interface SnapshotView {
  readonly snapshot: Snapshot | null;
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

function makeSource(): LiveSource {
  return new LiveSource({
    fetchSnapshot: () => getSnapshot(null),
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

export function SnapshotProvider({ children }: { children: ReactNode }) {
  const at = useInstant();
  const [source] = useState(makeSource);
  useLive(source, at === null);
  const live = useSyncExternalStore(source.subscribe, source.getState);
  // All of a page takes a new snapshot over together, but never while keys wait: 100,000 rows take their time.
  const deferred = useDeferredValue(live.snapshot);
  const snapshot = deferred ?? live.snapshot;
  const past = useQuery({
    queryKey: ['snapshot', at],
    queryFn: ({ signal }) => getSnapshot(at, signal),
    enabled: at !== null,
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
  const view = useMemo<SnapshotView>(() => {
    if (at === null)
      return {
        snapshot,
        status: live.status,
        error: live.error,
        isStale: false,
        refetch: () => void source.fetch(),
      };
    return {
      snapshot: past.data ?? null,
      status: 'open',
      error: past.error,
      isStale: past.isPlaceholderData,
      refetch: () => void past.refetch(),
    };
  }, [at, live, snapshot, past, source]);
  return <SnapshotContext value={view}>{children}</SnapshotContext>;
}
