// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { blanked, suggest } from '../../src/core/kql/complete.ts';
import { readVocabulary } from '../../src/core/kql/words.ts';
import { allowed } from '../../src/pages/logs/kusto.ts';
import { bars, sortedRows, tableCsv, timeChart } from '../../src/pages/logs/results.ts';
import { errorOf } from '../../src/core/api/client.ts';

const words = readVocabulary(
  {
    tables: [
      { name: 'Heartbeat', columns: [{ name: 'Computer', type: 'string' }] },
      { name: 'T2', columns: [{ name: 'Other', type: 'int' }] },
    ],
  },
  {
    operators: ['where', 'take'],
    functions: [{ name: 'ago', parameters: ['span'] }, 'bin'],
    aggregates: [{ name: 'count', parameters: '' }],
  },
);
const labels = (query: string) => suggest(query, query.length, words).items.map((item) => item.label);

describe('completion', () => {
  test('gives tables at the start and operators after a bar', () => {
    expect(labels('Hea')).toEqual(['Heartbeat', 'T2']);
    expect(labels('Heartbeat\n| wh')).toEqual(['where', 'take']);
    expect(suggest('Heartbeat\n| wh', 14, words).from).toBe(12);
  });
  test('gives columns of the tables named, own names and functions elsewhere', () => {
    expect(labels('Heartbeat | extend x = 1 | where ')).toEqual(['Computer', 'x', 'ago', 'bin', 'count']);
  });
  test('gives nothing inside strings and comments', () => {
    expect(labels('Heartbeat | where Computer == "wh')).toEqual([]);
    expect(labels('// where Heartbeat')).toEqual([]);
    expect(blanked('a "b|c" d')).toBe('a       d');
  });
  test("the service's suggestions are cut down to what the server implements", () => {
    const items = [
      { label: 'geo_distance', kind: 'function' as const, detail: '' },
      { label: 'ago', kind: 'function' as const, detail: '' },
      { label: 'Computer', kind: 'column' as const, detail: '' },
    ];
    expect(allowed(items, words).map((item) => item.label)).toEqual(['ago', 'Computer']);
  });
});

describe('results', () => {
  const table = {
    name: 'r',
    columns: [
      { name: 'TimeGenerated', type: 'datetime' },
      { name: 'who', type: 'string' },
      { name: 'n', type: 'long' },
    ],
    rows: [
      ['2026-11-21T20:01:00Z', 'a', 10],
      ['2026-11-21T20:00:00Z', 'b', 9],
      ['2026-11-21T20:00:00Z', 'a', null],
    ],
  };
  test('a chart splits by the text column and leaves gaps', () => {
    expect(timeChart(table)).toEqual({
      time: [Date.UTC(2026, 10, 21, 20), Date.UTC(2026, 10, 21, 20, 1)],
      lines: [
        { name: 'a', values: [null, 10] },
        { name: 'b', values: [9, null] },
      ],
    });
    expect(timeChart({ ...table, columns: table.columns.map((column) => ({ ...column, type: 'string' })) })).toBeNull();
  });
  test('rows sort by value, missing last', () => {
    expect(sortedRows(table, 'cn')).toEqual([1, 0, 2]);
    expect(sortedRows(table, '-cn')).toEqual([0, 1, 2]);
  });
  test('files and bars', () => {
    expect(tableCsv(table).split('\r\n')[3]).toBe('2026-11-21T20:00:00Z,a,');
    expect(bars(table)![0]).toEqual({ name: '2026-11-21T20:01:00Z', value: 10 });
  });
  test('a failure keeps its general words', () => {
    const body = { error: { message: 'The store failed.', innererror: { message: 'store error 164' } } };
    expect(errorOf(500, body).message).toBe('The store failed. (store error 164)');
  });
  test('the precise cause of a refusal is found inside', () => {
    expect(
      errorOf(400, {
        error: {
          code: 'BadArgumentError',
          message: 'The request had some invalid properties',
          innererror: { code: 'SyntaxError', message: 'general', innererror: { message: 'line 2: no column Nope' } },
        },
      }).message,
    ).toBe('line 2: no column Nope');
  });
});
