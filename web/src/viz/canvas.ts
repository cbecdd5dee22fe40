// SPDX-License-Identifier: Apache-2.0

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Makes a canvas as sharp as the screen and hands its context, in CSS pixels and cleared. Null without a size.
 * Who knows the size says it: asking the page for it makes the page work it out at once.
 */
export function prepare(
  canvas: HTMLCanvasElement,
  size?: Size,
): { context: CanvasRenderingContext2D; width: number; height: number } | null {
  const { width, height } = size ?? { width: canvas.clientWidth, height: canvas.clientHeight };
  const ratio = window.devicePixelRatio || 1;
  const context = canvas.getContext('2d');
  if (!context || width === 0 || height === 0) return null;
  const deviceWidth = Math.round(width * ratio);
  const deviceHeight = Math.round(height * ratio);
  if (canvas.width !== deviceWidth || canvas.height !== deviceHeight) {
    canvas.width = deviceWidth;
    canvas.height = deviceHeight;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** Diagonal hatch over a rectangle: everything lost. */
export function hatch(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: string,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (let offset = -height; offset < width; offset += 5) {
    context.moveTo(x + offset, y + height);
    context.lineTo(x + offset + height, y);
  }
  context.stroke();
  context.restore();
}
