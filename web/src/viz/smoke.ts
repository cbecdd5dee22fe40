// SPDX-License-Identifier: Apache-2.0
// The smoke chart: for each step four nested bands of quantiles, the median on top, and a lane beneath in
// which height and colour are the share of checks lost. A gap is a gap. The idea is SmokePing's (T. Oetiker).
import type uPlot from 'uplot';
import type { Quantiles } from '../core/api/types.ts';
import { formatClock } from '../core/time/format.ts';
import { formatMs, formatPercent } from '../core/text/numbers.ts';
import { hatch } from './canvas.ts';
import { lossColour } from './palette.ts';
import { LANE, makePlot, yAxis, type PlotBase } from './plot.ts';

export interface SmokeOptions extends PlotBase {
  readonly data: Quantiles;
  /** The threshold of the test configuration, drawn dashed. */
  readonly limitMs?: number | null;
  /** Instants at which the state changed. */
  readonly changes?: readonly number[];
}

const BANDS: readonly (readonly [number, number, number])[] = [
  [0, 8, 0.12],
  [1, 7, 0.2],
  [2, 6, 0.3],
  [3, 5, 0.42],
];
const MEDIAN = 4;
const P95 = 9;

export function lossAt(data: Quantiles, i: number): number {
  const total = data.total[i] ?? 0;
  return total > 0 ? (100 * (data.failed[i] ?? 0)) / total : NaN;
}

/** "15:40Z: median 24.8 ms, p95 31 ms, 20 of 20 answered". */
export function smokeSentence(data: Quantiles, i: number, zone: string): string {
  const total = data.total[i] ?? 0;
  const time = formatClock(data.time[i]!, zone, data.stepSec < 60);
  if (total === 0) return `${time}: nothing measured`;
  const answered = total - (data.failed[i] ?? 0);
  const median = data.quantiles[MEDIAN]?.[i];
  if (median === null || median === undefined) return `${time}: none of ${total} answered`;
  return `${time}: median ${formatMs(median)}, p95 ${formatMs(data.quantiles[P95]?.[i])}, ${answered} of ${total} answered`;
}

/** The whole chart in one sentence, for those who cannot see it. */
export function smokeSummary(data: Quantiles): string {
  const medians = (data.quantiles[MEDIAN] ?? [])
    .filter((value): value is number => value !== null)
    .sort((a, b) => a - b);
  const total = data.total.reduce((sum, value) => sum + value, 0);
  const failed = data.failed.reduce((sum, value) => sum + value, 0);
  if (total === 0) return 'Nothing was measured in this time.';
  if (medians.length === 0) return `All of ${total} checks failed.`;
  const loss = formatPercent((100 * failed) / total);
  return `Median round-trip time between ${formatMs(medians[0])} and ${formatMs(medians[medians.length - 1])}, typically ${formatMs(medians[medians.length >> 1])}; ${loss} of ${total} checks failed.`;
}

/** The scale's upper end: nearly all of the slowest checks fit, and so does the threshold unless it is far off. */
export function smokeTop(data: Quantiles, limitMs: number | null | undefined): { top: number; above: number } {
  const highest = (data.quantiles[8] ?? []).filter((value): value is number => value !== null).sort((a, b) => a - b);
  if (highest.length === 0) return { top: limitMs ?? 1, above: 0 };
  const nearly = highest[Math.min(highest.length - 1, Math.floor(highest.length * 0.999))]!;
  const median = Math.max(...(data.quantiles[MEDIAN] ?? []).map((value) => value ?? 0));
  const top = Math.max(Math.min(nearly, 6 * median || nearly), limitMs && limitMs < 3 * nearly ? limitMs : 0) * 1.06;
  return { top: Math.max(top, 0.01), above: highest.filter((value) => value > top).length };
}

