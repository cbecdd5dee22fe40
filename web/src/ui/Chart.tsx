// SPDX-License-Identifier: Apache-2.0
// A chart on a page: draws itself anew on size, data or theme; says under it what is under the crosshair;
// has its numbers as a table. A click chooses the instant, dragging chooses the range.
import { useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import '../styles/charts.css';
import { useInstant, setUrl, useSpan, useTimes } from '../app/search.tsx';
import { useThemeVersion } from '../app/theme.ts';
import { useTravel } from '../app/Recorder.tsx';
import { formatInstant, SECOND, type Span } from '../core/time/range.ts';
import { csv } from '../core/text/numbers.ts';
import { currentPalette } from '../viz/palette.ts';
import type { PlotBase } from '../viz/plot.ts';
import { useWidth } from '../viz/useWidth.ts';
import { Dialog } from './Dialog.tsx';
import { download } from './download.ts';
import { Icon } from './icons.tsx';

export interface ChartTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

interface ChartProps {
  /** What the chart shows, in a sentence, for those who cannot see it. */
  summary: string;
  height: number;
  make: (host: HTMLElement, base: PlotBase) => uPlot;
  /** Changes when the data do. */
  version: unknown;
  /** The sentence for the step under the crosshair. */
  describe?: (index: number) => string;
  legend?: ReactNode;
  table?: () => ChartTable;
  name: string;
  /** The chart's own range; it then neither moves the page's time nor follows it. */
  ownSpan?: Span;
}

export function Chart({ summary, height, make, version, describe, legend, table, name, ownSpan }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const [isTableOpen, setTableOpen] = useState(false);
  const width = useWidth(host);
  const pageSpan = useSpan();
  const span = ownSpan ?? pageSpan;
  const at = useInstant();
  const { zone } = useTimes();
  const theme = useThemeVersion();
  const { to } = useTravel();
  const actions = useRef({ make, to, isOwn: false });
  actions.current = { make, to, isOwn: ownSpan !== undefined };
  // Before the browser paints: a chart is there in the picture that its card is in.
  useLayoutEffect(() => {
    if (!host.current || width === 0) return;
    const plot = actions.current.make(host.current, {
      width,
      height,
      palette: currentPalette(),
      zone,
      at,
      fromMs: span.from,
      toMs: span.to,
      events: {
        onHover: setHovered,
        onPick: (ms) => !actions.current.isOwn && actions.current.to(ms),
        onZoom: (from, until) =>
          !actions.current.isOwn && setUrl({ from: formatInstant(round(from)), to: formatInstant(round(until)) }),
      },
    });
    return () => plot.destroy();
  }, [version, width, height, zone, at, span.from, span.to, theme]);
  return (
    <figure>
      <div
        ref={host}
        className="chart"
        role="img"
        aria-label={summary}
        style={{ minHeight: height }}
        onDoubleClick={() => !ownSpan && setUrl({ from: 'now-24h', to: 'now' })}
      />
      <figcaption>
        <div className="row">
          {describe && (
            <p className="hover-line quiet grow">
              {hovered === null
                ? ownSpan
                  ? '\u00a0'
                  : 'Click: go to an instant · drag: choose a range'
                : describe(hovered)}
            </p>
          )}
          {table && (
            <button type="button" className="linklike" onClick={() => setTableOpen(true)}>
              <Icon name="table" size={13} /> Data table
            </button>
          )}
        </div>
        {legend && <div className="legend">{legend}</div>}
      </figcaption>
      {isTableOpen && table && <TableDialog name={name} table={table()} onClose={() => setTableOpen(false)} />}
    </figure>
  );
}

const round = (ms: number) => Math.round(ms / SECOND) * SECOND;

const ROWS_MAX = 300;

function TableDialog({ name, table, onClose }: { name: string; table: ChartTable; onClose: () => void }) {
  return (
    <Dialog title={name} onClose={onClose}>
      <div className="row">
        <button
          type="button"
          className="button"
          onClick={() => download(`${name}.csv`, csv([table.head, ...table.rows]))}
        >
          Save as CSV
        </button>
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
        {table.rows.length > ROWS_MAX && (
          <span className="quiet">
            The last {ROWS_MAX} of {table.rows.length} rows; the file has all.
          </span>
        )}
      </div>
      <div className="scroll" tabIndex={0} role="region" aria-label={name} style={{ maxHeight: '60vh' }}>
        <table className="plain">
          <thead>
            <tr>
              {table.head.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.slice(-ROWS_MAX).map((row, i) => (
              <tr key={i}>
                {row.map((cell, j) => (
                  <td key={j} className={typeof cell === 'number' ? 'number' : undefined}>
                    {typeof cell === 'number' ? Number(cell.toFixed(3)) : (cell ?? 'NA')}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Dialog>
  );
}
