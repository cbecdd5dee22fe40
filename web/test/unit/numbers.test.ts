// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { counted, formatCount } from '../../src/core/text/numbers.ts';
import { formatClock, formatTime } from '../../src/core/time/format.ts';
import { random } from './random.ts';

test('counts are written as Intl would write them', () => {
  const intl = new Intl.NumberFormat('en');
  const next = random(12);
  for (const value of [0, 7, 999, 1000, 12_345, 999_999, 1_000_000, -1234, 1e15])
    expect(formatCount(value)).toBe(intl.format(value));
  for (let i = 0; i < 500; i++) {
    const value = Math.floor((next() - 0.3) * 10 ** Math.floor(next() * 14));
    expect(formatCount(value)).toBe(intl.format(value));
  }
  expect(formatCount(1234.5)).toBe('1,235');
  expect(formatCount(NaN)).toBe('NA');
  expect(counted(1, 'test')).toBe('1 test');
  expect(counted(2500, 'test')).toBe('2,500 tests');
});

test('UTC is written as other zones are', () => {
  const next = random(13);
  for (let i = 0; i < 300; i++) {
    const ms = Math.floor(next() * 4e12);
    // A zone without an offset goes through Intl.
    expect(formatTime(ms, 'UTC', true)).toBe(`${formatTime(ms, 'Etc/GMT', true)}Z`);
    expect(formatClock(ms)).toBe(`${formatClock(ms, 'Etc/GMT')}Z`);
  }
});
