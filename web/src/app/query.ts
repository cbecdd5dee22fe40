// SPDX-License-Identifier: Apache-2.0
// How calls of the API are repeated.
import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '../core/api/client.ts';
import { getSavedViews } from '../core/api/endpoints.ts';

const UNTIL_IT_WORKS_MS = 10_000;

function isTemporary(error: Error): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status >= 500;
}

/** For `refetchInterval`: what failed and may be over soon is asked for again, so that a page recovers by itself. */
export function untilItWorks(query: { state: { error: Error | null } }): number | false {
  return query.state.error && isTemporary(query.state.error) ? UNTIL_IT_WORKS_MS : false;
}

/** The same for what is asked for again now and then anyway. */
export function every(ms: number) {
  return (query: { state: { error: Error | null } }): number => untilItWorks(query) || ms;
}

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // At once what may be over soon; what the server refuses is not tried again.
        retry: (count, error) => isTemporary(error) && count < 2,
        refetchInterval: untilItWorks,
        staleTime: 10_000,
        refetchOnWindowFocus: false,
        gcTime: 120_000,
      },
    },
  });
}

export const savedViewsQuery = {
  queryKey: ['saved-views'],
  queryFn: ({ signal }: { signal: AbortSignal }) => getSavedViews(signal),
} as const;
