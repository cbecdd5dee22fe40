// SPDX-License-Identifier: Apache-2.0
// Why a test is in its state, in the line of a table.
import { wordAt, type Snapshot } from '../../core/api/snapshot.ts';
import type { TestRow } from '../../core/api/types.ts';
import { issueWords, shortReason } from '../../core/text/reasons.ts';

/** The server's sentence once it is there; until then words for the code. Nothing for tests that pass. */
export function reasonText(snapshot: Snapshot, row: number, details: TestRow | undefined): string {
  const isPass = snapshot.state[row] === 0;
  const issue = details?.pathIssue ?? (isPass ? null : issueOf(snapshot, row));
  if (isPass && !issue) return '';
  const code = wordAt(snapshot.reasonCode, row);
  const sentence = details && !isStale(details, snapshot, row) ? details.reason : null;
  const text = sentence || shortReason(code, snapshot.observed[row]!, snapshot.limit[row]!);
  return issue ? `${text} · ${issue}` : text;
}

function issueOf(snapshot: Snapshot, row: number): string | null {
  const kind = wordAt(snapshot.pathIssue, row);
  return kind && kind !== 'None' ? issueWords(kind) : null;
}

/** A sentence about passing cannot be the reason of a row that has failed since it was fetched. */
function isStale(details: TestRow, snapshot: Snapshot, row: number): boolean {
  return (
    snapshot.state[row] !== 0 &&
    / passed/.test(details.reason ?? '') &&
    !/failed|limit|above/.test(details.reason ?? '')
  );
}
