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
