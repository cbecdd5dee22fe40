// SPDX-License-Identifier: Apache-2.0
// Keeps the live snapshot: fetches it, follows the stream from its revision on, so that nothing falls between
// them, and fetches again when the set of tests changes or frames were missed. Listeners are told at most once
// per animation frame.
import type { LiveStream, StreamEvent, StreamHandlers, StreamStatus } from '../api/sse.ts';
import { shareNames, type Snapshot } from '../api/snapshot.ts';
import { applyFrame, type RowsFrame } from './live.ts';

export interface LiveState {
  readonly snapshot: Snapshot | null;
  /** The first rows, until the snapshot is there: it takes its time on a slow line. */
  readonly first: Snapshot | null;
  readonly status: StreamStatus;
  readonly error: unknown;
}

export interface LiveSourceOptions {
  fetchSnapshot(): Promise<Snapshot>;
  /** The first rows of many, or all of few; asked once, before the first snapshot. */
  fetchFirst?(): Promise<Snapshot>;
  /** What that would give, if it is there already: then there is something to show at once. */
  first?: Snapshot | null;
  /** A stream of what changes after the revision. */
  openStream(handlers: StreamHandlers, since: string): Pick<LiveStream, 'close'>;
  /** Runs its argument soon: requestAnimationFrame in the browser. */
  schedule(run: () => void): void;
  retryMs?: number;
  /** Milliseconds of a clock that nobody sets: performance.now() unless a test has its own. */
  now?(): number;
}

/** Away for longer than this, a snapshot is less than all that changed since then. */
const FRESH_MS = 30_000;

export class LiveSource {
  private state: LiveState = { snapshot: null, first: null, status: 'connecting', error: null };
  private readonly listeners = new Set<() => void>();
  private readonly options: LiveSourceOptions;
  private stream: Pick<LiveStream, 'close'> | null = null;
  private waiting: RowsFrame[] = [];
  private isStarted = false;
  private isFetching = false;
  private mustFetchAgain = false;
  private isScheduled = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private heard = -Infinity;

  constructor(options: LiveSourceOptions) {
    this.options = options;
    const { first } = options;
    if (!first) return;
    this.state = { ...this.state, ...(first.whole ? { first } : { snapshot: first }) };
    this.heard = this.now();
  }

  start(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    if (this.state.snapshot && this.now() - this.heard < FRESH_MS) this.follow(this.state.snapshot);
    else void this.fetch();
  }

  stop(): void {
    this.isStarted = false;
    this.stream?.close();
    this.stream = null;
    clearTimeout(this.retry);
  }

  private now(): number {
    return this.options.now ? this.options.now() : performance.now();
  }

  private follow(snapshot: Snapshot): void {
    if (!this.isStarted || this.stream) return;
    const handlers: StreamHandlers = {
      onEvent: (event) => this.onEvent(event),
      onStatus: (status) => this.set({ ...this.state, status }),
    };
    this.stream = this.options.openStream(handlers, snapshot.revision);
  }

  getState = (): LiveState => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Fetches the snapshot anew; calls during a fetch lead to one more after it. */
  async fetch(): Promise<void> {
    if (this.isFetching) {
      this.mustFetchAgain = true;
      return;
    }
    this.isFetching = true;
    clearTimeout(this.retry);
    try {
      const snapshot = shareNames(this.state.snapshot, await this.fetchWhole());
      const frames = this.waiting.filter((frame) => !(Number(frame.revision) <= Number(snapshot.revision)));
      const fresh = frames.reduce((before, frame) => applyFrame(before, frame).snapshot, snapshot);
      this.heard = this.now();
      this.set({ ...this.state, snapshot: fresh, first: null, error: null });
      this.follow(fresh);
    } catch (error) {
      this.set({ ...this.state, error });
      if (this.isStarted) this.retry = setTimeout(() => void this.fetch(), this.options.retryMs ?? 3000);
    }
    this.waiting = [];
    this.isFetching = false;
    if (this.mustFetchAgain) {
      this.mustFetchAgain = false;
      void this.fetch();
    }
  }

  private async fetchWhole(): Promise<Snapshot> {
    const { fetchFirst, fetchSnapshot } = this.options;
    if (this.state.snapshot || this.state.first || !fetchFirst) return fetchSnapshot();
    const first = await fetchFirst();
    if (!first.whole) return first;
    this.set({ ...this.state, first, error: null });
    return fetchSnapshot();
  }

  private onEvent(event: StreamEvent): void {
    this.heard = this.now();
    let data: unknown;
    try {
      data = JSON.parse(event.data);
    } catch {
      return;
    }
    if (event.name === 'plan') void this.fetch();
    else if (event.name === 'hello') this.onHello(data as { revision?: unknown; rows?: unknown });
    else if (event.name === 'rows') this.onRows(data as RowsFrame);
  }

  /** After a restart the server counts anew, and while we were away tests may have come or gone. */
  private onHello(hello: { revision?: unknown; rows?: unknown }): void {
    const { snapshot } = this.state;
    if (!snapshot) return;
    const isOther = Number(hello.revision) < Number(snapshot.revision) || Number(hello.rows) !== snapshot.rows;
    if (isOther) void this.fetch();
  }

  private onRows(frame: RowsFrame): void {
    if (!Array.isArray(frame?.id) || !Array.isArray(frame.state)) return;
    if (this.isFetching || !this.state.snapshot) {
      this.waiting.push(frame);
      return;
    }
    const { snapshot, isStale } = applyFrame(this.state.snapshot, frame);
    this.set({ ...this.state, snapshot });
    if (isStale) void this.fetch();
  }

  private set(state: LiveState): void {
    this.state = state;
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.options.schedule(() => {
      this.isScheduled = false;
      for (const listener of this.listeners) listener();
    });
  }
}
