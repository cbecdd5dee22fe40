// SPDX-License-Identifier: Apache-2.0
// The two small charts of a table row. Gaps stay gaps.
import { prepare, type Size } from './canvas.ts';
import { lossColour, type Palette } from './palette.ts';

/** A line over the values, its own scale, a dot at the end. */
export function drawSparkline(
  canvas: HTMLCanvasElement,
  values: readonly (number | null)[],
  palette: Palette,
  size?: Size,
): void {
  const surface = prepare(canvas, size);
  if (!surface) return;
  const { context, width, height } = surface;
  const known = values.filter((value): value is number => value !== null);
  if (known.length === 0) return;
  const low = Math.min(...known);
  const high = Math.max(...known);
  // A flat line stays flat: differences below a tenth of the value are noise.
  const spread = Math.max(high - low, high * 0.1, 0.001);
  const x = (i: number) => 2 + (i / Math.max(1, values.length - 1)) * (width - 6);
  const y = (value: number) => height - 3 - ((value - low) / spread) * (height - 6);
  context.strokeStyle = palette.median;
  context.lineWidth = 1.2;
  context.beginPath();
  let isDown = false;
  values.forEach((value, i) => {
    if (value === null) isDown = false;
    else {
      if (isDown) context.lineTo(x(i), y(value));
      else context.moveTo(x(i), y(value));
      isDown = true;
    }
  });
  context.stroke();
  const last = values[values.length - 1];
  if (last === null || last === undefined) return;
  context.fillStyle = palette.median;
  context.beginPath();
  context.arc(x(values.length - 1), y(last), 2, 0, 2 * Math.PI);
  context.fill();
}

/** A cell for each step: height and colour by the share of checks lost; a line at the foot where there are rounds. */
export function drawLossStrip(
  canvas: HTMLCanvasElement,
  values: readonly (number | null)[],
  palette: Palette,
  size?: Size,
): void {
  const surface = prepare(canvas, size);
  if (!surface) return;
  const { context, width, height } = surface;
  const cell = width / Math.max(1, values.length);
  values.forEach((value, i) => {
    if (value === null) return;
    context.fillStyle = palette.line;
    context.fillRect(i * cell, height - 3, cell, 1);
    if (value <= 0) return;
    const size = Math.max(3, (value / 100) * (height - 3));
    context.fillStyle = lossColour(palette, value);
    context.fillRect(i * cell, height - 2 - size, Math.max(1, cell - 0.5), size);
  });
}
