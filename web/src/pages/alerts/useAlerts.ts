// SPDX-License-Identifier: Apache-2.0
// Alerts of the instant that a page shows. No event tells of them: when the column of the snapshot changes, and now
// and then, they are asked for again.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { getAlertsAt } from '../../core/api/endpoints.ts';
import type { Snapshot } from '../../core/api/snapshot.ts';
import { countAlerts } from '../../core/store/filter.ts';
import { every } from '../../app/query.ts';
import { useInstant } from '../../app/search.tsx';

const AGAIN_MS = 15_000;

/** Another text when other alerts fire than before. */
export function useFiringKey(snapshot: Snapshot | null): string {
  return useMemo(() => (snapshot?.live ? countAlerts(snapshot).join() : ''), [snapshot]);
}

export function useFiringAlerts(snapshot: Snapshot | null, connectionMonitor?: string, isWanted = true) {
  const at = useInstant();
  const key = useFiringKey(snapshot);
  return useQuery({
    queryKey: ['alerts', 'firing', connectionMonitor, at, at === null && key],
    queryFn: ({ signal }) => getAlertsAt({ connectionMonitor }, at, signal),
    enabled: isWanted,
    placeholderData: keepPreviousData,
    ...(at === null ? { refetchInterval: every(AGAIN_MS) } : { staleTime: Infinity }),
  });
}
