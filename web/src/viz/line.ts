// SPDX-License-Identifier: Apache-2.0
// Lines over time, one colour and dash for each; gaps stay gaps.
import uPlot from 'uplot';
import { DASHES } from './palette.ts';
import { makePlot, yAxis, type PlotBase } from './plot.ts';
import { thin, type Values } from './thin.ts';

export interface Line {
  readonly name: string;
  readonly values: Values;
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
  const all = lines.map((line) => line.values);
  const columns = Math.ceil(options.width * devicePixelRatio);
  const thinned = thin(options.time, all, options.fromMs, options.toMs, columns);
  // Where steps are much closer than pixels dashes cannot be told apart, and thick lines take several times as long.
  const isDense = thinned !== null;
  const shown = thinned ?? { time: options.time, lines: all };
  const data = [shown.time.map((ms) => ms / 1000), ...shown.lines] as uPlot.AlignedData;
  const onHover = (i: number | null) => options.events.onHover?.(i !== null && thinned ? thinned.stepOf[i]! : i);
  return makePlot(host, { ...options, events: { ...options.events, onHover } }, data, {
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
