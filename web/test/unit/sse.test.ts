// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { EventParser, LiveStream, type StreamEvent } from '../../src/core/api/sse.ts';
import { random } from './random.ts';

const TEXT =
  ': beat\n\nid: 3\nevent: rows\ndata: {"a":1}\n\nevent: plan\r\ndata: x\r\ndata: y\r\n\r\ndata\n\nevent: lost\n\nid: 4\ndata: end\n\n';
const EVENTS = [
  { name: 'rows', data: '{"a":1}', id: '3' },
  { name: 'plan', data: 'x\ny', id: '3' },
  { name: 'message', data: '', id: '3' },
  { name: 'message', data: 'end', id: '4' },
];

describe('the event parser', () => {
  test('finds the events of a text', () => expect(new EventParser().feed(TEXT)).toEqual(EVENTS));

  test('does not mind where the text is cut', () => {
    const next = random(4);
    for (let i = 0; i < 500; i++) {
      const parser = new EventParser();
      const events: StreamEvent[] = [];
      for (let at = 0; at < TEXT.length;) {
        const length = 1 + Math.floor(next() * 9);
        events.push(...parser.feed(TEXT.slice(at, at + length)));
        at += length;
      }
      expect(events).toEqual(EVENTS);
    }
  });
});

describe('the live stream', () => {
  test('reconnects from the last event on and tells of loss', async () => {
    const asked: (string | undefined)[] = [];
    const statuses: string[] = [];
    const seen: string[] = [];
    const answers = ['id: 5\ndata: one\n\n', 'id: 6\ndata: two\n\n'];
    await new Promise<void>((done) => {
      const stream = new LiveStream(
        {
          path: '/s',
          retryMs: [1],
          fetch: async (_path, init) => {
            asked.push((init?.headers as Record<string, string>)['Last-Event-ID']);
            const body = answers.shift();
            return body === undefined ? new Response(null, { status: 503 }) : new Response(body);
          },
        },
        {
          onEvent: (event) => seen.push(event.data),
          onStatus: (status) => {
            statuses.push(status);
            if (asked.length === 3 && status === 'lost') {
              stream.close();
              done();
            }
          },
        },
      );
    });
    expect(asked).toEqual([undefined, '5', '6']);
    expect(seen).toEqual(['one', 'two']);
    expect(statuses).toEqual(['connecting', 'open', 'lost', 'connecting', 'open', 'lost', 'connecting', 'lost']);
  });

  test('gives a silent connection up', async () => {
    let isAborted = false;
    await new Promise<void>((done) => {
      const stream = new LiveStream(
        {
          path: '/s',
          silenceMs: 5,
          retryMs: [1000],
          fetch: (_path, init) =>
            new Promise((_, fail) =>
              init?.signal?.addEventListener('abort', () => ((isAborted = true), fail(new Error('aborted')))),
            ),
        },
        { onEvent: () => {}, onStatus: (status) => status === 'lost' && (stream.close(), done()) },
      );
    });
    expect(isAborted).toBe(true);
  });
});
