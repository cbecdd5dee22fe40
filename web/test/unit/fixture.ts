// SPDX-License-Identifier: Apache-2.0
// Small snapshots as rows, encoded and decoded, so that every test goes through the real decoder.
import { encodeSnapshot, wordColumn } from '../../mock-api/encode.mjs';
import { decodeSnapshot, STATES, type Snapshot } from '../../src/core/api/snapshot.ts';
import { pick, random } from './random.ts';

export interface Row {
  id: bigint;
  monitor: string;
  group: string;
  source: string;
  destination: string;
  configuration: string;
  sourceAddress: string | null;
  pathIssue: string | null;
  state: number;
  /** Index into ALERTS. */
  alert: number;
  rttMs: number;
  checksFailedPercent: number;
  since: number;
}

export function encodeRows(rows: readonly Row[], head: object = {}): Uint8Array {
  const words = (name: keyof Row) =>
    wordColumn(
      name,
      rows.map((row) => row[name] as string | null),
    );
  const numbers = (name: keyof Row, type: string) => ({
    name,
    type,
    values: rows.map((row) => row[name] as number | bigint),
  });
  return encodeSnapshot({ rows: rows.length, at: '2026-11-21T20:00:00Z', live: true, revision: '1', ...head }, [
    numbers('id', 'u64'),
    ...(['monitor', 'group', 'source', 'destination', 'configuration', 'sourceAddress', 'pathIssue'] as const).map(
      words,
    ),
    { name: 'state', type: 'u8', values: rows.map((row) => row.state), dictionary: [...STATES] },
    numbers('alert', 'u8'),
    { name: 'port', type: 'u16', values: rows.map((_, i) => (i % 2 ? 443 : 0)) },
    numbers('rttMs', 'f32'),
    numbers('checksFailedPercent', 'f32'),
    numbers('since', 'f64'),
  ]);
}

export const decodeRows = (rows: readonly Row[], head: object = {}): Snapshot => decodeSnapshot(encodeRows(rows, head));

export function randomRows(count: number, seed: number): Row[] {
  const next = random(seed);
  return Array.from({ length: count }, (_, i) => ({
    id: (BigInt(Math.floor(next() * 2 ** 32)) << 32n) | BigInt(i),
    monitor: `m${Math.floor(next() * 4)}`,
    group: `g${Math.floor(next() * 12)}`,
    source: `fra1-agent-${Math.floor(next() * 15)}`,
    destination: pick(next, ['outlook.office365.com', 'sql-prod-01', 'Api.example', 'api.example', 'ldap']),
    configuration: pick(next, ['ping', 'tcp 443', 'https']),
    sourceAddress: next() < 0.2 ? null : `10.192.64.${Math.floor(next() * 100)}`,
    pathIssue: next() < 0.7 ? null : pick(next, ['Loop', 'ForwardingLoss']),
    state: Math.floor(next() * 5),
    alert: i % 3 === 0 ? (i / 3) % 6 : 0,
    rttMs: next() < 0.2 ? NaN : Math.fround(Math.floor(next() * 50) / 2),
    checksFailedPercent: next() < 0.1 ? NaN : Math.floor(next() * 11) * 10,
    since: Math.floor(next() * 1e6),
  }));
}
