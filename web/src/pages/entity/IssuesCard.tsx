// SPDX-License-Identifier: Apache-2.0
// Hop-level issues of the tests at the chosen instant, gathered by kind and reason, with the tests behind them.
import { useMemo, useState } from 'react';
import { hexId, wordAt, type Snapshot } from '../../core/api/snapshot.ts';
import { counted, formatCount } from '../../core/text/numbers.ts';
import { issueWords, reasonWords } from '../../core/text/reasons.ts';
import { testName } from '../../core/text/tests.ts';
import { Go } from '../../app/search.tsx';
import { useTestRows } from '../overview/useTestRows.ts';

interface IssueGroup {
  readonly key: string;
  readonly title: string;
  readonly isOnPath: boolean;
  readonly rows: number[];
}

export function gatherIssues(snapshot: Snapshot, rows: Uint32Array): IssueGroup[] {
  const found = new Map<string, IssueGroup>();
  const add = (key: string, title: string, isOnPath: boolean, row: number) => {
    const group = found.get(key) ?? { key, title, isOnPath, rows: [] };
    group.rows.push(row);
    found.set(key, group);
  };
  for (const row of rows) {
    const issue = wordAt(snapshot.pathIssue, row);
    const state = snapshot.state[row]!;
    if (issue) add(`path ${issue}`, issueWords(issue), true, row);
    else if (state !== 0 && state !== 4) {
      const code = wordAt(snapshot.reasonCode, row);
      add(`reason ${code}`, reasonWords(code).label, false, row);
    }
  }
  return [...found.values()].sort((a, b) => b.rows.length - a.rows.length);
}

const SHOWN = 8;

export function IssuesCard({ snapshot, rows }: { snapshot: Snapshot; rows: Uint32Array }) {
  const groups = useMemo(() => gatherIssues(snapshot, rows), [snapshot, rows]);
  return (
    <section className="card span-12" aria-labelledby="issues">
      <h2 id="issues">
        Issues <span className="quiet">{groups.length === 0 ? 'none' : counted(groups.length, 'kind')}</span>
      </h2>
      {groups.length === 0 && <p className="quiet">No test has an issue at this time.</p>}
      {groups.map((group) => (
        <IssueRow key={group.key} snapshot={snapshot} group={group} />
      ))}
    </section>
  );
}

export function IssueRow({ snapshot, group }: { snapshot: Snapshot; group: IssueGroup }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{group.title}</strong>{' '}
        <span className="quiet">
          {group.isOnPath ? 'on the path' : 'no hop named'} · {formatCount(group.rows.length)}{' '}
          {group.rows.length === 1 ? 'test' : 'tests'}
        </span>
      </summary>
      {isOpen && <IssueTests snapshot={snapshot} rows={group.rows} />}
    </details>
  );
}

function IssueTests({ snapshot, rows }: { snapshot: Snapshot; rows: readonly number[] }) {
  const shown = rows.slice(0, SHOWN);
  const ids = shown.map((row) => hexId(snapshot.id[row]!));
  const details = useTestRows(ids);
  return (
    <ul className="stack" style={{ gap: 4, padding: '4px 0 8px 18px' }}>
      {shown.map((row, i) => {
        const detail = details(ids[i]!);
        return (
          <li key={ids[i]}>
            <Go to="/tests/$id" params={{ id: ids[i]! }}>
              {testName(snapshot, row)}
            </Go>
            : {detail?.pathIssue ?? detail?.reason ?? reasonWords(wordAt(snapshot.reasonCode, row)).label}
          </li>
        );
      })}
      {rows.length > SHOWN && <li className="quiet">and {formatCount(rows.length - SHOWN)} more</li>}
    </ul>
  );
}
