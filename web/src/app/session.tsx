// SPDX-License-Identifier: Apache-2.0
// Who is signed in. Without a session the sign-in page stands in for everything.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type FormEvent, type ReactNode } from 'react';
import { ApiError, onSignedOut } from '../core/api/client.ts';
import { getSession, signIn, signOut } from '../core/api/endpoints.ts';
import type { Session } from '../core/api/types.ts';
import { learnServerTime } from '../core/time/clock.ts';
import { Logo } from '../ui/icons.tsx';
import { Failure, Loading, messageOf } from '../ui/Notice.tsx';

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

export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const query = useQuery({ queryKey: ['session'], queryFn: ({ signal }) => fetchSession(signal), staleTime: 60_000, refetchInterval: 300_000, retry: false });
  useEffect(() => onSignedOut(() => client.setQueryData(['session'], null)), [client]);
  if (query.data) return <SessionContext value={query.data}>{children}</SessionContext>;
  if (query.data === null) return <SignIn onSignedIn={(session) => client.setQueryData(['session'], session)} />;
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

function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const [token, setToken] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    try {
      const session = await signIn(token.trim());
      learnServerTime(Date.parse(session.serverTime), Date.now());
      onSignedIn(session);
    } catch (error) {
      setFault(messageOf(error));
    }
    setBusy(false);
  };
  return (
    <main className="sign-in">
      <form className="card" onSubmit={(event) => void submit(event)}>
        <h1 className="brand">
          <Logo /> Sign in to linewatch
        </h1>
        <label className="field">
          <span className="label">Token</span>
          <input className="input" type="password" name="token" autoComplete="current-password" required autoFocus value={token} aria-invalid={fault !== null} aria-describedby="token-help" onChange={(event) => setToken(event.target.value)} />
        </label>
        <p id="token-help" className="quiet">
          The first one is in the file <code>admin.token</code> in the server&apos;s data folder.
        </p>
        {fault && <p role="alert" className="diff">{fault}</p>}
        <button className="button primary" disabled={isBusy || token.trim() === ''}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}

/** Ends the session here and on the server. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await signOut().catch(() => undefined);
    client.clear();
    client.setQueryData(['session'], null);
  };
}
