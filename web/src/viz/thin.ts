// SPDX-License-Identifier: Apache-2.0
// What can be seen of lines with more steps than pixels. The idea is that of M4: Jugel et al., "M4: A
// Visualization-Oriented Time Series Data Aggregation", PVLDB 7(10), 2014; without its first and last values of a
// column, since neighbouring columns touch here.

export type Values = readonly (number | null)[];

export interface Thinned {
  /** Milliseconds; two for each column of pixels that has any step. */
  readonly time: readonly number[];
  /** For each line, in each column: its lowest and its highest value, in the order in which they came. */
  readonly lines: readonly Values[];
  /** Of which step each of `time` is. */
  readonly stepOf: readonly number[];
}

/** Columns with fewer steps than this gain nothing. */
const STEPS_LEAST = 2;

/** First index of `time`, which ascends, that is not before `ms`. */
function firstFrom(time: readonly number[], ms: number): number {
  let low = 0;
  let high = time.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (time[middle]! < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Lines from `fromMs` to `toMs` on so many columns of pixels; null where they have no more steps than can be seen.
 * A gap that is narrower than a column is not seen; one as wide is a gap still.
 */
export function thin(
  time: readonly number[],
  lines: readonly Values[],
  fromMs: number,
  toMs: number,
  columns: number,
): Thinned | null {
  // One more on each side, from which and to which the lines are drawn.
  const begin = Math.max(0, firstFrom(time, fromMs) - 1);
  const end = Math.min(time.length, firstFrom(time, toMs) + 1);
  if (columns <= 0 || toMs <= fromMs || end - begin < STEPS_LEAST * columns) return null;
  const starts = startsOf(time, begin, end, fromMs, (toMs - fromMs) / columns);
  const ends = starts.map((_, c) => (c + 1 < starts.length ? starts[c + 1]! : end));
  const stepOf = starts.flatMap((start, c) => [start, ends[c]! - 1]);
  return {
    time: stepOf.map((step) => time[step]!),
    lines: lines.map((values) => extremes(values, starts, ends)),
    stepOf,
  };
}

/** The first step of each column that has any. */
function startsOf(time: readonly number[], begin: number, end: number, fromMs: number, columnMs: number): number[] {
  const starts: number[] = [];
  let column = NaN;
  for (let step = begin; step < end; step++) {
    const at = Math.floor((time[step]! - fromMs) / columnMs);
    if (at !== column) starts.push(step);
    column = at;
  }
  return starts;
}

function extremes(values: Values, starts: readonly number[], ends: readonly number[]): (number | null)[] {
  const found: (number | null)[] = [];
  for (let c = 0; c < starts.length; c++) {
    let least = -1;
    let most = -1;
    for (let i = starts[c]!; i < ends[c]!; i++) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      if (least < 0 || value < values[least]!) least = i;
      if (most < 0 || value > values[most]!) most = i;
    }
    if (least < 0) found.push(null, null);
    else found.push(values[Math.min(least, most)]!, values[Math.max(least, most)]!);
  }
  return found;
}
