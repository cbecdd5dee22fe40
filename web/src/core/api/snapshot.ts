// SPDX-License-Identifier: Apache-2.0
// Decodes the snapshot: all tests at one instant as columns (api/openapi.yaml, "snapshot").
// Layout: "LWS1", u32 length of the JSON header, header, padding to 8, columns at their offsets.
// Every length and index is checked, so that bytes of any kind give a snapshot or an error, never a
// wrong number on a page.

export const STATES = ['Pass', 'Warning', 'Fail', 'Indeterminate', 'Not Running'] as const;
export type State = (typeof STATES)[number];
export const MISSING = 0xffffffff;
/** The gravest alert that fires for a test, by the code of the column `alert`: none, or the severity that begins it. */
export const ALERTS = ['None', 'Sev0', 'Sev1', 'Sev2', 'Sev3', 'Sev4'] as const;

export class SnapshotError extends Error {}

/** A column of words: `words[codes[row]]`, or nothing where the code is MISSING. */
export interface WordColumn {
  readonly codes: Uint32Array;
  readonly words: string[];
}

const WORD_COLUMNS = [
  'monitor',
  'group',
  'source',
  'destination',
  'configuration',
  'address',
  'agent',
  'sourceAddress',
  'checkedAddress',
  'protocol',
  'reasonCode',
  'pathIssue',
] as const;
const NUMBER_COLUMNS = [
  'port',
  'frequencySec',
  'observed',
  'limit',
  'since',
  'lastRound',
  'checksFailedPercent',
  'rttMs',
  'rttMinMs',
  'rttMaxMs',
  'jitterMs',
  'httpStatus',
  'certificateExpires',
] as const;
export type WordColumnName = (typeof WORD_COLUMNS)[number];
export type NumberColumnName = (typeof NUMBER_COLUMNS)[number];

/** Numbers that came with single precision are kept so: 100,000 rows of them are many. */
export type NumberColumn = Float64Array | Float32Array;

/** What all tests of a connection monitor amount to. */
export interface MonitorSummary {
  readonly name: string;
  /** Tests in each of STATES. */
  readonly states: readonly number[];
  /** The row that gives the monitor its state. */
  readonly worst: number;
  readonly rttMs: number;
  readonly checksFailedPercent: number;
  /** Index into ALERTS: the gravest of its tests; null if the server does not say. */
  readonly alert: number | null;
}

/** What the first rows of a snapshot say of all, at the same instant. */
export interface Whole {
  readonly rows: number;
  readonly states: readonly number[];
  /** Tests by each of ALERTS but the first; null if the server does not say. */
  readonly alerts: readonly number[] | null;
  readonly monitors: readonly MonitorSummary[];
}

/** All tests at one instant. Arrays are filled in place by live deltas; each delta makes a new object around them. */
export interface Snapshot
  extends Readonly<Record<WordColumnName, WordColumn>>, Readonly<Record<NumberColumnName, NumberColumn>> {
  readonly rows: number;
  /** If these are the first rows only. */
  readonly whole: Whole | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly live: boolean;
  readonly revision: string;
  readonly id: BigUint64Array;
  /** Index into STATES. */
  readonly state: Uint8Array;
  /** Index into ALERTS. */
  readonly alert: Uint8Array;
}

interface ColumnHeader {
  name: string;
  type: 'u8' | 'u16' | 'u32' | 'u64' | 'f32' | 'f64';
  offset: number;
  dictionary?: string[];
}
interface Header {
  rows: number;
  at: string;
  live: boolean;
  revision: string;
  whole: Whole | null;
  columns: ColumnHeader[];
}

const WIDTH = { u8: 1, u16: 2, u32: 4, u64: 8, f32: 4, f64: 8 } as const;
const ROWS_MAX = 5_000_000;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readHeader(bytes: Uint8Array): { header: Header; start: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || String.fromCharCode(...bytes.subarray(0, 4)) !== 'LWS1') {
    throw new SnapshotError('not a snapshot');
  }
  const length = view.getUint32(4, true);
  if (8 + length > bytes.length) throw new SnapshotError('the header is cut off');
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw new SnapshotError('the header is no JSON');
  }
  return { header: checkHeader(raw), start: Math.ceil((8 + length) / 8) * 8 };
}

