// SPDX-License-Identifier: Apache-2.0
// Lines over time, one colour and dash for each; gaps stay gaps.
import uPlot from 'uplot';
import { DASHES } from './palette.ts';
import { makePlot, yAxis, type PlotBase } from './plot.ts';

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

export interface LineOptions extends PlotBase {
  /** Milliseconds. */
  readonly time: readonly number[];
  readonly lines: readonly Line[];
  readonly unit: string;
  /** The scale goes at least so far up. */
  readonly atLeast?: number;
  readonly max?: number;
}

export function highest(lines: readonly Line[]): number {
  let top = 0;
  for (const line of lines) for (const value of line.values) if (value !== null && value > top) top = value;
  return top;
}

export function makeLines(host: HTMLElement, options: LineOptions): uPlot {
  const { palette, lines } = options;
  const top = Math.max(highest(lines) * 1.08, options.atLeast ?? 0) || 1;
  // Where steps are closer than pixels dashes cannot be told apart, and thick lines take several times as long.
  const isDense = options.time.length > options.width;
  const data = [options.time.map((ms) => ms / 1000), ...lines.map((line) => line.values)] as uPlot.AlignedData;
  return makePlot(host, options, data, {
    series: [
      {},
      ...lines.map((_, i) => ({
        stroke: palette.series[i % palette.series.length],
        width: isDense ? 1 : 1.5,
        dash: isDense ? [] : [...DASHES[i % DASHES.length]!],
        spanGaps: false,
        points: { show: false },
      })),
    ],
    scales: { y: { range: () => [0, Math.min(top, options.max ?? top)] } },
    axes: [yAxis(palette, options.unit)],
  });
}
