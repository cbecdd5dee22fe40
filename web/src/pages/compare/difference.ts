// SPDX-License-Identifier: Apache-2.0
import type { PathReport } from '../../core/api/types.ts';

/** The first hop at which the most taken paths have other addresses; null if none. Silent hops fit any. */
export function differingHop(a: PathReport, b: PathReport): number | null {
  const [one, other] = [a.paths[0]?.hops ?? [], b.paths[0]?.hops ?? []];
  for (let i = 0; i < Math.max(one.length, other.length); i++) {
    const [x, y] = [one[i], other[i]];
    if (!x || !y) return i + 1;
    if (x.address && y.address && x.address !== y.address) return i + 1;
  }
  return null;
}

/** NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return sorted.length === 0 ? NaN : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
