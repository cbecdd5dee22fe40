// SPDX-License-Identifier: Apache-2.0
// Four weeks of a test, hour by hour: for what comes back at the same time of day. Asked for when it is opened.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import '../../styles/calendar.css';
import { getQuantiles } from '../../core/api/endpoints.ts';
import { serverNow } from '../../core/time/clock.ts';
import { DAY, formatInstant, HOUR } from '../../core/time/range.ts';
import { csv, formatMs, formatPercent } from '../../core/text/numbers.ts';
import { useInstant, setUrl, useTimes } from '../../app/search.tsx';
import { calendarOf, calendarSummary, type Calendar, type CalendarCell } from '../../viz/calendar.ts';
import { LOSS_LABELS, LOSS_LIMITS } from '../../viz/palette.ts';
import { download } from '../../ui/download.ts';
import { Failure, Loading } from '../../ui/Notice.tsx';

const DAYS = 28;

export function CalendarCard({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <section className="card span-12" aria-labelledby="calendar-title">
      <h2 id="calendar-title">Hours of four weeks</h2>
      {isOpen ? (
        <Weeks id={id} />
      ) : (
        <button type="button" className="button" onClick={() => setOpen(true)}>
          Show what comes back at the same time of day
        </button>
      )}
    </section>
  );
}

function Weeks({ id }: { id: string }) {
  const at = useInstant();
  const end = Math.ceil((at ?? serverNow()) / DAY) * DAY;
  const from = end - DAYS * DAY;
  const query = useQuery({
    queryKey: ['quantiles', id, from, end, DAYS * 24],
    queryFn: ({ signal }) => getQuantiles(id, { from, to: end }, DAYS * 24, signal),
    placeholderData: keepPreviousData,
    staleTime: 300_000,
  });
  const calendar = useMemo(() => query.data && calendarOf(query.data, from, DAYS), [query.data, from]);
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!calendar) return <Loading />;
  return (
    <div className="stack">
      <p role="status">{calendarSummary(calendar)}</p>
      <Hours calendar={calendar} />
      <p className="row legend">
        <span>checks lost:</span>
        {LOSS_LABELS.map((label, i) => (
          <span key={label}>
            <span className={`hour loss-${i}`} /> {label}
          </span>
        ))}
        <span>
          <span className="hour" /> none
        </span>
        <button
          type="button"
          className="linklike"
          onClick={() => download('hours.csv', csv([['hour', 'checks', 'lost %', 'median ms'], ...rowsOf(calendar)]))}
        >
          Save as CSV
        </button>
      </p>
    </div>
  );
}

function rowsOf(calendar: Calendar): (string | number | null)[][] {
  return calendar.cells
    .flat()
    .filter((cell): cell is CalendarCell => cell !== null)
    .map((cell) => [formatInstant(cell.at), cell.checks, cell.lostPercent, cell.rttMs]);
}

function classOf(cell: CalendarCell | null): string {
  if (!cell) return 'hour unknown';
  if (cell.lostPercent < 0.05) return 'hour';
  const step = LOSS_LIMITS.findIndex((limit) => cell.lostPercent <= limit);
  return `hour loss-${step < 0 ? LOSS_LIMITS.length : step}`;
}

/** A table, so that a screen reader can walk it; a button for each hour that lost checks. */
function Hours({ calendar }: { calendar: Calendar }) {
  const { time } = useTimes();
  const open = (cell: CalendarCell) => setUrl({ from: formatInstant(cell.at), to: formatInstant(cell.at + HOUR) });
  const words = (cell: CalendarCell) =>
    `${time(cell.at)}: ${formatPercent(cell.lostPercent)} of ${cell.checks} checks lost, median ${formatMs(cell.rttMs ?? NaN)}`;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Each hour">
      <table className="calendar">
        <thead>
          <tr>
            <th scope="col">UTC</th>
            {Array.from({ length: 24 }, (_, hour) => (
              <th key={hour} scope="col">
                {String(hour).padStart(2, '0')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {calendar.days.map((day, i) => (
            <tr key={day}>
              <th scope="row">{new Date(day).toISOString().slice(5, 10)}</th>
              {calendar.cells[i]!.map((cell, hour) => (
                <td key={hour}>
                  {cell && cell.lostPercent >= 0.05 ? (
                    <button
                      type="button"
                      className={classOf(cell)}
                      title={words(cell)}
                      aria-label={words(cell)}
                      onClick={() => open(cell)}
                    />
                  ) : (
                    <span className={classOf(cell)} title={cell ? words(cell) : undefined} />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
