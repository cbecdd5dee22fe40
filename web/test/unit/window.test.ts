// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { visibleRows } from '../../src/ui/useWindow.ts';

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
