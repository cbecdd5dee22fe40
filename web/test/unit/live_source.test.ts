// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import type { StreamHandlers } from '../../src/core/api/sse.ts';
import { hexId, type Snapshot } from '../../src/core/api/snapshot.ts';
import { LiveSource } from '../../src/core/store/live_source.ts';
import { decodeRows, randomRows } from './fixture.ts';

// None of them fails, so that a frame that says so changes what it names.
const rows = randomRows(10, 3).map((row) => ({ ...row, state: 0 }));
const settle = () => new Promise<void>((done) => setTimeout(done, 0));

function source(answers: (() => Promise<Snapshot>)[], fetchFirst?: () => Promise<Snapshot>) {
  let handlers: StreamHandlers | undefined;
  let fetches = 0;
  let told = 0;
  const opened: string[] = [];
  const clock = { ms: 0 };
  const live = new LiveSource({
    fetchSnapshot: () => (answers[Math.min(fetches++, answers.length - 1)] ?? answers[0]!)(),
    ...(fetchFirst ? { fetchFirst } : {}),
    openStream: (each, since) => {
      handlers = each;
      opened.push(since);
      return { close: () => (handlers = undefined) };
    },
    schedule: (run) => run(),
    retryMs: 1,
    now: () => clock.ms,
  });
  live.subscribe(() => told++);
  live.start();
  const event = (name: string, data: unknown) => handlers!.onEvent({ name, data: JSON.stringify(data), id: '' });
  return { live, event, handlers: () => handlers!, fetches: () => fetches, told: () => told, opened, clock };
}

const frame = (id: string, revision: number) => ({
  revision: String(revision),
  at: '2026-11-21T20:00:01Z',
  id: [id],
  state: [2],
  reasonCode: ['AllChecksFailed'],
  observed: [100],
  limit: [null],
  since: [1],
  lastRound: [2],
  checksFailedPercent: [100],
  rttMs: [null],
  rttMinMs: [null],
  rttMaxMs: [null],
  jitterMs: [null],
  pathIssue: [null],
});

describe('the live snapshot', () => {
  test('takes frames in, also those that come during a fetch', async () => {
    let give: (snapshot: Snapshot) => void = () => {};
    const { live, event } = source([
      async () => decodeRows(rows),
      () => new Promise<Snapshot>((done) => (give = done)),
    ]);
    await settle();
    event('plan', {});
    const fresh = decodeRows(rows);
    event('rows', frame(hexId(fresh.id[4]!), 5));
    give(fresh);
    await settle();
    expect(live.getState().snapshot!.state[4]).toBe(2);
    event('rows', frame(hexId(fresh.id[7]!), 6));
    expect(live.getState().snapshot!.revision).toBe('6');
    expect(live.getState().snapshot!.state[7]).toBe(2);
  });

  test('follows the stream from the revision of the snapshot on, so that nothing falls between', async () => {
    let give: (snapshot: Snapshot) => void = () => {};
    const { live, opened } = source([() => new Promise<Snapshot>((done) => (give = done))]);
    expect(opened).toEqual([]);
    give({ ...decodeRows(rows), revision: '41' });
    await settle();
    expect(opened).toEqual(['41']);
    live.stop();
  });

  test('goes on where it was after a short absence, and begins anew after a long one', async () => {
    const { live, opened, fetches, event, clock } = source([async () => decodeRows(rows)]);
    await settle();
    event('rows', frame(hexId(live.getState().snapshot!.id[4]!), 9));
    live.stop();
    clock.ms += 5_000;
    live.start();
    await settle();
    expect([fetches(), opened]).toEqual([1, [opened[0], '9']]);
    live.stop();
    clock.ms += 31_000;
    live.start();
    await settle();
    expect(fetches()).toBe(2);
  });

  test('is fetched again when the plan changes, the server restarted, or a test is unknown', async () => {
    const { event, fetches } = source([async () => decodeRows(rows)]);
    await settle();
    event('plan', { revision: '2' });
    await settle();
    expect(fetches()).toBe(2);
    event('hello', { revision: '1', rows: 10 });
    await settle();
    expect(fetches()).toBe(2);
    event('hello', { revision: '0', rows: 10 });
    await settle();
    event('rows', frame('ffffffffffffffff', 9));
    await settle();
    expect(fetches()).toBe(4);
  });

  test('tries again after an error, and keeps what it has', async () => {
    const { live, event, fetches } = source([
      async () => decodeRows(rows),
      async () => Promise.reject(new Error('down')),
      async () => decodeRows(rows.slice(0, 5)),
    ]);
    await settle();
    event('plan', {});
    await settle();
    expect(live.getState().snapshot!.rows).toBe(10);
    expect(live.getState().error).toBeInstanceOf(Error);
    await new Promise<void>((done) => live.subscribe(() => live.getState().snapshot!.rows === 5 && done()));
    expect(live.getState().error).toBeNull();
    expect(fetches()).toBe(3);
    live.stop();
  });

  test('bytes that are no JSON, or no frame, change nothing', async () => {
    const { live, handlers, event } = source([async () => decodeRows(rows)]);
    await settle();
    const before = live.getState().snapshot;
    handlers().onEvent({ name: 'rows', data: '{', id: '' });
    event('rows', { nonsense: true });
    expect(live.getState().snapshot).toBe(before);
  });

  test('shows the first rows of many until all are there, and follows the stream from all only', async () => {
    let give: (snapshot: Snapshot) => void = () => {};
    const part = decodeRows(rows.slice(0, 3), { of: 10, states: [10, 0, 0, 0, 0], monitors: [] });
    const { live, opened, fetches } = source([() => new Promise((done) => (give = done))], async () => part);
    await settle();
    expect(live.getState()).toMatchObject({ first: part, snapshot: null });
    expect(opened).toEqual([]);
    expect(fetches()).toBe(1);
    give(decodeRows(rows));
    await settle();
    expect(live.getState().first).toBeNull();
    expect(live.getState().snapshot!.rows).toBe(10);
    expect(opened).toHaveLength(1);
  });

  test('asks once only where the first rows are all', async () => {
    const { live, opened, fetches } = source([async () => decodeRows(rows)], async () => decodeRows(rows));
    await settle();
    expect(live.getState().snapshot!.rows).toBe(10);
    expect(live.getState().first).toBeNull();
    expect(fetches()).toBe(0);
    expect(opened).toHaveLength(1);
  });

  test('asks for the first rows again when they could not be had', async () => {
    let asked = 0;
    const { live } = source([async () => decodeRows(rows)], async () => {
      if (asked++ === 0) throw new Error('not yet');
      return decodeRows(rows);
    });
    await settle();
    expect(live.getState().error).not.toBeNull();
    await new Promise((done) => setTimeout(done, 20));
    expect(live.getState().snapshot!.rows).toBe(10);
    expect(live.getState().error).toBeNull();
  });
});
