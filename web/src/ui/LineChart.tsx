// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useRef } from 'react';
import { useTimes } from '../app/search.tsx';
import { useThemeVersion } from '../app/theme.ts';
import type { Span } from '../core/time/range.ts';
import { formatTime } from '../core/time/format.ts';
import { highest, makeLines, type Line } from '../viz/line.ts';
import { currentPalette, DASHES } from '../viz/palette.ts';
import { prepare } from '../viz/canvas.ts';
import { Chart } from './Chart.tsx';

interface LineChartProps {
  name: string;
  time: readonly number[];
  lines: readonly Line[];
  unit: string;
  height: number;
  max?: number;
  atLeast?: number;
  ownSpan?: Span;
}

function valueText(value: number | null | undefined, unit: string): string {
  return value === null || value === undefined ? 'NA' : `${Number(value.toPrecision(4))} ${unit}`;
}

export function LineChart({ name, time, lines, unit, height, max, atLeast, ownSpan }: LineChartProps) {
  const { zone } = useTimes();
  const summary = useMemo(() => {
    const latest = lines.slice(0, 10).map(
      (line) =>
        `${line.name}: ${valueText(
          line.values.findLast((value) => value !== null),
          unit,
        )}`,
    );
    return `${name}. Highest ${valueText(highest(lines), unit)}. Latest: ${latest.join(', ')}.`;
  }, [name, lines, unit]);
  return (
    <Chart
      name={name}
      ownSpan={ownSpan}
      height={height}
      version={lines}
      summary={summary}
      make={(host, base) => makeLines(host, { ...base, time, lines, unit, max, atLeast })}
      describe={(i) =>
        time[i] === undefined
          ? ''
          : `${formatTime(time[i], zone)}: ${lines.map((line) => `${line.name} ${valueText(line.values[i], unit)}`).join(', ')}`
      }
      legend={lines.length > 1 && lines.map((line, i) => <LineKey key={line.name} name={line.name} index={i} />)}
      table={() => ({
        head: ['Time', ...lines.map((line) => `${line.name} (${unit})`)],
        rows: time.map((ms, i) => [formatTime(ms, zone, true), ...lines.map((line) => line.values[i] ?? null)]),
      })}
    />
  );
}

function LineKey({ name, index }: { name: string; index: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useThemeVersion();
  useEffect(() => {
    const surface = canvas.current && prepare(canvas.current);
    if (!surface) return;
    const { context } = surface;
    const { series } = currentPalette();
    context.strokeStyle = series[index % series.length]!;
    context.lineWidth = 2.5;
    context.setLineDash([...DASHES[index % DASHES.length]!]);
    context.beginPath();
    context.moveTo(0, 5);
    context.lineTo(24, 5);
    context.stroke();
  }, [index, theme]);
  return (
    <span className="key">
      <canvas ref={canvas} style={{ width: 24, height: 10 }} aria-hidden="true" />
      {name}
    </span>
  );
}
