// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useRef } from 'react';
import { useTimes } from '../app/search.tsx';
import { useThemeVersion } from '../app/theme.ts';
import type { Quantiles } from '../core/api/types.ts';
import { counted } from '../core/text/numbers.ts';
import { formatTime } from '../core/time/format.ts';
import { prepare } from '../viz/canvas.ts';
import { currentPalette, LOSS_LABELS } from '../viz/palette.ts';
import { makeSmoke, smokeSentence, smokeSummary, smokeTop } from '../viz/smoke.ts';
import { Chart } from './Chart.tsx';

interface SmokeChartProps {
  name: string;
  data: Quantiles;
  height: number;
  limitMs?: number | null;
  changes?: readonly number[];
}

export function SmokeChart({ name, data, height, limitMs, changes }: SmokeChartProps) {
  const { zone } = useTimes();
  const { above } = smokeTop(data, limitMs);
  // A new object whenever the picture would be another.
  const version = useMemo(() => ({ data }), [data, limitMs, changes?.join()]);
  return (
    <Chart
      name={name}
      height={height}
      version={version}
      summary={`${name}. ${smokeSummary(data)}`}
      make={(host, base) => makeSmoke(host, { ...base, data, limitMs, changes })}
      describe={(i) => (data.time[i] === undefined ? '' : smokeSentence(data, i, zone))}
      legend={
        <>
          <Key draw={(context, palette) => ((context.fillStyle = palette.median), context.fillRect(0, 4, 20, 2))}>
            median
          </Key>
          <Key
            draw={(context, palette) => (
              (context.globalAlpha = 0.4),
              (context.fillStyle = palette.smoke),
              context.fillRect(0, 0, 20, 10)
            )}
          >
            smoke: quantiles 0–100, 12–88, 25–75, 38–62 %
          </Key>
          <span>checks lost:</span>
          {LOSS_LABELS.map((label, i) => (
            <Key
              key={label}
              draw={(context, palette) => ((context.fillStyle = palette.loss[i]!), context.fillRect(0, 0, 14, 10))}
            >
              {label}
            </Key>
          ))}
          {above > 0 && <span>{counted(above, 'step')} above the scale</span>}
        </>
      }
      table={() => ({
        head: ['Time', 'Median (ms)', 'p95 (ms)', 'Fastest (ms)', 'Slowest (ms)', 'Checks', 'Failed'],
        rows: data.time.map((ms, i) => [
          formatTime(ms, zone, true),
          ...[4, 9, 0, 8].map((q) => data.quantiles[q]?.[i] ?? null),
          data.total[i] ?? 0,
          data.failed[i] ?? 0,
        ]),
      })}
    />
  );
}

function Key({
  draw,
  children,
}: {
  draw: (context: CanvasRenderingContext2D, palette: ReturnType<typeof currentPalette>) => void;
  children: React.ReactNode;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useThemeVersion();
  useEffect(() => {
    const surface = canvas.current && prepare(canvas.current);
    if (surface) draw(surface.context, currentPalette());
  }, [theme, draw]);
  return (
    <span className="key">
      <canvas ref={canvas} style={{ width: 20, height: 10 }} aria-hidden="true" />
      {children}
    </span>
  );
}
