// SPDX-License-Identifier: Apache-2.0
// The grammar of time in the URL. A bound is relative to now ("now-24h") or an absolute instant.
// All instants are milliseconds since the epoch, UTC. Nothing here reads a clock: `now` is given.

export type Bound =
  { readonly kind: 'relative'; readonly backMs: number } | { readonly kind: 'absolute'; readonly ms: number };

export interface Range {
  readonly from: Bound;
  readonly to: Bound;
}

/** A range with both ends resolved; `from < to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;

const UNITS: readonly (readonly [string, number])[] = [
  ['w', WEEK],
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
  ['s', SECOND],
];
/** The earliest and latest instants that a bound may name: years 1970 to 9999. */
const LATEST = Date.UTC(9999, 11, 31);
const LONGEST = 20 * 366 * DAY;

export const QUICK_RANGES: readonly { readonly from: string; readonly label: string }[] = [
  { from: 'now-15m', label: 'Last 15 minutes' },
  { from: 'now-1h', label: 'Last hour' },
  { from: 'now-6h', label: 'Last 6 hours' },
  { from: 'now-24h', label: 'Last 24 hours' },
  { from: 'now-7d', label: 'Last 7 days' },
  { from: 'now-30d', label: 'Last 30 days' },
  { from: 'now-90d', label: 'Last 90 days' },
];

function absolute(ms: number): Bound | null {
  if (!Number.isFinite(ms) || ms < 0 || ms > LATEST) return null;
  return { kind: 'absolute', ms: Math.round(ms) };
}

function parseRelative(text: string): Bound | null {
  if (text === 'now') return { kind: 'relative', backMs: 0 };
  const match = /^now-(\d{1,9})([smhdw])$/.exec(text);
  if (!match) return null;
  const unit = UNITS.find(([name]) => name === match[2]);
  const backMs = Number(match[1]) * (unit ? unit[1] : NaN);
  return backMs <= LONGEST ? { kind: 'relative', backMs } : null;
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?\s*(Z|UTC)?$/i;

function parseIso(text: string): Bound | null {
  const match = ISO.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const fraction = Number(`0.${match[7] ?? '0'}`);
  const ms = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
  const check = new Date(ms);
  // Date.UTC rolls 31 February over into March; such a date is a slip and is refused.
  const isReal =
    check.getUTCMonth() === month! - 1 && check.getUTCDate() === day && hour! < 24 && minute! < 60 && second! < 60;
  return isReal ? absolute(ms + Math.floor(fraction * 1000)) : null;
}

/** Reads `now`, `now-90m`, ISO 8601 (UTC unless said otherwise), `2026-11-21 06:12`, or an epoch in s or ms. */
export function parseBound(text: string): Bound | null {
  const trimmed = text.trim();
  const epoch = /^\d{9,13}$/.test(trimmed) ? Number(trimmed) : null;
  if (epoch !== null) return absolute(trimmed.length >= 12 ? epoch : epoch * 1000);
  return parseRelative(trimmed.toLowerCase()) ?? parseIso(trimmed);
}

/** `2026-11-21T06:12:00Z`, with milliseconds only where there are any. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

export function formatBound(bound: Bound): string {
  if (bound.kind === 'absolute') return formatInstant(bound.ms);
  if (bound.backMs === 0) return 'now';
  const unit = UNITS.find(([, length]) => bound.backMs % length === 0) ?? UNITS[UNITS.length - 1]!;
  // Hours up to two days read better than days: now-24h, not now-1d.
  const isShort = unit[1] >= DAY && bound.backMs < 2 * DAY;
  const chosen = isShort ? UNITS[2]! : unit;
  return `now-${Math.round(bound.backMs / chosen[1])}${chosen[0]}`;
}

export function resolveBound(bound: Bound, now: number): number {
  return bound.kind === 'absolute' ? bound.ms : now - bound.backMs;
}

/** Both ends as instants. A range the wrong way round is turned; an empty one gets a minute. */
export function resolve(range: Range, now: number): Span {
  const a = resolveBound(range.from, now);
  const b = resolveBound(range.to, now);
  if (a === b) return { from: a - MINUTE, to: b };
  return a < b ? { from: a, to: b } : { from: b, to: a };
}

export function fromSpan(span: Span): Range {
  return { from: { kind: 'absolute', ms: Math.round(span.from) }, to: { kind: 'absolute', ms: Math.round(span.to) } };
}

/** The range as absolute instants: what "Freeze" and sharing do. */
export function freeze(range: Range, now: number): Range {
  return fromSpan(resolve(range, now));
}

export function isRelative(range: Range): boolean {
  return range.from.kind === 'relative' || range.to.kind === 'relative';
}

/** Moves by half of its length, back (-1) or forth (1), and never beyond now. */
export function shift(range: Range, direction: -1 | 1, now: number): Range {
  const span = resolve(range, now);
  const length = span.to - span.from;
  const moved = span.to + (direction * length) / 2;
  const to = direction === 1 ? Math.max(span.to, Math.min(moved, now)) : moved;
  return fromSpan({ from: to - length, to });
}

/** Twice as long around the same middle; not beyond now. */
export function zoomOut(range: Range, now: number): Range {
  if (range.to.kind === 'relative' && range.to.backMs === 0 && range.from.kind === 'relative') {
    return { from: { kind: 'relative', backMs: Math.min(range.from.backMs * 2, LONGEST) }, to: range.to };
  }
  const span = resolve(range, now);
  const half = (span.to - span.from) / 2;
  const to = Math.max(span.to, Math.min(span.to + half, now));
  return fromSpan({ from: Math.max(0, to - 4 * half), to });
}

/** "Last 24 hours", or both ends. */
export function rangeLabel(range: Range, format: (ms: number) => string, now: number): string {
  if (range.to.kind === 'relative' && range.to.backMs === 0 && range.from.kind === 'relative') {
    const text = formatBound(range.from);
    const quick = QUICK_RANGES.find((item) => item.from === text);
    return quick ? quick.label : `Last ${text.slice(4)}`;
  }
  const span = resolve(range, now);
  return `${format(span.from)} – ${format(span.to)}`;
}

/**
 * Steps of a chart: `most`, but none shorter than the interval at which there are rounds, or a line would be all gaps.
 * Several tests are as slow as their slowest.
 */
export function pointsFor(span: Span, frequencySec: number, most: number): number {
  const seconds = (span.to - span.from) / SECOND;
  return Math.max(6, Math.min(most, Math.floor(seconds / Math.max(1, frequencySec || 60))));
}

/** Start and length of the step of `steps` that `ms` lies in, for `,` and `.` and the recorder strip. */
export function stepLength(span: Span, steps: number): number {
  return Math.max(SECOND, Math.round((span.to - span.from) / steps));
}
