// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { ApiError } from '../core/api/client.ts';

export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return 'Something went wrong.';
}

/** What went wrong, in words, and a way on. */
export function Failure({ error, onRetry, what }: { error: unknown; onRetry?: () => void; what?: string }) {
  const details = error instanceof ApiError ? error.details : [];
  return (
    <div className="notice bad" role="alert">
      <div className="grow">
        {what && <strong>{what}: </strong>}
        {messageOf(error)}
        {details.length > 0 && (
          <ul>
            {details.slice(0, 20).map((fault, i) => (
              <li key={i}>{fault.text ?? fault.message}</li>
            ))}
          </ul>
        )}
      </div>
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

export function Loading({ what = 'Loading' }: { what?: string }) {
  return (
    <p className="empty" role="status">
      {what}…
    </p>
  );
}
