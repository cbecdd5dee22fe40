// SPDX-License-Identifier: Apache-2.0
// How one hop did over a range: its loss and the delay that it adds, cell by cell, from the path reports.
import type { PathReport } from '../core/api/types.ts';
import { formatMs, formatPercent } from '../core/text/numbers.ts';
import { HOUR, type Span } from '../core/time/range.ts';
import { prepare, type Size } from './canvas.ts';
import { lossColour, type Palette } from './palette.ts';

/** The worst of a cell's time; null where the hop was on no way, or nothing is known. */
export interface HopCell {
  readonly lossPercent: number;
  readonly addedMs: number;
}

/** Reports are kept at least hourly: an older one describes nothing any more. */
const IN_FORCE_MS = 2 * HOUR;
const NO_LOSS = 0.05;

function atHop(report: PathReport, address: string): HopCell | null {
  const hops = report.paths.flatMap((path) => path.hops.filter((hop) => hop.address === address));
  if (hops.length === 0) return null;
  return {
    lossPercent: Math.max(...hops.map((hop) => hop.forwardingLossPercent.value)),
    addedMs: Math.max(...hops.map((hop) => hop.addedMs)),
  };
}

function worse(a: HopCell | null, b: HopCell): HopCell {
  if (!a) return b;
  return { lossPercent: Math.max(a.lossPercent, b.lossPercent), addedMs: Math.max(a.addedMs, b.addedMs) };
}

/** A report is in force from its end to the end of the next, and no longer than two hours. `reports` oldest first. */
export function hopCells(
  reports: readonly PathReport[],
  address: string,
  span: Span,
  count: number,
): (HopCell | null)[] {
  const cells: (HopCell | null)[] = Array<HopCell | null>(count).fill(null);
  const step = (span.to - span.from) / count;
  reports.forEach((report, i) => {
    const found = atHop(report, address);
    if (!found) return;
    const begin = Date.parse(report.to);
    const next = reports[i + 1];
    const end = Math.min(next ? Date.parse(next.to) : Infinity, begin + IN_FORCE_MS, span.to);
    const first = Math.max(0, Math.floor((begin - span.from) / step));
    for (let cell = first; cell < count && span.from + cell * step < end; cell++)
      cells[cell] = worse(cells[cell]!, found);
  });
  return cells;
}

/** "at worst 22 % lost, adds 2.0 to 96.0 ms"; empty where nothing is known. */
export function hopWords(cells: readonly (HopCell | null)[]): string {
  const known = cells.filter((cell): cell is HopCell => cell !== null);
  if (known.length === 0) return '';
  const lost = Math.max(...known.map((cell) => cell.lossPercent));
  const added = known.map((cell) => cell.addedMs);
  const [least, most] = [formatMs(Math.min(...added)), formatMs(Math.max(...added))];
  const range = least === most ? most : `${least.replace(/ ms$/, '')} to ${most}`;
  return `${lost < NO_LOSS ? 'no loss' : `at worst ${formatPercent(lost)} lost`}, adds ${range}`;
}

/** Above loss, by height and colour; below the added delay, by height, of the range's most. */
export function drawHopHeat(
  canvas: HTMLCanvasElement,
  cells: readonly (HopCell | null)[],
  palette: Palette,
  size?: Size,
): void {
  const surface = prepare(canvas, size);
  if (!surface) return;
  const { context, width, height } = surface;
  const cellWidth = width / Math.max(1, cells.length);
  const lane = height / 2;
  const most = Math.max(1, ...cells.map((cell) => cell?.addedMs ?? 0));
  cells.forEach((cell, i) => {
    if (!cell) return;
    const bar = Math.max(1, cellWidth - 0.5);
    const x = i * cellWidth;
    context.fillStyle = palette.line;
    context.fillRect(x, lane - 2, cellWidth, 1);
    if (cell.lossPercent >= NO_LOSS) {
      const tall = Math.max(3, (cell.lossPercent / 100) * (lane - 2));
      context.fillStyle = lossColour(palette, cell.lossPercent);
      context.fillRect(x, lane - 1 - tall, bar, tall);
    }
    const tall = Math.max(1, (cell.addedMs / most) * (lane - 2));
    context.fillStyle = palette.median;
    context.fillRect(x, height - tall, bar, tall);
  });
}
