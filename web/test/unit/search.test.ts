// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import {
  instantOf,
  joinList,
  keepEqual,
  normalise,
  parseSearch,
  rangeOf,
  splitList,
  stringifySearch,
  timeOf,
  type Search,
} from '../../src/core/url/search.ts';
import { formatBound } from '../../src/core/time/range.ts';
import { pick, random } from './random.ts';

const WORDS = ['Fail', 'a,b', 'back\\slash', 'ü & =?#', '10.192.64.56', 'x y', '+1', '%2C', 'zero\u00a0width'];

function anySearch(next: () => number): Search {
  const search: Search = {};
  const words = () => Array.from({ length: 1 + Math.floor(next() * 3) }, () => pick(next, WORDS));
  if (next() < 0.5) search.q = pick(next, WORDS);
  if (next() < 0.5) search.state = words();
  if (next() < 0.5) search.src = words();
  if (next() < 0.5) search.sel = words();
  if (next() < 0.5) search.view = pick(next, ['groups', 'tests'] as const);
  if (next() < 0.5) search.scope = pick(next, ['sources', 'reasons'] as const);
  if (next() < 0.5) search.from = pick(next, ['now-7d', '2026-11-21T06:12:00Z', 'now-90m']);
  if (next() < 0.5) search.at = '2026-11-21T06:12:00Z';
  if (next() < 0.5) search.tz = pick(next, ['browser', 'Asia/Tokyo']);
  if (next() < 0.5) search.sort = pick(next, ['-rttMs', 'source,-rttMs']);
  if (next() < 0.5) search.kql = 'T | where a == "b,c" and x > 1\n| take 5';
  return normalise(search as Record<string, unknown>);
}

describe('the URL', () => {
  test('says the same after a round trip', () => {
    const next = random(7);
    for (let i = 0; i < 2000; i++) {
      const search = anySearch(next);
      expect(parseSearch(stringifySearch(search))).toEqual(search);
    }
  });

  test('lists survive commas and backslashes', () => {
    const next = random(3);
    for (let i = 0; i < 2000; i++) {
      const items = Array.from({ length: Math.floor(next() * 5) }, () => pick(next, WORDS));
      expect(splitList(joinList(items))).toEqual(items);
    }
  });

  test('stays readable', () => {
    expect(stringifySearch({ state: ['Fail', 'Not Running'], view: 'tests' })).toBe(
      '?view=tests&state=Fail,Not+Running',
    );
  });

  test('leaves defaults out', () => {
    expect(
      stringifySearch({ from: 'now-24h', to: 'now', view: 'monitors', scope: 'all', q: '', state: [], tz: 'UTC' }),
    ).toBe('');
  });

  test('drops what is wrong and unknown', () => {
    expect(parseSearch('?from=never&at=now-1h&view=boxes&tz=Mars/Olympus&sort=a;b&evil=1&state=,,')).toEqual({});
  });

  test('any text gives a search that reads back as itself', () => {
    const next = random(11);
    for (let i = 0; i < 2000; i++) {
      const text = Array.from({ length: 40 }, () => pick(next, [...'=&,%2C\\?#from to at state q sel now-1h+ ü'])).join(
        '',
      );
      const search = parseSearch(`?${text}`);
      expect(parseSearch(stringifySearch(search))).toEqual(search);
    }
  });

  test('time is kept on links, the rest is not', () => {
    expect(timeOf({ at: '2026-11-21T06:12:00Z', tz: 'browser', q: 'x' })).toEqual({
      at: '2026-11-21T06:12:00Z',
      tz: 'browser',
    });
    expect(instantOf({ at: '2026-11-21T06:12:00Z' })).toBe(Date.UTC(2026, 10, 21, 6, 12));
    expect(formatBound(rangeOf({}).from)).toBe('now-24h');
  });

  test('keeps what is equal, so that what depends on it stays', () => {
    const before: Search = { q: 'x', state: ['Fail'], src: ['a', 'b'] };
    expect(keepEqual(before, { q: 'x', state: ['Fail'], src: ['a', 'b'] })).toBe(before);
    const next = keepEqual(before, { q: 'y', state: ['Fail'], src: ['b', 'a'] });
    expect(next).toEqual({ q: 'y', state: ['Fail'], src: ['b', 'a'] });
    expect(next.state).toBe(before.state);
    expect(keepEqual(before, { q: 'x', state: ['Fail'] })).toEqual({ q: 'x', state: ['Fail'] });
    expect(keepEqual({}, before)).toEqual(before);
  });
});
