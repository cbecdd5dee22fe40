// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ApiError, call, errorOf, onSignedOut, withQuery } from '../../src/core/api/client.ts';
import { clockOffset, learnServerTime } from '../../src/core/time/clock.ts';
import { csv, formatMs, formatPercent } from '../../src/core/text/numbers.ts';
import { shortReason } from '../../src/core/text/reasons.ts';

afterEach(() => vi.unstubAllGlobals());
const answer = (status: number, body: unknown) =>
  vi.fn(async () => new Response(body === null ? null : JSON.stringify(body), { status }));

describe('calls', () => {
  test('that change something carry the header that other sites cannot send; reads do not', async () => {
    const fetch = answer(200, {});
    vi.stubGlobal('fetch', fetch);
    await call('POST', '/x', { body: { a: 1 } });
    await call('GET', '/x');
    const headers = fetch.mock.calls.map(
      (args) => (args as unknown as [string, RequestInit])[1].headers as Record<string, string>,
    );
    expect(headers[0]!['X-Linewatch']).toBe('1');
    expect(headers[1]!['X-Linewatch']).toBeUndefined();
  });

  test('take over what was asked for before the app was there, once and for reads only', async () => {
    vi.stubGlobal('fetch', answer(200, { from: 'fetch' }));
    const early = new Map([['/x?a=1', Promise.resolve(new Response('{"from":"early"}'))]]);
    vi.stubGlobal('window', { linewatchEarly: early });
    expect(await call('GET', '/x')).toEqual({ from: 'fetch' });
    expect(await call('GET', '/x', { query: { a: 1 } })).toEqual({ from: 'early' });
    expect(await call('GET', '/x', { query: { a: 1 } })).toEqual({ from: 'fetch' });
    early.set('/y', Promise.reject(new Error('no line')));
    await expect(call('GET', '/y')).rejects.toMatchObject({ status: 0, code: 'Unreachable' });
  });

  test("fail with the server's words", async () => {
    vi.stubGlobal(
      'fetch',
      answer(409, {
        error: { code: 'Conflict', message: 'The agent is not connected.', details: [{ message: 'm', path: 'p' }] },
      }),
    );
    const error = await call('POST', '/x').catch((each: unknown) => each);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 409, code: 'Conflict', message: 'The agent is not connected.' });
    expect((error as ApiError).details).toHaveLength(1);
  });

  test('say when nobody answers, and when a proxy does', async () => {
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => Promise.reject(new TypeError('network'))),
    );
    await expect(call('GET', '/x')).rejects.toMatchObject({ status: 0, code: 'Unreachable' });
    expect(errorOf(502, '<html>').message).toContain('502');
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => new Response('<html>', { status: 200 })),
    );
    await expect(call('GET', '/x')).rejects.toMatchObject({ code: 'Unexpected' });
  });

  test('tell that the session is over', async () => {
    let told = 0;
    const stop = onSignedOut(() => told++);
    vi.stubGlobal('fetch', answer(401, { error: { code: 'Unauthenticated', message: 'Sign in.' } }));
    await expect(call('GET', '/x')).rejects.toMatchObject({ status: 401 });
    stop();
    expect(told).toBe(1);
  });

  test('leave empty parameters out', () => {
    expect(withQuery('/x', { a: 1, b: '', c: null, d: undefined, e: 'ü&' })).toBe('/x?a=1&e=%C3%BC%26');
  });
});

test('a clock an hour off is made good, a second is left', () => {
  learnServerTime(1_000_000, 1_000_000 - 3_600_000);
  expect(clockOffset()).toBe(3_600_000);
  learnServerTime(1_000_000, 1_000_900);
  expect(clockOffset()).toBe(0);
});

test('what was not measured is NA, never 0', () => {
  expect(formatMs(null)).toBe('NA');
  expect(formatPercent(NaN)).toBe('NA');
  expect([0, 0.04, 7.123, 24.84, 181.2, 12_000].map(formatMs)).toEqual([
    '0 ms',
    '0.04 ms',
    '7.12 ms',
    '24.8 ms',
    '181 ms',
    '12.0 s',
  ]);
  expect([0, 0.02, 22.04, 100].map(formatPercent)).toEqual(['0 %', '< 0.1 %', '22 %', '100 %']);
});

test('reasons say observed and limit in the unit of their rule', () => {
  expect(shortReason('ChecksFailedThreshold', 22, 10)).toBe('checks failed above the threshold: 22 %, limit 10 %');
  expect(shortReason('RoundTripDefault', 812.4, 750)).toBe(
    'round-trip time above the usual limit: 812 ms, limit 750 ms',
  );
  expect(shortReason('SomethingNew', NaN, NaN)).toBe('SomethingNew');
});

test('a CSV file quotes what it must and starts no formula', () => {
  expect(csv([['a,b', 1, null, '=1+1', 'say "x"']])).toBe('"a,b",1,,\'=1+1,"say ""x"""\r\n');
});
