// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from 'react';
import { useThemeVersion } from '../app/theme.ts';
import { currentPalette } from '../viz/palette.ts';
import { drawLossStrip, drawSparkline } from '../viz/sparkline.ts';

const HEIGHT = 22;

/** A small chart in a cell. The numbers beside it say the same in words. */
export function Mini({
  kind,
  values,
  width,
  title,
}: {
  kind: 'line' | 'loss';
  values: readonly (number | null)[] | undefined;
  width: number;
  title?: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useThemeVersion();
  useEffect(() => {
    if (!canvas.current) return;
    const draw = kind === 'line' ? drawSparkline : drawLossStrip;
    draw(canvas.current, values ?? [], currentPalette(), { width, height: HEIGHT });
  }, [kind, values, theme, width]);
  // Rows that fly by have no values yet, and canvases are dear.
  if (!values) return null;
  return <canvas ref={canvas} style={{ width, height: HEIGHT }} title={title} aria-hidden="true" />;
}
