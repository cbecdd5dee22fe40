// SPDX-License-Identifier: Apache-2.0
// What becomes of an answer: cells as text, files, and the lines of a chart.
import type { LogTable } from '../../core/api/types.ts';
import { compareWords } from '../../core/store/filter.ts';
import { csv } from '../../core/text/numbers.ts';

export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function tableCsv(table: LogTable): string {
  const cell = (value: unknown) => (typeof value === 'number' ? value : cellText(value));
  return csv([table.columns.map((column) => column.name), ...table.rows.map((row) => row.map(cell))]);
}

export function tableJson(table: LogTable): string {
  return JSON.stringify(
    table.rows.map((row) => Object.fromEntries(table.columns.map((column, i) => [column.name, row[i]]))),
    null,
    1,
  );
}

/** Row numbers in the order of a column; "-name" is descending; missing values last. */
export function sortedRows(table: LogTable, sort: string): number[] {
  const index = table.columns.findIndex((column) => `c${column.name}` === sort.replace(/^-/, ''));
  const order = table.rows.map((_, i) => i);
  if (index < 0) return order;
  const sign = sort.startsWith('-') ? -1 : 1;
  return order.sort((a, b) => {
    const [x, y] = [table.rows[a]![index], table.rows[b]![index]];
    if (x === null || y === null) return x === y ? a - b : x === null ? 1 : -1;
    const difference = typeof x === 'number' && typeof y === 'number' ? x - y : compareWords(cellText(x), cellText(y));
    return difference * sign || a - b;
  });
}

const NUMBER_TYPES = new Set(['int', 'long', 'real', 'decimal']);

export interface ChartData {
  readonly time: number[];
  readonly lines: { name: string; values: (number | null)[] }[];
}

/** Lines over time: the first datetime column is x, number columns are values, a text column splits them. */
export function timeChart(table: LogTable): ChartData | null {
  const timeIndex = table.columns.findIndex((column) => column.type === 'datetime');
  const valueIndices = table.columns.flatMap((column, i) => (NUMBER_TYPES.has(column.type) ? [i] : []));
  const splitIndex = table.columns.findIndex((column) => column.type === 'string');
  if (timeIndex < 0 || valueIndices.length === 0) return null;
  const times = [...new Set(table.rows.map((row) => Date.parse(String(row[timeIndex]))))]
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const place = new Map(times.map((time, i) => [time, i]));
  const lines = new Map<string, (number | null)[]>();
  for (const row of table.rows) {
    const at = place.get(Date.parse(String(row[timeIndex])));
    if (at === undefined) continue;
    for (const i of valueIndices) {
      const column = table.columns[i]!.name;
      const name =
        splitIndex < 0
          ? column
          : valueIndices.length === 1
            ? cellText(row[splitIndex])
            : `${cellText(row[splitIndex])} ${column}`;
      const values = lines.get(name) ?? new Array<number | null>(times.length).fill(null);
      const value = row[i];
      values[at] = typeof value === 'number' ? value : value === null ? null : Number(value);
      lines.set(name, values);
    }
  }
  return { time: times, lines: [...lines].map(([name, values]) => ({ name, values })) };
}

/** Bars: the first text column names them, the first number column is their length. */
export function bars(table: LogTable): { name: string; value: number }[] | null {
  const value = table.columns.findIndex((column) => NUMBER_TYPES.has(column.type));
  const name = table.columns.findIndex((_, i) => i !== value);
  if (value < 0) return null;
  return table.rows
    .slice(0, 40)
    .map((row) => ({ name: name < 0 ? '' : cellText(row[name]), value: Number(row[value] ?? 0) }));
}
