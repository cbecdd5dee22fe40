// SPDX-License-Identifier: Apache-2.0
// Bars over time, a line for each name. What it shows stands beside it as a table.
import { formatClock, formatTime } from '../../core/time/format.ts';
import { DAY, type Span } from '../../core/time/range.ts';
import { useTimes } from '../../app/search.tsx';

export interface TimelineRow {
  readonly name: string;
  readonly bars: readonly {
    readonly from: number;
    readonly to: number;
    /** It had not ended by then. */
    readonly isOpen: boolean;
  }[];
}

const MARKS = 2;
/** So that the shortest can be seen, in percent of the width. */
const NARROWEST = 0.6;

export function Timeline({ label, rows, span }: { label: string; rows: readonly TimelineRow[]; span: Span }) {
  const { zone } = useTimes();
  const length = Math.max(1, span.to - span.from);
  const place = (ms: number) => Math.max(0, Math.min(100, ((ms - span.from) / length) * 100));
  const mark = (i: number) => {
    const ms = span.from + (i / MARKS) * length;
    return length > 2 * DAY ? formatTime(ms, zone).slice(5, 10) : formatClock(ms, zone);
  };
  const count = rows.reduce((sum, row) => sum + row.bars.length, 0);
  return (
    <div className="timeline" role="img" aria-label={`${label}: ${count} on ${rows.length} lines`}>
      {rows.map((row) => (
        <div key={row.name} className="timeline-row">
          <span className="clip" title={row.name}>
            {row.name}
          </span>
          <span className="timeline-track">
            {row.bars.map((bar, i) => {
              const width = Math.max(NARROWEST, place(bar.to) - place(bar.from));
              const left = Math.min(place(bar.from), 100 - width);
              return (
                <span
                  key={i}
                  className={bar.isOpen ? 'timeline-bar open' : 'timeline-bar'}
                  style={{ left: `${left}%`, width: `${width}%` }}
                />
              );
            })}
          </span>
        </div>
      ))}
      <div className="timeline-row quiet" aria-hidden="true">
        <span />
        <span className="timeline-marks">
          {Array.from({ length: MARKS + 1 }, (_, i) => (
            <span key={i}>{mark(i)}</span>
          ))}
        </span>
      </div>
    </div>
  );
}
