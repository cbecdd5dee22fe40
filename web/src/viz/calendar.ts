// SPDX-License-Identifier: Apache-2.0
// Hours by days: what fails in the backup window only shows as a row here, and nowhere else so well.
import type { Quantiles } from '../core/api/types.ts';
import { DAY, HOUR } from '../core/time/range.ts';

export interface CalendarCell {
  /** Start of the hour. */
  readonly at: number;
  readonly checks: number;
  readonly lostPercent: number;
  /** Median round-trip time; null where nothing was answered. */
  readonly rttMs: number | null;
}

export interface Calendar {
  /** Midnights, oldest first; UTC, as all of the server's hours are. */
  readonly days: readonly number[];
  /** cells[day][hour]; null where no check ran. */
  readonly cells: readonly (readonly (CalendarCell | null)[])[];
}

const MEDIAN = 4;
/** So many times the day's average. */
const STANDS_OUT = 1.5;

/** `data` has a step for each hour that has rounds. */
export function calendarOf(data: Quantiles, from: number, days: number): Calendar {
  const cells: (CalendarCell | null)[][] = Array.from({ length: days }, () =>
    Array<CalendarCell | null>(24).fill(null),
  );
  data.time.forEach((time, i) => {
    const hour = Math.floor((time - from) / HOUR);
    const row = cells[Math.floor(hour / 24)];
    const checks = data.total[i] ?? 0;
    if (!row || hour < 0 || checks === 0) return;
    const lostPercent = (100 * (data.failed[i] ?? 0)) / checks;
    row[hour % 24] = { at: from + hour * HOUR, checks, lostPercent, rttMs: data.quantiles[MEDIAN]?.[i] ?? null };
  });
  return { days: Array.from({ length: days }, (_, day) => from + day * DAY), cells };
}

/** The share of lost checks in each hour of the day, over all days; NaN where none ran. */
export function byHour(calendar: Calendar): number[] {
  return Array.from({ length: 24 }, (_, hour) => {
    let [checks, lost] = [0, 0];
    for (const row of calendar.cells) {
      checks += row[hour]?.checks ?? 0;
      lost += ((row[hour]?.lostPercent ?? 0) * (row[hour]?.checks ?? 0)) / 100;
    }
    return checks > 0 ? (100 * lost) / checks : NaN;
  });
}

/** One sentence: the hours that stand out. */
export function calendarSummary(calendar: Calendar): string {
  const hours = byHour(calendar);
  const known = hours.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return 'No check ran in these weeks.';
  const worst = hours.indexOf(Math.max(...known));
  const label = `${String(worst).padStart(2, '0')}:00Z`;
  const percent = (value: number) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
  if (hours[worst]! < 0.05) return 'No hour of the day loses checks.';
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  if (hours[worst]! < STANDS_OUT * mean)
    return `No hour of the day stands out: ${percent(mean)} of the checks are lost.`;
  return `The hour from ${label} loses most: ${percent(hours[worst]!)} of its checks, ${percent(mean)} on average over the day.`;
}
