// SPDX-License-Identifier: Apache-2.0
// The server's clock, as the browser knows it. A browser that is an hour off must still show "now"
// where the server has it, so every "now" of the UI comes from here.

let offsetMs = 0;

/** Told by each answer that carries the server's time. Small differences are network delay and are left. */
export function learnServerTime(serverMs: number, receivedMs: number): void {
  const offset = serverMs - receivedMs;
  if (Number.isFinite(offset)) offsetMs = Math.abs(offset) < 1500 ? 0 : offset;
}

export function serverNow(): number {
  return Date.now() + offsetMs;
}

/** The server's clock minus the browser's, 0 when they agree. */
export function clockOffset(): number {
  return offsetMs;
}
