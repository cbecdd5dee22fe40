// SPDX-License-Identifier: Apache-2.0
import { calendarOf, calendarSummary } from '../../src/viz/calendar.ts';
import { describe, expect, test } from 'vitest';
import { countCrossings, layout } from '../../src/viz/layered.ts';
import { contrast, DARK, LIGHT, lossColour } from '../../src/viz/palette.ts';
import { smokeSentence, smokeSummary, smokeTop } from '../../src/viz/smoke.ts';
import { troubleAt } from '../../src/viz/band.ts';
import { thin, type Values } from '../../src/viz/thin.ts';
import { random } from './random.ts';
import type { Quantiles } from '../../src/core/api/types.ts';

describe('the layered layout', () => {
  test('finds the order without crossings of two chains that were given crossed', () => {
    const nodes = ['s', 'b1', 'a1', 'a2', 'b2', 'd'].map((id) => ({
      id,
      layer: id === 's' ? 0 : id === 'd' ? 3 : Number(id[1]),
    }));
    const links = [
      ['s', 'a1'],
      ['s', 'b1'],
      ['a1', 'a2'],
      ['b1', 'b2'],
      ['a2', 'd'],
      ['b2', 'd'],
    ].map(([from, to]) => ({ from: from!, to: to! }));
    expect(layout(nodes, links).crossings).toBe(0);
  });

  test('counts crossings as a naive count does', () => {
    const next = random(8);
    for (let i = 0; i < 200; i++) {
      const a = ['a', 'b', 'c', 'd', 'e'];
      const b = ['v', 'w', 'x', 'y'];
      const links = a.flatMap((from) => b.filter(() => next() < 0.4).map((to) => [from, to] as const));
      const behind = new Map(a.map((id) => [id, links.filter(([from]) => from === id).map(([, to]) => to)]));
      let naive = 0;
      links.forEach(([f1, t1], j) =>
        links.slice(j + 1).forEach(([f2, t2]) => {
          if ((a.indexOf(f1) - a.indexOf(f2)) * (b.indexOf(t1) - b.indexOf(t2)) < 0) naive++;
        }),
      );
      expect(countCrossings([a, b], behind)).toBe(naive);
    }
  });

  test('is the same each time, has no gaps in layers and every node in its place', () => {
    const nodes = Array.from({ length: 60 }, (_, i) => ({ id: `n${i}`, layer: 3 * (i % 6) }));
    const next = random(5);
    const links = Array.from({ length: 150 }, () => ({
      from: `n${Math.floor(next() * 60)}`,
      to: `n${Math.floor(next() * 60)}`,
    }));
    const one = layout(nodes, links);
    expect([...layout(nodes, links).places]).toEqual([...one.places]);
    expect(one.layers).toBe(6);
    expect(one.places.size).toBe(60);
    expect([...one.places.values()].every(({ layer, y }) => layer < 6 && y > 0 && y < 1)).toBe(true);
  });
});

describe('colours', () => {
  test.each([
    ['light', LIGHT],
    ['dark', DARK],
  ] as const)('of the %s theme stand out from the background', (_, palette) => {
    // The lightest step of each ramp is 3:1 (WCAG 1.4.11); text is 4.5:1.
    for (const colour of [
      ...palette.loss,
      ...palette.series.filter((each) => each !== '#ffd440' && each !== '#af8f0f'),
    ]) {
      expect(contrast(colour, palette.canvas), colour).toBeGreaterThanOrEqual(2.9);
    }
    expect(contrast(palette.quiet, palette.canvas)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(palette.text, palette.canvas)).toBeGreaterThanOrEqual(7);
  });

  test('of loss go one way: darker is worse in light, brighter is worse in dark', () => {
    const order = (palette: typeof LIGHT) =>
      [0.5, 3, 10, 40, 90].map((loss) => contrast(lossColour(palette, loss), palette.canvas));
    for (const palette of [LIGHT, DARK]) expect(order(palette)).toEqual([...order(palette)].sort((a, b) => a - b));
  });
});

describe('chart texts', () => {
  const data: Quantiles = {
    from: '2026-11-21T15:40:00Z',
    stepSec: 60,
    time: [Date.UTC(2026, 10, 21, 15, 40), Date.UTC(2026, 10, 21, 15, 41), Date.UTC(2026, 10, 21, 15, 42)],
    total: [20, 20, 0],
    failed: [0, 20, 0],
    quantiles: [20, 21, 22, 23, 24.8, 26, 27, 28, 40, 31].map((value) => [value, null, null]),
  };
  test('say a step in a sentence', () => {
    expect(smokeSentence(data, 0, 'UTC')).toBe('15:40Z: median 24.8 ms, p95 31.0 ms, 20 of 20 answered');
    expect(smokeSentence(data, 1, 'UTC')).toBe('15:41Z: none of 20 answered');
    expect(smokeSentence(data, 2, 'UTC')).toBe('15:42Z: nothing measured');
  });
  test('sum the chart up', () => expect(smokeSummary(data)).toContain('50 % of 40 checks failed'));
  test('the scale holds the threshold, unless it is far off', () => {
    expect(smokeTop(data, 100).top).toBeCloseTo(106, 5);
    expect(smokeTop(data, 10_000).top).toBeCloseTo(42.4, 5);
  });
  test('the strip counts trouble among tests that ran', () => {
    const band = {
      from: '',
      stepSec: 60,
      pass: [6],
      warning: [1],
      fail: [1],
      indeterminate: [2],
      notRunning: [90],
      changes: [0],
    };
    expect(troubleAt(band, 0)).toEqual({ percent: 20, total: 10 });
  });
});

