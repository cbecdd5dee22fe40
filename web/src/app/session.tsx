// SPDX-License-Identifier: Apache-2.0
// Who is signed in. Without a session the sign-in page stands in for everything.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { ApiError, onSignedOut } from '../core/api/client.ts';
import { getSession, signOut } from '../core/api/endpoints.ts';
import type { Session } from '../core/api/types.ts';
import { learnServerTime } from '../core/time/clock.ts';
import { Failure, Loading } from '../ui/Notice.tsx';
import { part } from '../ui/part.tsx';

const SignIn = part(async () => (await import('./SignIn.tsx')).SignIn);
const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession is for pages behind the gate');
  return session;
}

/** Whether this session may change connection monitors and start runs. */
export function useMayOperate(): boolean {
  return useSession().role !== 'reader';
}

async function fetchSession(signal: AbortSignal): Promise<Session | null> {
  try {
    const session = await getSession(signal);
    learnServerTime(Date.parse(session.serverTime), Date.now());
    return session;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export const sessionQuery = {
  queryKey: ['session'],
  queryFn: ({ signal }: { signal: AbortSignal }) => fetchSession(signal),
  staleTime: 60_000,
  retry: false,
} as const;

export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  // Read before the URL is put in order, which has no place for it.
  const [refusal, setRefusal] = useState(() => new URLSearchParams(location.search).get('signIn'));
  const query = useQuery({
    ...sessionQuery,
    refetchInterval: (each) => (each.state.error ? 5_000 : 300_000),
  });
  useEffect(() => onSignedOut(() => client.setQueryData(['session'], null)), [client]);
  if (query.data) return <SessionContext value={query.data}>{children}</SessionContext>;
  if (query.data === null) {
    const onSignedIn = (session: Session) => {
      setRefusal(null);
      client.setQueryData(['session'], session);
    };
    return <SignIn refusal={refusal} onSignedIn={onSignedIn} />;
  }
  if (query.error) {
    return (
      <main className="sign-in">
        <h1>linewatch</h1>
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      </main>
    );
  }
  return <Loading />;
}

/** Ends the session here and on the server. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    const next = await signOut().catch(() => undefined);
    // What is watched stays watched, so the session is set and all else forgotten.
    client.setQueryData(['session'], null);
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
    // The provider that signed in.
    if (next) location.assign(next.continueAt);
  };
}
