// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from 'react';
import { useThemeVersion } from '../app/theme.ts';
import { currentPalette } from '../viz/palette.ts';
import { drawLossStrip, drawSparkline } from '../viz/sparkline.ts';

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
    if (kind === 'line') drawSparkline(canvas.current, values ?? [], currentPalette());
    else drawLossStrip(canvas.current, values ?? [], currentPalette());
  }, [kind, values, theme, width]);
  return <canvas ref={canvas} style={{ width, height: 22 }} title={title} aria-hidden="true" />;
}