describe('the calendar', () => {
  const from = Date.UTC(2026, 10, 1);
  const hours = (lost: (hour: number) => number) => {
    const times = Array.from({ length: 48 }, (_, i) => from + i * 3_600_000).filter((_, i) => i !== 30);
    return {
      from: new Date(from).toISOString(),
      stepSec: 3600,
      time: times,
      total: times.map(() => 200),
      failed: times.map((time) => lost(new Date(time).getUTCHours())),
      quantiles: Array.from({ length: 10 }, (_, q) => times.map(() => q)),
    };
  };

  test('puts each hour in its place, and leaves out those without checks', () => {
    const { days, cells } = calendarOf(
      hours((hour) => (hour === 3 ? 50 : 0)),
      from,
      3,
    );
    expect(days.map((day) => new Date(day).getUTCDate())).toEqual([1, 2, 3]);
    expect(cells[0]![3]).toEqual({ at: from + 3 * 3_600_000, checks: 200, lostPercent: 25, rttMs: 4 });
    expect(cells[1]![2]!.lostPercent).toBe(0);
    expect(cells[1]![6]).toBeNull();
    expect(cells[2]!.every((cell) => cell === null)).toBe(true);
  });

  test('says which hour stands out, or that none does', () => {
    const summary = (lost: (hour: number) => number) => calendarSummary(calendarOf(hours(lost), from, 2));
    expect(summary((hour) => (hour === 3 ? 50 : 0))).toBe(
      'The hour from 03:00Z loses most: 25 % of its checks, 1.0 % on average over the day.',
    );
    expect(summary(() => 40)).toBe('No hour of the day stands out: 20 % of the checks are lost.');
    expect(summary(() => 0)).toBe('No hour of the day loses checks.');
    expect(calendarSummary(calendarOf({ ...hours(() => 0), time: [] }, from, 2))).toBe('No check ran in these weeks.');
  });
});

describe('lines with more steps than pixels', () => {
  const COLUMNS = 100;
  const STEPS = 10_000;
  const time = Array.from({ length: STEPS }, (_, i) => i * 1000);
  const end = STEPS * 1000;
  const columnOf = (step: number) => Math.floor((step * COLUMNS) / STEPS);
  const next = random(5);
  const line = time.map(() => Math.round(next() * 1e6) / 1000);

  /** Lowest and highest of each column. */
  const bounds = (columns: readonly number[], values: Values) => {
    const found = new Map<number, [number, number]>();
    columns.forEach((column, i) => {
      const value = values[i];
      if (value === null || value === undefined) return;
      const [least, most] = found.get(column) ?? [value, value];
      found.set(column, [Math.min(least, value), Math.max(most, value)]);
    });
    return found;
  };

  test('keep the lowest and highest value of each column of pixels', () => {
    const thinned = thin(time, [line], 0, end, COLUMNS)!;
    expect(thinned.time.length).toBe(2 * COLUMNS);
    const columns = thinned.stepOf.map(columnOf);
    expect(bounds(columns, thinned.lines[0]!)).toEqual(
      bounds(
        time.map((_, i) => columnOf(i)),
        line,
      ),
    );
    expect(thinned.time).toEqual(thinned.stepOf.map((step) => time[step]));
    expect([...thinned.time].sort((a, b) => a - b)).toEqual(thinned.time);
  });

  test('rise where they rose and fall where they fell', () => {
    const rising = time.map((_, i) => i);
    const [up, down] = thin(time, [rising, [...rising].reverse()], 0, end, COLUMNS)!.lines;
    expect([...up!].sort((a, b) => a! - b!)).toEqual(up);
    expect([...down!].sort((a, b) => b! - a!)).toEqual(down);
  });

  test('keep a gap as wide as a column, and what lies between gaps', () => {
    const broken = line.map((value, i) => (columnOf(i) === 7 || i % 2 === 0 ? null : value));
    const [shown] = thin(time, [broken], 0, end, COLUMNS)!.lines;
    expect(shown!.flatMap((value, i) => (value === null ? [i] : []))).toEqual([14, 15]);
  });

  test('are cut to what is shown and the steps next to it', () => {
    const from = 2_000_500;
    const thinned = thin(time, [line], from, 4_000_500, COLUMNS)!;
    expect(thinned.stepOf[0]).toBe(2000);
    expect(thinned.stepOf.at(-1)).toBe(4001);
    expect(thinned.lines[0]![0]).toBe(line[2000]);
    expect(thinned.lines[0]!.length).toBe(thinned.time.length);
  });

  test('are left alone where each step can be seen', () => {
    expect(thin(time, [line], 0, end, 0.6 * STEPS)).toBeNull();
    expect(thin(time, [line], 0, 150_000, COLUMNS)).toBeNull();
    expect(thin([], [[]], 0, end, COLUMNS)).toBeNull();
    expect(thin(time, [line], end, 0, COLUMNS)).toBeNull();
  });
});
