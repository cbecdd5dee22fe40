// SPDX-License-Identifier: Apache-2.0
// The way of a test at the chosen instant: picture, what is wrong in words, hops.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { ApiError } from '../../core/api/client.ts';
import { getPaths } from '../../core/api/endpoints.ts';
import type { PathReport } from '../../core/api/types.ts';
import { counted } from '../../core/text/numbers.ts';
import { issueWords } from '../../core/text/reasons.ts';
import { untilItWorks } from '../../app/query.ts';
import { useInstant, setUrl, useTimes, useUrl } from '../../app/search.tsx';
import { Empty, Failure, Loading } from '../../ui/Notice.tsx';
import { StateShape } from '../../ui/StateTag.tsx';
import { PathGraph } from '../../viz/pathgraph.tsx';
import { graphOfReport } from '../../viz/pathmodel.ts';
import { HopPast } from './HopHeat.tsx';
import { HopTable } from './HopTable.tsx';

const LIVE_MS = 20_000;

export function PathCard({
  id,
  source,
  destination,
  isTraceable,
}: {
  id: string;
  source: string;
  destination: string;
  isTraceable: boolean;
}) {
  const at = useInstant();
  const query = useQuery({
    queryKey: ['paths', id, at],
    queryFn: ({ signal }) => getPaths(id, at, signal),
    placeholderData: keepPreviousData,
    refetchInterval: at === null ? LIVE_MS : untilItWorks,
    retry: false,
    enabled: isTraceable,
  });
  const isMissing = query.error instanceof ApiError && query.error.status === 404;
  return (
    <section className="card span-12" aria-labelledby="path-title">
      <h2 id="path-title">
        Path {at === null ? 'now' : 'at the chosen time'}
        {query.data && !query.error && <span className="quiet">{pathSummary(query.data)}</span>}
      </h2>
      {query.isPending && isTraceable && <Loading what="Loading the path" />}
      {isMissing && (
        <Empty title="No path is known for this time.">
          Traces are kept when something changes and at least hourly.
        </Empty>
      )}
      {query.error && !isMissing && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && !query.error && (
        <HopPast id={id}>
          <Report report={query.data} source={source} destination={destination} />
        </HopPast>
      )}
    </section>
  );
}

/** "9 hops · 4 flows · MTU 1500". */
function pathSummary(report: PathReport): string {
  const longest = Math.max(0, ...report.paths.map((path) => path.hops.length));
  const flows = report.paths.reduce((sum, path) => sum + path.flows.length, 0);
  return [
    counted(longest, 'hop'),
    counted(report.paths.length, 'path'),
    counted(flows, 'flow'),
    report.pathMtu ? `MTU ${report.pathMtu}` : '',
  ]
    .filter(Boolean)
    .join(' · ');
}

function Report({ report, source, destination }: { report: PathReport; source: string; destination: string }) {
  const url = useUrl();
  const { time } = useTimes();
  const graph = useMemo(() => graphOfReport(report, source, destination), [report, source, destination]);
  const chosen = url.hop ?? null;
  const node = graph.nodes.find((each) => each.id === chosen);
  if (report.paths.length === 0) return <Empty title={report.problem || 'No path was found.'} />;
  return (
    <div className="stack">
      {report.issues.length > 0 ? (
        <ul aria-label="Issues on the way">
          {report.issues.map((issue, i) => (
            <li key={i} className="state" style={{ whiteSpace: 'normal' }}>
              <StateShape state="Fail" />
              <span>
                <strong>{issue.text}</strong>{' '}
                <span className="quiet">
                  ({issueWords(issue.kind)}, confidence {Math.round(issue.confidence * 100)} %)
                </span>
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="quiet">Every hop forwards; no link stands out.</p>
      )}
      <PathGraph
        graph={graph}
        label={`Path from ${source} to ${destination}`}
        height={graph.nodes.length > 30 ? 380 : 230}
        chosen={chosen}
        onChoose={(hop) => setUrl({ hop: hop ?? undefined }, { replace: true })}
      />
      {node && (
        <p role="status">
          <strong>{node.title}</strong>
          {node.address && node.address !== node.title && ` (${node.address})`}:{' '}
          {node.issues.length > 0
            ? node.issues.join('; ')
            : node.kind === 'hop'
              ? 'no issue here'
              : node.kind === 'silent'
                ? 'never answers, but traffic passes'
                : node.kind}
        </p>
      )}
      {report.paths.slice(0, 1).map((path) => (
        <HopTable key={path.id} path={path} issues={report.issues} index={0} count={report.paths.length} />
      ))}
      {report.paths.length > 1 && (
        <details>
          <summary>{counted(report.paths.length - 1, 'other path')} as tables</summary>
          {report.paths.slice(1).map((path, i) => (
            <HopTable key={path.id} path={path} issues={report.issues} index={i + 1} count={report.paths.length} />
          ))}
        </details>
      )}
      {report.changes.length > 0 && <p>Changed since the report before: {report.changes.join('; ')}.</p>}
      <p className="quiet">
        From {counted(report.traces, `${report.protocol.toUpperCase()} trace`)} between{' '}
        {time(Date.parse(report.from), true)} and {time(Date.parse(report.to), true)}.
      </p>
    </div>
  );
}
