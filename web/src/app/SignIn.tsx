// SPDX-License-Identifier: Apache-2.0
import { useState, type FormEvent } from 'react';
import { signIn } from '../core/api/endpoints.ts';
import type { Session } from '../core/api/types.ts';
import { learnServerTime } from '../core/time/clock.ts';
import { Logo } from '../ui/icons.tsx';
import { messageOf } from '../ui/Notice.tsx';

export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
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
          <input
            className="input"
            type="password"
            name="token"
            autoComplete="current-password"
            required
            autoFocus
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
        <button className="button primary" disabled={isBusy || token.trim() === ''}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
