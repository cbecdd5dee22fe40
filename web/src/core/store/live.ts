// SPDX-License-Identifier: Apache-2.0
// The live snapshot: fetched once, then kept up to date by the stream's frames. Each change makes a new
// Snapshot object around the same arrays, so that everything on a page reads one object and React sees a new one.
import { ALERTS, MISSING, STATES, type Snapshot, type WordColumn } from '../api/snapshot.ts';
import { RowsById } from './rows_by_id.ts';

/** The data of an `event: rows` frame: columns of changed rows. */
export interface RowsFrame {
  revision: string | number;
  at: string;
  id: string[];
  state: number[];
  /** Servers that know no alerts leave it out. */
  alert?: number[];
  reasonCode: string[];
  observed: (number | null)[];
  limit: (number | null)[];
  since: number[];
  lastRound: (number | null)[];
  checksFailedPercent: (number | null)[];
  rttMs: (number | null)[];
  rttMinMs: (number | null)[];
  rttMaxMs: (number | null)[];
  jitterMs: (number | null)[];
  pathIssue: (string | null)[];
}

const NUMBERS = [
  'observed',
  'limit',
  'since',
  'lastRound',
  'checksFailedPercent',
  'rttMs',
  'rttMinMs',
  'rttMaxMs',
  'jitterMs',
] as const;

const indices = new WeakMap<BigUint64Array, RowsById>();

/** Made once for each set of tests. */
function rowsById(snapshot: Snapshot): RowsById {
  let index = indices.get(snapshot.id);
  if (!index) indices.set(snapshot.id, (index = new RowsById(snapshot.id)));
  return index;
}

export function rowOfHex(snapshot: Snapshot, id: string): number | null {
  return rowsById(snapshot).find(id);
}

function codeOf(column: WordColumn, word: string | null | undefined): number {
  if (word === null || word === undefined || word === '') return MISSING;
  const code = column.words.indexOf(word);
  return code >= 0 ? code : column.words.push(word) - 1;
}

export interface Applied {
  readonly snapshot: Snapshot;
  /** Rows whose state is another than before. */
  readonly changed: number[];
  /** The frame names a test that the snapshot does not have: fetch it again. */
  readonly isStale: boolean;
}

/** Writes a frame into the snapshot's arrays. Rows that it does not know are left and told of. */
export function applyFrame(snapshot: Snapshot, frame: RowsFrame): Applied {
  const index = rowsById(snapshot);
  const changed: number[] = [];
  let isStale = false;
  frame.id.forEach((id, i) => {
    const row = typeof id === 'string' ? index.find(id) : null;
    const state = frame.state[i];
    if (row === null || state === undefined || !(state in STATES)) {
      isStale = true;
      return;
    }
    if (snapshot.state[row] !== state) changed.push(row);
    snapshot.state[row] = state;
    const alert = frame.alert?.[i];
    if (alert !== undefined && alert in ALERTS) snapshot.alert[row] = alert;
    snapshot.reasonCode.codes[row] = codeOf(snapshot.reasonCode, frame.reasonCode[i]);
    snapshot.pathIssue.codes[row] = codeOf(snapshot.pathIssue, frame.pathIssue?.[i]);
    for (const name of NUMBERS) snapshot[name][row] = frame[name]?.[i] ?? NaN;
  });
  const at = Date.parse(frame.at);
  const next = { ...snapshot, at: Number.isFinite(at) ? at : snapshot.at, revision: String(frame.revision) };
  return { snapshot: next, changed, isStale };
}
