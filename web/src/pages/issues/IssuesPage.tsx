// SPDX-License-Identifier: Apache-2.0
// What is wrong, by cause: links that explain many tests, issues by kind, and what changed lately.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { getFaults, getStateChanges } from '../../core/api/endpoints.ts';
import type { Snapshot } from '../../core/api/snapshot.ts';
import { filterRows } from '../../core/store/filter.ts';
import { rowOfHex } from '../../core/store/live.ts';
import { counted } from '../../core/text/numbers.ts';
import { testName } from '../../core/text/tests.ts';
import { Go, useInstant, useSpan, useTimes } from '../../app/search.tsx';
import { useTravel } from '../../app/Recorder.tsx';
import { useSnapshot } from '../../app/snapshot.tsx';
import { Failure, Loading } from '../../ui/Notice.tsx';
import { StateTag } from '../../ui/StateTag.tsx';
import { usePage } from '../../ui/usePage.ts';
import { IssuesCard } from '../entity/IssuesCard.tsx';

const CHANGES_MAX = 300;

export function IssuesPage() {
  usePage('Issues');
  const { snapshot, error, refetch } = useSnapshot();
  const at = useInstant();
  if (error && !snapshot) return <Failure error={error} onRetry={refetch} />;
  if (!snapshot) return <Loading />;
  return (
    <>
      <div className="page-head">
        <h1>Issues</h1>
      </div>
      <div className="cards">
        {at === null && <Faults />}
        <AllIssues snapshot={snapshot} />
        <Changes snapshot={snapshot} />
      </div>
    </>
  );
}

function AllIssues({ snapshot }: { snapshot: Snapshot }) {
  const rows = useMemo(() => filterRows(snapshot, {}), [snapshot]);
  return <IssuesCard snapshot={snapshot} rows={rows} />;
}

function Faults() {
  const query = useQuery({ queryKey: ['faults'], queryFn: ({ signal }) => getFaults(signal), refetchInterval: 20_000 });
  return (
    <section className="card span-12" aria-labelledby="faults">
      <h2 id="faults">
        Links that explain many tests <span className="quiet">now</span>
      </h2>
      {query.isPending && <Loading />}
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data?.length === 0 && <p className="quiet">No link explains what several tests meet at once.</p>}
      <ul className="stack">
        {query.data?.map((fault, i) => (
          <li key={i}>
            <strong>{fault.text}</strong>{' '}
            <span className="quiet">
              confidence {Math.round(fault.confidence * 100)} %
              {fault.candidates > 1 && `, one of ${fault.candidates} links`}
            </span>{' '}
            <Go to="/topology" search={{ sel: fault.tests.slice(0, 200) }}>
              {counted(fault.tests.length, 'test')} in the topology
            </Go>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Changes({ snapshot }: { snapshot: Snapshot }) {
  const span = useSpan();
  const { time } = useTimes();
  const { to } = useTravel();
  const query = useQuery({
    queryKey: ['state-changes', span.from, span.to],
    queryFn: ({ signal }) => getStateChanges(span, {}, CHANGES_MAX, signal),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
  });
  const changes = [...(query.data ?? [])].reverse();
  return (
    <section className="card span-12" aria-labelledby="changes">
      <h2 id="changes">
        State changes <span className="quiet">in the range, the newest {CHANGES_MAX} at most</span>
      </h2>
      {query.isPending && <Loading />}
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && changes.length === 0 && <p className="quiet">None.</p>}
      {changes.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label="State changes" style={{ maxHeight: 480 }}>
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Test</th>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col">Reason</th>
              </tr>
            </thead>
            <tbody>
              {changes.map((change, i) => {
                const row = rowOfHex(snapshot, change.testId ?? '');
                return (
                  <tr key={i}>
                    <td>
                      <button
                        type="button"
                        className="linklike"
                        title="See everything as it was then"
                        onClick={() => to(Math.ceil(Date.parse(change.time) / 1000) * 1000)}
                      >
                        {time(Date.parse(change.time), true)}
                      </button>
                    </td>
                    <td>
                      <Go to="/tests/$id" params={{ id: change.testId ?? '' }}>
                        {row === null ? change.testId : testName(snapshot, row)}
                      </Go>
                    </td>
                    <td>
                      <StateTag state={change.from} />
                    </td>
                    <td>
                      <StateTag state={change.to} />
                    </td>
                    <td>{change.reason.text}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