function checkHeader(raw: unknown): Header {
  if (!isObject(raw)) throw new SnapshotError('the header is no object');
  const { rows, at, revision, columns } = raw;
  if (typeof rows !== 'number' || !Number.isInteger(rows) || rows < 0 || rows > ROWS_MAX) {
    throw new SnapshotError('the header has no number of rows');
  }
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) throw new SnapshotError('the header has no time');
  if (!Array.isArray(columns)) throw new SnapshotError('the header has no columns');
  return {
    rows,
    at,
    live: raw['live'] === true,
    revision: String(revision ?? ''),
    whole: checkWhole(raw, rows),
    columns: columns.map(checkColumn),
  };
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0;

function areCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length === STATES.length && value.every(isCount);
}

const isAlert = (value: unknown): value is number => isCount(value) && value < ALERTS.length;

function checkWhole({ of, states, alerts, monitors }: Record<string, unknown>, rows: number): Whole | null {
  if (of === undefined) return null;
  const isKnown = isCount(of) && of >= rows && areCounts(states) && Array.isArray(monitors);
  if (!isKnown) throw new SnapshotError('the header does not tell what these rows are of');
  const isCounted = Array.isArray(alerts) && alerts.length === ALERTS.length - 1 && alerts.every(isCount);
  return {
    rows: of,
    states,
    alerts: isCounted ? alerts : null,
    monitors: monitors.map((each: unknown) => checkMonitor(each, rows)),
  };
}

function checkMonitor(raw: unknown, rows: number): MonitorSummary {
  const { name, states, worst, rttMs, checksFailedPercent, alert } = isObject(raw) ? raw : {};
  if (typeof name !== 'string' || !areCounts(states) || !isCount(worst) || worst >= rows)
    throw new SnapshotError('the header sums a monitor up that cannot be');
  const number = (value: unknown) => (typeof value === 'number' ? value : NaN);
  return {
    name,
    states,
    worst,
    rttMs: number(rttMs),
    checksFailedPercent: number(checksFailedPercent),
    alert: isAlert(alert) ? alert : null,
  };
}

function checkColumn(raw: unknown): ColumnHeader {
  if (!isObject(raw) || typeof raw['name'] !== 'string') throw new SnapshotError('a column has no name');
  const { name, type, offset, dictionary } = raw;
  if (typeof type !== 'string' || !(type in WIDTH)) throw new SnapshotError(`column ${name} has no known type`);
  if (typeof offset !== 'number' || !Number.isInteger(offset) || offset < 0 || offset % 8 !== 0) {
    throw new SnapshotError(`column ${name} has no place`);
  }
  if (
    dictionary !== undefined &&
    !(Array.isArray(dictionary) && dictionary.every((word) => typeof word === 'string'))
  ) {
    throw new SnapshotError(`column ${name} has a dictionary that is not of words`);
  }
  return { name, type: type as ColumnHeader['type'], offset, dictionary: dictionary as string[] | undefined };
}

const ARRAYS = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

/** Copies columns out of the bytes. All machines that browsers run on are little-endian, as the bytes are. */
class ColumnReader {
  private readonly bytes: Uint8Array;
  private readonly columns: Map<string, ColumnHeader>;
  private readonly rows: number;
  private readonly start: number;

  constructor(bytes: Uint8Array, header: Header, start: number) {
    this.bytes = bytes;
    this.columns = new Map(header.columns.map((column) => [column.name, column]));
    this.rows = header.rows;
    this.start = start;
    for (const column of header.columns) {
      const end = start + column.offset + this.rows * WIDTH[column.type];
      if (this.rows > 0 && end > bytes.length) throw new SnapshotError(`column ${column.name} is cut off`);
    }
  }

  /** The values in memory of their own, since a column may stand anywhere among the bytes. */
  private get<T extends ColumnHeader['type']>(column: ColumnHeader & { type: T }): InstanceType<(typeof ARRAYS)[T]> {
    const at = this.start + column.offset;
    const copy = this.bytes.slice(at, at + this.rows * WIDTH[column.type]);
    return new ARRAYS[column.type](copy.buffer) as InstanceType<(typeof ARRAYS)[T]>;
  }

  ids(): BigUint64Array {
    const column = this.columns.get('id');
    if (column?.type !== 'u64') throw new SnapshotError('there is no column of ids');
    return this.get(column as ColumnHeader & { type: 'u64' });
  }

