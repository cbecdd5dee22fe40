// SPDX-License-Identifier: Apache-2.0
// Reads text/event-stream (WHATWG HTML, "server-sent events"). An own reader, since EventSource hides
// comments (our beats, without which a dead connection looks alive), statuses and headers.

export interface StreamEvent {
  readonly name: string;
  readonly data: string;
  readonly id: string;
}

/** Bytes of text in, events out; keeps what is not complete yet. */
export class EventParser {
  private rest = '';
  private data: string[] = [];
  private name = '';
  private id = '';

  feed(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    this.rest += text;
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.rest);
      if (!end) return events;
      const line = this.rest.slice(0, end.index);
      this.rest = this.rest.slice(end.index + end[0].length);
      const event = this.line(line);
      if (event) events.push(event);
    }
  }

  private line(line: string): StreamEvent | null {
    if (line === '') return this.dispatch();
    if (line.startsWith(':')) return null;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.name = value;
    else if (field === 'id' && !value.includes('\0')) this.id = value;
    return null;
  }

  private dispatch(): StreamEvent | null {
    const event = { name: this.name || 'message', data: this.data.join('\n'), id: this.id };
    const isEmpty = this.data.length === 0;
    this.data = [];
    this.name = '';
    return isEmpty ? null : event;
  }
}

export type StreamStatus = 'connecting' | 'open' | 'lost';

export interface StreamHandlers {
  onEvent(event: StreamEvent): void;
  onStatus(status: StreamStatus): void;
}

export interface StreamOptions {
  readonly path: string;
  readonly fetch?: typeof fetch;
  /** Without a byte for so long the connection counts as dead; beats come each 15 s. */
  readonly silenceMs?: number;
  readonly retryMs?: readonly number[];
}

const RETRY_MS = [500, 1000, 2000, 5000, 10_000];

/** A stream that reconnects for ever, from the last event on, until closed. */
export class LiveStream {
  private controller = new AbortController();
  private lastId = '';
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private isClosed = false;
  private readonly options: StreamOptions;
  private readonly handlers: StreamHandlers;

  constructor(options: StreamOptions, handlers: StreamHandlers) {
    this.options = options;
    this.handlers = handlers;
    void this.run();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.controller.abort();
  }

  private async run(): Promise<void> {
    this.controller = new AbortController();
    this.handlers.onStatus('connecting');
    try {
      await this.read();
    } catch {
      // Whatever ended the stream, the answer is the same: say so and try again.
    }
    clearTimeout(this.silence);
    if (this.isClosed) return;
    this.handlers.onStatus('lost');
    const waits = this.options.retryMs ?? RETRY_MS;
    const wait = waits[Math.min(this.failures++, waits.length - 1)] ?? 1000;
    this.timer = setTimeout(() => void this.run(), wait);
  }

  private async read(): Promise<void> {
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (this.lastId) headers['Last-Event-ID'] = this.lastId;
    this.expectBytes();
    const response = await (this.options.fetch ?? fetch)(this.options.path, {
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: this.controller.signal,
    });
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    this.handlers.onStatus('open');
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.expectBytes();
      for (const event of parser.feed(value)) {
        this.failures = 0;
        if (event.id) this.lastId = event.id;
        this.handlers.onEvent(event);
      }
    }
  }

  private expectBytes(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.controller.abort(), this.options.silenceMs ?? 40_000);
  }
}
