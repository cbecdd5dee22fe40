// SPDX-License-Identifier: Apache-2.0
// What the smoke chart and the line chart share: time axis, synchronous crosshair, drag to zoom, click to pick
// an instant, a marker at the chosen instant. Built on uPlot.
import uPlot from 'uplot';
import type { Palette } from './palette.ts';

export interface PlotEvents {
  /** Index of the step under the crosshair, null when it leaves. */
  onHover?(index: number | null): void;
  /** A click: milliseconds. */
  onPick?(ms: number): void;
  onZoom?(fromMs: number, toMs: number): void;
}

export interface PlotBase {
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
  /** IANA name, "UTC" or "browser". */
  readonly zone: string;
  /** The chosen instant, if it is in the past. */
  readonly at: number | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly events: PlotEvents;
}

/** Pixels of the lane under the zero line; 0 for charts without one. */
export const LANE = 16;

export function yAxis(palette: Palette, unit: string): uPlot.Axis {
  return {
    stroke: palette.quiet,
    font: '12px system-ui, sans-serif',
    size: 62,
    gap: 4,
    grid: { stroke: palette.line, width: 1 },
    ticks: { show: false },
    values: (_, ticks) => ticks.map((tick) => (tick < 0 ? '' : `${Number(tick.toPrecision(6))} ${unit}`)),
    filter: (_, ticks) => ticks.map((tick) => (tick < 0 ? null : tick)),
  };
}

export function xAxis(palette: Palette): uPlot.Axis {
  return {
    stroke: palette.quiet,
    font: '12px system-ui, sans-serif',
    grid: { show: false },
    ticks: { stroke: palette.line, width: 1, size: 4 },
    space: 80,
  };
}

/** 24-hour labels; the date where the day begins. */
const DATES: uPlot.Axis.Values = [
  [86_400 * 28, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [86_400, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [3600, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [60, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
];

function bindPointer(plot: uPlot, events: PlotEvents): void {
  let downAt: number | null = null;
  plot.over.addEventListener('mousedown', (event) => (downAt = event.clientX));
  plot.over.addEventListener('mouseup', (event) => {
    const isClick = downAt !== null && Math.abs(event.clientX - downAt) < 4;
    downAt = null;
    if (isClick) events.onPick?.(plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, 'x') * 1000);
  });
}

function drawMarker(plot: uPlot, base: PlotBase): void {
  if (base.at === null || base.at < base.fromMs || base.at > base.toMs) return;
  const x = plot.valToPos(base.at / 1000, 'x', true);
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = base.palette.text;
  ctx.fillRect(Math.round(x) - devicePixelRatio, bbox.top, 2 * devicePixelRatio, bbox.height);
  ctx.restore();
}

export function makePlot(
  host: HTMLElement,
  base: PlotBase,
  data: uPlot.AlignedData,
  parts: Pick<uPlot.Options, 'series'> & {
    scales: uPlot.Scales;
    axes: uPlot.Axis[];
    draw?: (plot: uPlot) => void;
    paddingTop?: number;
  },
): uPlot {
  const { events } = base;
  const options: uPlot.Options = {
    width: base.width,
    height: base.height,
    padding: [parts.paddingTop ?? 8, 26, 0, 0],
    series: parts.series,
    scales: { x: { time: true, range: () => [base.fromMs / 1000, base.toMs / 1000] }, ...parts.scales },
    axes: [{ ...xAxis(base.palette), values: DATES }, ...parts.axes],
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false, dist: 4 },
      sync: { key: 'linewatch' },
      points: { show: false },
      y: false,
      bind: { dblclick: () => null },
    },
    hooks: {
      setCursor: [(plot) => events.onHover?.(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          if (plot.select.width < 4) return;
          const from = plot.posToVal(plot.select.left, 'x') * 1000;
          const to = plot.posToVal(plot.select.left + plot.select.width, 'x') * 1000;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          events.onZoom?.(from, to);
        },
      ],
      draw: [(plot) => parts.draw?.(plot), (plot) => drawMarker(plot, base)],
    },
  };
  if (base.zone !== 'browser') options.tzDate = (seconds) => uPlot.tzDate(new Date(seconds * 1000), base.zone);
  const plot = new uPlot(options, data, host);
  bindPointer(plot, events);
  return plot;
}