  /** A missing column is a column of missing values: later servers may leave some out. */
  numbers(name: string): NumberColumn {
    const column = this.columns.get(name);
    if (!column) return new Float32Array(this.rows).fill(NaN);
    const values = this.get(column);
    if (values instanceof BigUint64Array) return Float64Array.from(values, Number);
    if (values instanceof Float64Array || values instanceof Float32Array) return values;
    return values instanceof Uint32Array ? new Float64Array(values) : new Float32Array(values);
  }

  words(name: string): WordColumn {
    const column = this.columns.get(name);
    if (!column) return { codes: new Uint32Array(this.rows).fill(MISSING), words: [] };
    const words = column.dictionary;
    if (!words) throw new SnapshotError(`column ${name} has no dictionary`);
    if (column.type !== 'u32' && column.type !== 'u8') throw new SnapshotError(`column ${name} is not of words`);
    const codes = new Uint32Array(this.get(column as ColumnHeader & { type: 'u8' | 'u32' }));
    const none = column.type === 'u8' && words.length <= 0xff ? 0xff : MISSING;
    for (let row = 0; row < this.rows; row++) {
      const code = codes[row]!;
      if (code === none) codes[row] = MISSING;
      else if (code !== MISSING && code >= words.length)
        throw new SnapshotError(`column ${name} names a word that is not there`);
    }
    return { codes, words: [...words] };
  }
}

function readStates(reader: ColumnReader): Uint8Array {
  const column = reader.words('state');
  const indices = column.words.map((word) => (STATES as readonly string[]).indexOf(word));
  const states = new Uint8Array(column.codes.length);
  for (let row = 0; row < states.length; row++) {
    const index = indices[column.codes[row]!] ?? -1;
    if (index < 0) throw new SnapshotError('there is a test without a known state');
    states[row] = index;
  }
  return states;
}

/** A server that knows no alerts has no such column. A severity that is none is said to be the least. */
function readAlerts(reader: ColumnReader): Uint8Array {
  const last = ALERTS.length - 1;
  return Uint8Array.from(reader.numbers('alert'), (code) => (code > last ? last : code || 0));
}

export function decodeSnapshot(data: ArrayBuffer | Uint8Array): Snapshot {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  const { header, start } = readHeader(bytes);
  const reader = new ColumnReader(bytes, header, start);
  const snapshot: Record<string, unknown> = {
    rows: header.rows,
    at: Date.parse(header.at),
    live: header.live,
    revision: header.revision,
    whole: header.whole,
    id: reader.ids(),
    state: readStates(reader),
    alert: readAlerts(reader),
  };
  for (const name of WORD_COLUMNS) snapshot[name] = reader.words(name);
  for (const name of NUMBER_COLUMNS) snapshot[name] = reader.numbers(name);
  for (const name of ['port', 'httpStatus']) {
    const column = snapshot[name] as NumberColumn;
    for (let row = 0; row < column.length; row++) if (column[row] === 0) column[row] = NaN;
  }
  return snapshot as unknown as Snapshot;
}

function isSame(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** What frames of changes never write into. */
const KEPT_WORDS = [
  'monitor',
  'group',
  'source',
  'destination',
  'configuration',
  'address',
  'agent',
  'sourceAddress',
  'checkedAddress',
  'protocol',
] as const;
const KEPT_NUMBERS = ['port', 'frequencySec'] as const;

/**
 * `next` with the columns of `before` where both hold the same: names of 100,000 tests take most of a snapshot's
 * memory, and what was worked out from them (orders, indices) stays good.
 */
export function shareNames(before: Snapshot | null, next: Snapshot): Snapshot {
  if (!before || before.rows !== next.rows || !isSame(before.id, next.id)) return next;
  const shared: Record<string, unknown> = { ...next, id: before.id };
  for (const name of KEPT_WORDS) {
    const [old, fresh] = [before[name], next[name]];
    if (isSame(old.words, fresh.words) && isSame(old.codes, fresh.codes)) shared[name] = old;
  }
  for (const name of KEPT_NUMBERS) {
    const [old, fresh] = [before[name], next[name]];
    const isAlike = old.every((value, row) => Object.is(value, fresh[row]));
    if (isAlike) shared[name] = old;
  }
  return shared as unknown as Snapshot;
}

export function hexId(id: bigint): string {
  return id.toString(16).padStart(16, '0');
}

export function wordAt(column: WordColumn, row: number): string | null {
  const code = column.codes[row];
  return code === undefined || code === MISSING ? null : (column.words[code] ?? null);
}
