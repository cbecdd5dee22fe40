// SPDX-License-Identifier: Apache-2.0
import { useSyncExternalStore } from 'react';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isFailure: boolean;
}

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Says something that needs no answer. Failures stay longer and interrupt a screen reader. */
export function toast(text: string, isFailure = false): void {
  const id = nextId++;
  set([...toasts.slice(-3), { id, text, isFailure }]);
  setTimeout(() => set(toasts.filter((each) => each.id !== id)), isFailure ? 12_000 : 5000);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div className="toasts">
      {[false, true].map((isFailure) => (
        <div key={String(isFailure)} className="stack" aria-live={isFailure ? 'assertive' : 'polite'}>
          {shown
            .filter((each) => each.isFailure === isFailure)
            .map((each) => (
              <p key={each.id} className="toast">
                {each.text}
              </p>
            ))}
        </div>
      ))}
    </div>
  );
}
