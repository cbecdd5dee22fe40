// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { call, withQuery } from '../core/api/client.ts';
import { signIn } from '../core/api/endpoints.ts';
import type { Session } from '../core/api/types.ts';
import { learnServerTime } from '../core/time/clock.ts';
import { Logo } from '../ui/icons.tsx';
import { messageOf } from '../ui/Notice.tsx';

/** The words with which the server sends a browser back that a provider could not sign in (docs/sign-in.md). */
const REFUSALS = new Map([
  ['denied', 'The sign-in was cancelled, or the provider does not allow it.'],
  [
    'provider',
    "The provider's answer cannot be accepted. The server's log says why; ask whoever runs linewatch to look there.",
  ],
  ['unreachable', 'The provider cannot be reached at the moment. Try again, or sign in with a token.'],
  ['expired', 'This sign-in took too long, or was begun in another browser. Cookies must be allowed. Try again.'],
  [
    'not-allowed',
    'The provider knows you, but nobody has given you access here. Ask whoever runs linewatch for a role.',
  ],
  ['failed', 'The server could not sign you in. Its log says why.'],
]);

interface Provider {
  name: string;
  url: string;
}

/** The OpenID provider, where the server has one; null while that is not known. */
function useProvider(): Provider | null {
  const query = useQuery({
    queryKey: ['sign-in'],
    queryFn: ({ signal }) => call<{ provider: Provider | null }>('GET', '/api/v1/sign-in', { signal }),
  });
  return query.data?.provider ?? null;
}

interface SignInProps {
  /** The word with which the server sent the browser back, if it did. */
  refusal: string | null;
  onSignedIn: (session: Session) => void;
}

export function SignIn({ refusal, onSignedIn }: SignInProps) {
  const [token, setToken] = useState('');
  const [fault, setFault] = useState(() => REFUSALS.get(refusal ?? '') ?? null);
  const provider = useProvider();
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
        {provider && (
          <>
            <a className="button primary" href={withQuery(provider.url, { to: location.pathname + location.search })}>
              Sign in with {provider.name}
            </a>
            <p className="quiet">or with a token:</p>
          </>
        )}
        <label className="field">
          <span className="label">Token</span>
          <input
            className="input"
            type="password"
            name="token"
            autoComplete="current-password"
            required
            autoFocus={!provider}
            value={token}
            aria-invalid={fault !== null}
            aria-describedby="token-help"
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <p id="token-help" className="quiet">
          The first one is in the file <code>admin.token</code> in the server&apos;s data folder.
        </p>
        {fault && (
          <p role="alert" className="diff">
            {fault}
          </p>
        )}
        <button className={provider ? 'button' : 'button primary'} disabled={isBusy || token.trim() === ''}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
