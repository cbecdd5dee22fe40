// SPDX-License-Identifier: Apache-2.0
// Series of a metric over time in numbers: what a table of them says, and which are drawn.
import type { Aggregate, AggregateSeries } from '../../core/api/types.ts';

export type Metric = 'rttMs' | 'checksFailedPercent';

export interface SeriesNumbers {
  readonly name: string;
  readonly tests: number;
  readonly values: readonly (number | null)[];
  /** NaN without any value. */
  readonly mean: number;
  readonly least: number;
  readonly most: number;
  readonly latest: number;
}

export function numbersOf({ name, tests, ...each }: AggregateSeries, metric: Metric): SeriesNumbers {
  const values = each[metric];
  let [sum, count, least, most, latest] = [0, 0, NaN, NaN, NaN];
  for (const value of values) {
    if (value === null) continue;
    sum += value;
    count++;
    if (!(value >= least)) least = value;
    if (!(value <= most)) most = value;
    latest = value;
  }
  return { name, tests, values, mean: sum / count, least, most, latest };
}

/** Those with the highest mean first; what has no value at all last. */
export function byMean(aggregate: Aggregate, metric: Metric): SeriesNumbers[] {
  return aggregate.series
    .map((each) => numbersOf(each, metric))
    .sort((a, b) => (Number.isNaN(b.mean) ? -1 : b.mean) - (Number.isNaN(a.mean) ? -1 : a.mean));
}