export function makeSmoke(host: HTMLElement, options: SmokeOptions): uPlot {
  const { data, palette } = options;
  const { top } = smokeTop(data, options.limitMs);
  const seconds = data.time.map((ms) => ms / 1000);
  const median = data.quantiles[MEDIAN] ?? [];
  return makePlot(host, options, [seconds, median as number[]], {
    series: [{}, { stroke: palette.median, width: 0, paths: () => null, points: { show: false } }],
    scales: { y: { range: (plot) => [(-top * LANE) / Math.max(1, plot.bbox.height / devicePixelRatio - LANE), top] } },
    axes: [yAxis(palette, 'ms')],
    draw: (plot) => draw(plot, options),
  });
}

function draw(plot: uPlot, options: SmokeOptions): void {
  const { data } = options;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const zero = plot.valToPos(0, 'y', true);
  ctx.fillStyle = options.palette.sunken;
  ctx.fillRect(bbox.left, zero, bbox.width, bbox.top + bbox.height - zero);
  const step = data.stepSec;
  for (let i = 0; i < data.time.length; i++) {
    const left = plot.valToPos(data.time[i]! / 1000, 'x', true);
    const right = plot.valToPos(data.time[i]! / 1000 + step, 'x', true);
    drawStep(plot, options, i, left, Math.max(1, right - left), zero);
  }
  drawLimit(plot, options);
  drawChanges(plot, options);
  ctx.restore();
}

function drawStep(
  plot: uPlot,
  { data, palette }: SmokeOptions,
  i: number,
  left: number,
  width: number,
  zero: number,
): void {
  const { ctx, bbox } = plot;
  if ((data.total[i] ?? 0) === 0) return;
  const loss = lossAt(data, i);
  if (loss >= 100) {
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = lossColour(palette, 100);
    ctx.fillRect(left, bbox.top, width, zero - bbox.top);
    ctx.globalAlpha = 1;
    hatch(ctx, left, bbox.top, Math.max(width, 2), zero - bbox.top, lossColour(palette, 100));
  }
  for (const [low, high, alpha] of BANDS) {
    const a = data.quantiles[low]?.[i];
    const b = data.quantiles[high]?.[i];
    if (a === null || a === undefined || b === null || b === undefined) continue;
    const upper = plot.valToPos(b, 'y', true);
    ctx.globalAlpha = alpha;
    ctx.fillStyle = palette.smoke;
    ctx.fillRect(left, upper, width, Math.max(1, plot.valToPos(a, 'y', true) - upper));
  }
  ctx.globalAlpha = 1;
  const median = data.quantiles[MEDIAN]?.[i];
  if (median !== null && median !== undefined) {
    const thickness = (loss > 0 ? 3 : 1.5) * devicePixelRatio;
    ctx.fillStyle = loss > 0 ? lossColour(palette, loss) : palette.median;
    ctx.fillRect(left, plot.valToPos(median, 'y', true) - thickness / 2, width, thickness);
  }
  if (loss > 0) {
    const lane = bbox.top + bbox.height - zero;
    const height = Math.max(2, (loss / 100) * lane);
    ctx.fillStyle = lossColour(palette, loss);
    ctx.fillRect(left, bbox.top + bbox.height - height, width, height);
  }
}

function drawLimit(plot: uPlot, { limitMs, palette }: SmokeOptions): void {
  if (!limitMs) return;
  const { ctx, bbox } = plot;
  const y = plot.valToPos(limitMs, 'y', true);
  if (y < bbox.top) return;
  ctx.strokeStyle = palette.text;
  ctx.setLineDash([6, 4]);
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.fillStyle = palette.text;
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.fillText(`threshold ${formatMs(limitMs)}`, bbox.left + 6 * devicePixelRatio, y - 4 * devicePixelRatio);
}

function drawChanges(plot: uPlot, { changes, palette }: SmokeOptions): void {
  const { ctx, bbox } = plot;
  ctx.fillStyle = palette.quiet;
  for (const ms of changes ?? []) {
    const x = plot.valToPos(ms / 1000, 'x', true);
    const size = 4 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x - size, bbox.top);
    ctx.lineTo(x + size, bbox.top);
    ctx.lineTo(x, bbox.top + 1.6 * size);
    ctx.fill();
  }
}
