// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { byMean, numbersOf } from '../../src/pages/metrics/series.ts';

const series = (name: string, rttMs: (number | null)[]) => ({ name, tests: 2, rttMs, checksFailedPercent: [0] });

test('a series in numbers leaves out what was not measured', () => {
  expect(numbersOf(series('a', [null, 4, 10, null, 1, null]), 'rttMs')).toMatchObject({
    mean: 5,
    least: 1,
    most: 10,
    latest: 1,
  });
  const none = numbersOf(series('b', [null, null]), 'rttMs');
  expect([none.mean, none.least, none.most, none.latest]).toEqual([NaN, NaN, NaN, NaN]);
});

test('the highest mean comes first, and what was not measured last', () => {
  const all = [series('low', [1, 2]), series('none', [null]), series('zero', [0]), series('high', [9])];
  expect(byMean({ time: [], series: all }, 'rttMs').map((each) => each.name)).toEqual(['high', 'low', 'zero', 'none']);
});
