// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { visibleColumns, visibleRows } from '../../src/ui/useWindow.ts';

describe('the rows to render', () => {
  test('hold all that can be seen, and are as many wherever the list stands', () => {
    const [height, rows, rowHeight] = [600, 100_000, 31];
    const sizes = new Set<number>();
    for (let top = 0; top <= rows * rowHeight - height; top += 977) {
      const { first, last } = visibleRows(top, height, rows, rowHeight);
      expect(first).toBeLessThanOrEqual(Math.floor(top / rowHeight));
      expect(last).toBeGreaterThanOrEqual(Math.min(rows - 1, Math.floor((top + height - 1) / rowHeight)));
      sizes.add(last - first + 1);
    }
    expect([...sizes]).toHaveLength(1);
  });

  test.each([
    [0, 600, 0, { first: 0, last: -1 }],
    [0, 600, 3, { first: 0, last: 2 }],
    // The list became shorter than where it stands.
    [90_000, 600, 40, { first: 9, last: 39 }],
  ])('at %d px, %d px high, of %d', (top, height, count, rows) => {
    expect(visibleRows(top, height, count, 31)).toEqual(rows);
  });
});

describe('the columns to render', () => {
  const widths = [34, 138, 74, 310, 280, 116, 120, 84, 130, 140, 180, 92, 140];
  const whole = widths.reduce((a, b) => a + b, 0);

  test('hold all that can be seen, in their place', () => {
    for (const width of [200, 700, 1190, 5000])
      for (let left = 0; left <= Math.max(0, whole - width); left += 37) {
        const { first, last, before } = visibleColumns(widths, left, width);
        const end = before + widths.slice(first, last + 1).reduce((a, b) => a + b, 0);
        expect(before).toBe(widths.slice(0, first).reduce((a, b) => a + b, 0));
        expect(before).toBeLessThanOrEqual(left);
        expect(end).toBeGreaterThanOrEqual(Math.min(whole, left + width));
      }
  });

  test('are not all of a wide table', () => {
    expect(visibleColumns(widths, 0, 400).last).toBeLessThan(6);
    expect(visibleColumns(widths, 1200, 400).first).toBeGreaterThan(3);
  });

  test('of a table without columns are none that could be', () =>
    expect(visibleColumns([], 0, 400)).toEqual({ first: 0, last: 0, before: 0 }));
});
