// SPDX-License-Identifier: Apache-2.0
// Everything that is known of why a test is in its state, for a popover.
import { useQuery } from '@tanstack/react-query';
import { getPaths } from '../../core/api/endpoints.ts';
import { hexId, wordAt, type Snapshot } from '../../core/api/snapshot.ts';
import type { TestRow } from '../../core/api/types.ts';
import { formatLength } from '../../core/time/format.ts';
import { reasonValue, reasonWords } from '../../core/text/reasons.ts';
import { testName } from '../../core/text/tests.ts';
import { Go, useInstant, useTimes } from '../../app/search.tsx';
import { StateAt } from '../../ui/StateTag.tsx';
import { reasonText } from './reasonText.ts';

export function ReasonDetails({
  snapshot,
  row,
  details,
}: {
  snapshot: Snapshot;
  row: number;
  details: TestRow | undefined;
}) {
  const { time } = useTimes();
  const code = wordAt(snapshot.reasonCode, row);
  const words = reasonWords(code);
  const id = hexId(snapshot.id[row]!);
  const observed = snapshot.observed[row]!;
  const limit = snapshot.limit[row]!;
  const since = snapshot.since[row]!;
  return (
    <div className="stack">
      <h2 className="row">
        <StateAt index={snapshot.state[row]!} /> {testName(snapshot, row)}
      </h2>
      <p>
        <strong>{reasonText(snapshot, row, details) || words.label}</strong>
      </p>
      <dl className="facts">
        <dt>Rule</dt>
        <dd>{words.label}</dd>
        {Number.isFinite(observed) && (
          <>
            <dt>Observed</dt>
            <dd>{reasonValue(code, observed)}</dd>
          </>
        )}
        {Number.isFinite(limit) && (
          <>
            <dt>Limit</dt>
            <dd>{reasonValue(code, limit)}</dd>
          </>
        )}
        <dt>Since</dt>
        <dd>
          {time(since, true)} ({formatLength(snapshot.at - since)})
        </dd>
        <dt>Last round</dt>
        <dd>{time(snapshot.lastRound[row]!, true)}</dd>
      </dl>
      <PathDiagnosis
        id={id}
        isWanted={snapshot.state[row]! === 2 || snapshot.state[row]! === 1}
        fallback={details?.pathIssue ?? null}
      />
      <p className="quiet">{words.hint}</p>
      <p className="row">
        <Go to="/tests/$id" params={{ id }} className="button">
          Open the test
        </Go>
        <Go to="/logs" className="button" search={{ kql: logQuery(snapshot, row) }}>
          Its rounds in Logs
        </Go>
      </p>
    </div>
  );
}

function logQuery(snapshot: Snapshot, row: number): string {
  const quote = (text: string | null) => `"${(text ?? '').replace(/[\\"]/g, '\\$&')}"`;
  const from = new Date(snapshot.since[row] || snapshot.at - 3_600_000).toISOString();
  return `NWConnectionMonitorTestResult\n| where TimeGenerated > datetime(${from})\n| where SourceName == ${quote(wordAt(snapshot.source, row))} and DestinationName == ${quote(wordAt(snapshot.destination, row))}\n| where TestConfigurationName == ${quote(wordAt(snapshot.configuration, row))}\n| take 100`;
}

/** Related diagnostics: what the traces say of the way at that time. */
function PathDiagnosis({ id, isWanted, fallback }: { id: string; isWanted: boolean; fallback: string | null }) {
  const at = useInstant();
  const query = useQuery({
    queryKey: ['paths', id, at],
    queryFn: ({ signal }) => getPaths(id, at, signal),
    enabled: isWanted,
    retry: false,
  });
  if (!isWanted) return null;
  const issues = query.data?.issues ?? [];
  return (
    <div>
      <h2>On the way</h2>
      {query.isPending && <p className="quiet">Looking at the path…</p>}
      {issues.map((issue, i) => (
        <p key={i}>{issue.text}</p>
      ))}
      {!query.isPending && issues.length === 0 && (
        <p className="quiet">
          {fallback ??
            (query.error ? 'No path is known for this time.' : 'The path shows no fault: every hop forwards.')}
        </p>
      )}
    </div>
  );
}
