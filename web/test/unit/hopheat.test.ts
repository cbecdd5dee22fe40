// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import type { PathReport } from '../../src/core/api/types.ts';
import { HOUR } from '../../src/core/time/range.ts';
import { hopCells, hopWords } from '../../src/viz/hopheat.ts';

const START = Date.UTC(2026, 10, 21);
const span = { from: START, to: START + 6 * HOUR };

/** A report that ends `hours` after the start, of one path for each list of hops: [address, loss, added]. */
function report(hours: number, ...paths: [string, number, number][][]): PathReport {
  return {
    to: new Date(START + hours * HOUR).toISOString(),
    paths: paths.map((hops) => ({
      hops: hops.map(([address, value, addedMs]) => ({ address, addedMs, forwardingLossPercent: { value } })),
    })),
  } as unknown as PathReport;
}

const losses = (reports: PathReport[], cells = 6) =>
  hopCells(reports, 'a', span, cells).map((cell) => cell?.lossPercent ?? null);

describe('a hop over a range', () => {
  test('is as the report in force says, until the next', () => {
    expect(losses([report(0, [['a', 0, 1]]), report(1, [['a', 5, 1]]), report(2, [['a', 0, 1]])])).toEqual([
      0,
      5,
      0,
      0,
      null,
      null,
    ]);
  });

  test('is as bad in a cell as it was at worst within it', () => {
    const reports = [0, 0.25, 0.5, 0.75].map((hours, i) => report(hours, [['a', i === 1 ? 30 : 0, i]]));
    expect(losses(reports)[0]).toBe(30);
    expect(hopCells(reports, 'a', span, 6)[0]!.addedMs).toBe(3);
  });

  test('takes the worst of all ways that it is on', () => {
    expect(
      losses([
        report(
          5,
          [
            ['b', 9, 1],
            ['a', 1, 1],
          ],
          [['a', 7, 1]],
        ),
      ])[5],
    ).toBe(7);
  });

  test('is unknown where it is on no way, and more than two hours after the last report', () => {
    expect(losses([report(0, [['a', 0, 1]]), report(1, [['b', 0, 1]]), report(2.5, [['a', 1, 1]])], 12)).toEqual([
      0,
      0,
      null,
      null,
      null,
      1,
      1,
      1,
      1,
      null,
      null,
      null,
    ]);
  });

  test('knows of what was said before the range and still holds', () => {
    expect(losses([report(-1, [['a', 2, 1]])])).toEqual([2, null, null, null, null, null]);
    expect(losses([report(-3, [['a', 2, 1]])])).toEqual([null, null, null, null, null, null]);
  });

  test('in words', () => {
    const words = (...reports: PathReport[]) => hopWords(hopCells(reports, 'a', span, 6));
    expect(words(report(0, [['a', 22, 96]]), report(1, [['a', 0, 2]]))).toBe('at worst 22 % lost, adds 2.0 to 96.0 ms');
    expect(words(report(0, [['a', 0, 2]]))).toBe('no loss, adds 2.0 ms');
    expect(words()).toBe('');
  });
});
