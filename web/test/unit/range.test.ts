// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import {
  formatBound,
  fromSpan,
  HOUR,
  parseBound,
  pointsFor,
  rangeLabel,
  resolve,
  shift,
  zoomOut,
  DAY,
  freeze,
  type Bound,
} from '../../src/core/time/range.ts';
import { formatLength, formatTime, isZone } from '../../src/core/time/format.ts';
import { pick, random } from './random.ts';

const NOW = Date.UTC(2026, 10, 21, 20, 0, 0);

describe('bounds', () => {
  test.each([
    ['now', 'now'],
    ['now-90m', 'now-90m'],
    ['now-24h', 'now-24h'],
    ['now-1d', 'now-24h'],
    ['now-7d', 'now-1w'],
    ['2026-11-21T06:12:00Z', '2026-11-21T06:12:00Z'],
    ['2026-11-21 06:12', '2026-11-21T06:12:00Z'],
    ['2026-11-21', '2026-11-21T00:00:00Z'],
    ['1795241520', '2026-11-21T06:12:00Z'],
    ['1795241520000', '2026-11-21T06:12:00Z'],
    ['2026-11-21T06:12:00.250Z', '2026-11-21T06:12:00.250Z'],
  ])('%s is read', (text, formatted) => {
    const bound = parseBound(text);
    expect(bound && formatBound(bound)).toBe(formatted);
  });

  test.each([
    '',
    'yesterday',
    'now+1h',
    'now-',
    'now-1x',
    '2026-02-30',
    '2026-13-01',
    '2026-11-21T25:00',
    '-5',
    'now-99999999w',
  ])('%s is refused', (text) => expect(parseBound(text)).toBeNull());

  test('what is formatted reads back as the same bound', () => {
    const next = random(1);
    for (let i = 0; i < 2000; i++) {
      const bound: Bound =
        next() < 0.5
          ? { kind: 'absolute', ms: Math.floor(next() * 4e12) }
          : { kind: 'relative', backMs: Math.floor(next() * 9000) * pick(next, [1000, 60_000, HOUR]) };
      expect(parseBound(formatBound(bound))).toEqual(bound);
    }
  });
});

describe('ranges', () => {
  const range = (from: string, to: string) => ({ from: parseBound(from)!, to: parseBound(to)! });

  test('a range the wrong way round is turned, an empty one has a minute', () => {
    expect(resolve(range('now', 'now-1h'), NOW)).toEqual({ from: NOW - HOUR, to: NOW });
    expect(resolve(range('now', 'now'), NOW)).toEqual({ from: NOW - 60_000, to: NOW });
  });

  test('shifting goes by half, back as far as asked and never beyond now', () => {
    const back = shift(range('now-24h', 'now'), -1, NOW);
    expect(resolve(back, NOW)).toEqual({ from: NOW - 1.5 * DAY, to: NOW - 0.5 * DAY });
    expect(resolve(shift(back, 1, NOW), NOW)).toEqual({ from: NOW - DAY, to: NOW });
    expect(resolve(shift(range('now-24h', 'now'), 1, NOW), NOW)).toEqual({ from: NOW - DAY, to: NOW });
  });

  test('zooming out doubles, and a relative range stays relative', () => {
    expect(formatBound(zoomOut(range('now-24h', 'now'), NOW).from)).toBe('now-2d');
    const span = resolve(zoomOut(fromSpan({ from: NOW - 10 * HOUR, to: NOW - 8 * HOUR }), NOW), NOW);
    expect(span).toEqual({ from: NOW - 11 * HOUR, to: NOW - 7 * HOUR });
  });

  test('freezing gives the same span at any later time', () => {
    const frozen = freeze(range('now-1h', 'now'), NOW);
    expect(resolve(frozen, NOW + DAY)).toEqual({ from: NOW - HOUR, to: NOW });
  });

  test('steps are never shorter than the interval of rounds', () => {
    expect(pointsFor({ from: 0, to: 900_000 }, 10, 1000)).toBe(90);
    expect(pointsFor({ from: 0, to: 86_400_000 }, 10, 1000)).toBe(1000);
    expect(pointsFor({ from: 0, to: 60_000 }, 300, 1000)).toBe(6);
  });

  test('labels name quick ranges', () => {
    expect(rangeLabel(range('now-24h', 'now'), String, NOW)).toBe('Last 24 hours');
    expect(rangeLabel(range('now-90m', 'now'), String, NOW)).toBe('Last 90m');
    expect(rangeLabel(fromSpan({ from: 5, to: 7 }), String, NOW)).toBe('5 – 7');
  });
});

test('times carry their zone, and missing ones are a dash', () => {
  expect(formatTime(NOW)).toBe('2026-11-21 20:00Z');
  expect(formatTime(NOW, 'Europe/Berlin')).toBe('2026-11-21 21:00');
  expect(formatTime(NaN)).toBe('–');
  expect(isZone('Mars/Olympus')).toBe(false);
  expect(formatLength(90_000)).toBe('1 min 30 s');
  expect(formatLength(3 * DAY + 4 * HOUR)).toBe('3 d 4 h');
  expect(formatLength(0)).toBe('0 s');
});
