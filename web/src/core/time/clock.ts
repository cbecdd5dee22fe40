// SPDX-License-Identifier: Apache-2.0
// The server's clock, as the browser knows it. A browser that is an hour off must still show "now"
// where the server has it, so every "now" of the UI comes from here.

/** What network and scheduling account for; less than this is no difference of clocks. */
const NOISE_MS = 1500;
/** Whole seconds in a Date header and slow answers are no reason to move the clock. */
const COARSE_MS = 30_000;

let offsetMs = 0;
const listeners = new Set<() => void>();

/** Told by each answer that carries the server's time. Small differences are network delay and are left. */
export function learnServerTime(serverMs: number, receivedMs: number): void {
  const offset = serverMs - receivedMs;
  if (!Number.isFinite(offset)) return;
  const next = Math.abs(offset) < NOISE_MS ? 0 : offset;
  if (next === offsetMs) return;
  offsetMs = next;
  for (const listener of listeners) listener();
}

/** Told by each answer's Date header, which has whole seconds: corrects only what is far off, either way. */
export function learnServerTimeCoarsely(serverMs: number): void {
  if (Math.abs(serverMs - serverNow()) > COARSE_MS) learnServerTime(serverMs, Date.now());
}

export function serverNow(): number {
  return Date.now() + offsetMs;
}

/** The server's clock minus the browser's, 0 when they agree. */
export function clockOffset(): number {
  return offsetMs;
}

export function onClockOffset(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
