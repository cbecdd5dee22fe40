// SPDX-License-Identifier: Apache-2.0
// Numbers for people. What was not measured is "NA", never 0.

/** "1,234,567". Without Intl, whose first use takes longer than all else on a page that begins. */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',') : 'NA';
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2).replace(/0$/, '');
  return size === 0 ? '0' : value.toFixed(3).replace(/0+$/, '');
}

/** "24.8 ms", "1.25 s". */
export function formatMs(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return 'NA';
  return Math.abs(value) >= 10_000 ? `${digits(value / 1000)} s` : `${digits(value)} ms`;
}

/** "2.5 %"; small shares are not rounded to nothing. */
export function formatPercent(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return 'NA';
  if (value === 0 || value === 100) return `${value} %`;
  return value < 0.1 ? '< 0.1 %' : `${Number(value.toFixed(1))} %`;
}

/** "1 test", "12 tests". */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** One cell of a CSV file (RFC 4180). A leading =, +, - or @ of a text gets a quote: spreadsheets run those. */
export function csvCell(value: string | number | null): string {
  if (value === null || (typeof value === 'number' && !Number.isFinite(value))) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function csv(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => row.map(csvCell).join(',') + '\r\n').join('');
}
