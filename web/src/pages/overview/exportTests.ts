// SPDX-License-Identifier: Apache-2.0
import {
  ALERTS,
  hexId,
  STATES,
  wordAt,
  type NumberColumnName,
  type Snapshot,
  type WordColumnName,
} from '../../core/api/snapshot.ts';
import { csv } from '../../core/text/numbers.ts';
import { formatTime } from '../../core/time/format.ts';

const WORDS: readonly WordColumnName[] = [
  'monitor',
  'group',
  'source',
  'sourceAddress',
  'destination',
  'address',
  'checkedAddress',
  'configuration',
  'protocol',
];
const NUMBERS: readonly NumberColumnName[] = [
  'port',
  'checksFailedPercent',
  'rttMs',
  'rttMinMs',
  'rttMaxMs',
  'jitterMs',
  'observed',
  'limit',
];

/** The rows as a CSV file, with everything that the snapshot knows. */
export function exportTests(snapshot: Snapshot, rows: Uint32Array): string {
  const head = ['id', 'state', 'alert', 'since', 'lastRound', 'reasonCode', 'pathIssue', ...WORDS, ...NUMBERS];
  const lines = [...rows].map((row) => [
    hexId(snapshot.id[row]!),
    STATES[snapshot.state[row]!]!,
    snapshot.alert[row] === 0 ? null : ALERTS[snapshot.alert[row]!]!,
    formatTime(snapshot.since[row], 'UTC', true),
    formatTime(snapshot.lastRound[row], 'UTC', true),
    wordAt(snapshot.reasonCode, row),
    wordAt(snapshot.pathIssue, row),
    ...WORDS.map((name) => wordAt(snapshot[name], row)),
    ...NUMBERS.map((name) => snapshot[name][row]!),
  ]);
  return csv([head, ...lines]);
}
