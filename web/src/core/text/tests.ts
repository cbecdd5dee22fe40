// SPDX-License-Identifier: Apache-2.0
import { wordAt, type Snapshot } from '../api/snapshot.ts';

/** "TCP 1433", "ICMP". */
export function protocolText(protocol: string | null, port: number | null | undefined): string {
  const hasPort = port !== null && port !== undefined && Number.isFinite(port) && port > 0;
  return `${protocol ?? ''}${hasPort ? ` ${port}` : ''}`;
}

/** "fra1-agent-00 → sql-prod-01 (TCP 1433)". */
export function testName(snapshot: Snapshot, row: number): string {
  const protocol = protocolText(wordAt(snapshot.protocol, row), snapshot.port[row]);
  return `${wordAt(snapshot.source, row)} → ${wordAt(snapshot.destination, row)} (${protocol})`;
}
