// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { decodeSnapshot, shareNames, SnapshotError, wordAt } from '../../src/core/api/snapshot.ts';
import { encodeSnapshot } from '../../mock-api/encode.mjs';
import { decodeRows, encodeRows, randomRows } from './fixture.ts';
import { random } from './random.ts';

const rows = randomRows(200, 5);

describe('the snapshot decoder', () => {
  test('gives back what was encoded', () => {
    const snapshot = decodeRows(rows);
    expect(snapshot.rows).toBe(200);
    expect(snapshot.at).toBe(Date.UTC(2026, 10, 21, 20));
    rows.forEach((row, i) => {
      expect(snapshot.id[i]).toBe(row.id);
      expect(snapshot.state[i]).toBe(row.state);
      expect(snapshot.alert[i]).toBe(row.alert);
      expect(wordAt(snapshot.source, i)).toBe(row.source);
      expect(wordAt(snapshot.sourceAddress, i)).toBe(row.sourceAddress);
      expect(snapshot.rttMs[i]).toBe(row.rttMs);
      expect(snapshot.since[i]).toBe(row.since);
    });
  });

  test('says that a port of 0 is none, and that a column left out is missing', () => {
    const snapshot = decodeRows(rows);
    expect(snapshot.port[0]).toBeNaN();
    expect(snapshot.port[1]).toBe(443);
    expect(snapshot.jitterMs[3]).toBeNaN();
    expect(wordAt(snapshot.agent, 3)).toBeNull();
  });

  test('reads a snapshot without tests', () => {
    expect(decodeRows([]).rows).toBe(0);
  });

  test('does not mind where in memory the bytes are', () => {
    const bytes = encodeRows(rows);
    const moved = new Uint8Array(bytes.length + 3);
    moved.set(bytes, 3);
    expect(decodeSnapshot(moved.subarray(3)).id).toEqual(decodeRows(rows).id);
  });

  test('refuses bytes cut off at any place', () => {
    const bytes = encodeRows(rows.slice(0, 9));
    for (let length = 0; length < bytes.length; length++) {
      // Cut inside the padding behind the last column, nothing is missing.
      if (length >= bytes.length - 7) continue;
      expect(() => decodeSnapshot(bytes.slice(0, length)), `cut at ${length}`).toThrow(SnapshotError);
    }
  });

  test('answers changed bytes with a snapshot or an error of its own, nothing else', () => {
    const next = random(99);
    const bytes = encodeRows(rows.slice(0, 20));
    let refused = 0;
    for (let i = 0; i < 5000; i++) {
      const broken = bytes.slice();
      const changes = 1 + Math.floor(next() * 4);
      for (let j = 0; j < changes; j++) broken[Math.floor(next() * broken.length)] = Math.floor(next() * 256);
      try {
        const snapshot = decodeSnapshot(broken);
        expect(snapshot.state.every((state) => state < 5)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(SnapshotError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(500);
  });

  test('refuses states and words that it does not know', () => {
    const head = { rows: 1, at: '2026-11-21T20:00:00Z', live: true, revision: '1' };
    const id = { name: 'id', type: 'u64', values: [1n] };
    const state = (word: string) => ({ name: 'state', type: 'u8', values: [0], dictionary: [word] });
    expect(() => decodeSnapshot(encodeSnapshot(head, [id, state('Great')]))).toThrow('known state');
    const lost = { name: 'source', type: 'u32', values: [7], dictionary: ['a'] };
    expect(() => decodeSnapshot(encodeSnapshot(head, [id, state('Pass'), lost]))).toThrow('not there');
  });
});

test('a server that knows no alerts gives none, and a severity that is none counts as the least', () => {
  const head = { rows: 3, at: '2026-11-21T20:00:00Z', live: true, revision: '1' };
  const columns = [
    { name: 'id', type: 'u64', values: [1n, 2n, 3n] },
    { name: 'state', type: 'u8', values: [0, 0, 0], dictionary: ['Pass'] },
  ];
  expect([...decodeSnapshot(encodeSnapshot(head, columns)).alert]).toEqual([0, 0, 0]);
  const alert = { name: 'alert', type: 'u8', values: [0, 1, 200] };
  expect([...decodeSnapshot(encodeSnapshot(head, [...columns, alert])).alert]).toEqual([0, 1, 5]);
});

describe('the first rows of a snapshot', () => {
  const some = rows.slice(0, 10);
  const states = [150, 20, 20, 5, 5];
  const monitor = { name: 'm1', states, worst: 9, rttMs: 1.5, checksFailedPercent: null };

  test('say what they are of', () => {
    const { whole } = decodeRows(some, { of: 200, states, monitors: [monitor] });
    const known = { ...monitor, checksFailedPercent: NaN };
    expect(whole).toEqual({ rows: 200, states, alerts: null, monitors: [{ ...known, alert: null }] });
    const alerts = [0, 4, 0, 2, 0];
    const said = decodeRows(some, { of: 200, states, alerts, monitors: [{ ...monitor, alert: 2 }] }).whole;
    expect(said).toEqual({ rows: 200, states, alerts, monitors: [{ ...known, alert: 2 }] });
    expect(decodeRows(some).whole).toBeNull();
  });

  test.each([
    { of: 9, states, monitors: [] },
    { of: 200, monitors: [] },
    { of: 200, states: [200], monitors: [] },
    { of: '200', states, monitors: [] },
    { of: 200, states: [200, 0, 0, 0, -1], monitors: [] },
    { of: 200, states },
    { of: 200, states, monitors: [null] },
    { of: 200, states, monitors: [{ ...monitor, worst: 10 }] },
    { of: 200, states, monitors: [{ ...monitor, states: [] }] },
  ])('are refused when what they say cannot be: %j', (head) => {
    expect(() => decodeRows(some, head)).toThrow(SnapshotError);
  });
});

describe('two snapshots of the same tests', () => {
  test('share what is equal in both and nothing else', () => {
    const before = decodeRows(rows);
    const moved = rows.map((row, i) => ({ ...row, rttMs: i, source: i === 7 ? 'other' : row.source }));
    // The same words, one of them in another row.
    const last = moved[199]!;
    last.configuration = last.configuration === 'ping' ? 'https' : 'ping';
    const after = shareNames(before, decodeRows(moved));
    expect(after.id).toBe(before.id);
    expect(after.monitor).toBe(before.monitor);
    expect(after.port).toBe(before.port);
    expect(after.source).not.toBe(before.source);
    expect(wordAt(after.source, 7)).toBe('other');
    expect(wordAt(before.source, 7)).toBe(rows[7]!.source);
    expect(after.configuration.words).toEqual(before.configuration.words);
    expect(wordAt(after.configuration, 199)).toBe(last.configuration);
    // What frames of changes write into stays each one's own.
    expect(after.rttMs).not.toBe(before.rttMs);
    expect(after.rttMs[3]).toBe(3);
    expect(after.state).not.toBe(before.state);
    expect(after.pathIssue).not.toBe(before.pathIssue);
  });

  test('share nothing when the tests are others', () => {
    const after = decodeRows(rows.slice(1));
    expect(shareNames(decodeRows(rows), after)).toBe(after);
    expect(shareNames(null, after)).toBe(after);
  });
});
