// SPDX-License-Identifier: Apache-2.0
// The recorder strip: a bar for each step, as high as the share of tests that do not pass.
import type { Band } from '../core/api/types.ts';
import { prepare } from './canvas.ts';
import { lossColour, type Palette } from './palette.ts';

/** Share of tests in Warning or Fail, in percent, of those that ran; and whether any did. */
export function troubleAt(band: Band, i: number): { percent: number; total: number } {
  const failed = (band.fail[i] ?? 0) + (band.warning[i] ?? 0);
  const total = failed + (band.pass[i] ?? 0) + (band.indeterminate[i] ?? 0);
  return { percent: total > 0 ? (100 * failed) / total : 0, total };
}

/** `cursor` is the place of the chosen instant, 0 to 1, or null when live. */
export function drawBand(
  canvas: HTMLCanvasElement,
  band: Band | undefined,
  cursor: number | null,
  palette: Palette,
): void {
  const surface = prepare(canvas);
  if (!surface) return;
  const { context, width, height } = surface;
  context.fillStyle = palette.sunken;
  context.fillRect(0, 0, width, height);
  const steps = band?.pass.length ?? 0;
  // Only where unusually many states changed is there a tick: a few change all the time.
  const many = Math.max(1, 0.3 * Math.max(0, ...(band?.changes ?? [])));
  for (let i = 0; band && i < steps; i++) {
    const left = (i / steps) * width;
    const step = width / steps;
    const { percent, total } = troubleAt(band, i);
    if (total === 0) continue;
    context.fillStyle = palette.line;
    context.fillRect(left, height - 2, step + 0.5, 2);
    if (percent > 0) {
      const size = Math.max(3, Math.sqrt(percent / 100) * (height - 4));
      context.fillStyle = lossColour(palette, percent);
      context.fillRect(left, height - size, Math.max(1, step), size);
    }
    if ((band.changes[i] ?? 0) >= many) {
      context.fillStyle = palette.quiet;
      context.fillRect(left + step / 2 - 0.5, 0, 1, 3);
    }
  }
  if (cursor === null) return;
  context.fillStyle = palette.text;
  context.fillRect(Math.min(width - 3, Math.max(0, cursor * width - 1.5)), 0, 3, height);
}
