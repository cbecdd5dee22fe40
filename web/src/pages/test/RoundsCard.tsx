// SPDX-License-Identifier: Apache-2.0
// The latest rounds with each check, and what an HTTP round knows of its phases and certificate.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import '../../styles/charts.css';
import { getRounds } from '../../core/api/endpoints.ts';
import type { Round } from '../../core/api/types.ts';
import { formatLength } from '../../core/time/format.ts';
import { HOUR } from '../../core/time/range.ts';
import { serverNow } from '../../core/time/clock.ts';
import { formatMs, formatPercent } from '../../core/text/numbers.ts';
import { untilItWorks } from '../../app/query.ts';
import { useInstant, useTimes } from '../../app/search.tsx';
import { Empty, Failure, Loading } from '../../ui/Notice.tsx';
import { StateTag } from '../../ui/StateTag.tsx';

const SHOWN = 20;

/** The rounds before the chosen instant, newest first. */
export function useRounds(id: string, frequencySec: number) {
  const at = useInstant();
  const reach = Math.max(HOUR, SHOWN * frequencySec * 1500);
  return useQuery({
    queryKey: ['rounds', id, at],
    queryFn: async ({ signal }) => {
      const to = at ?? serverNow() + 1000;
      return (await getRounds(id, { from: to - reach, to }, SHOWN, signal)).reverse();
    },
    placeholderData: keepPreviousData,
    refetchInterval: at === null ? Math.max(5000, frequencySec * 1000) : untilItWorks,
  });
}

export function RoundsCard({ query }: { query: ReturnType<typeof useRounds> }) {
  const rounds = query.data ?? [];
  return (
    <section className="card span-12" aria-labelledby="rounds-title">
      <h2 id="rounds-title">Latest checks</h2>
      {query.isPending && <Loading />}
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && rounds.length === 0 && <Empty title="There are no rounds before this time." />}
      {rounds.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label="Latest rounds">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Round</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  RTT
                </th>
                <th scope="col" className="number">
                  Failed
                </th>
                <th scope="col">Checks</th>
                <th scope="col">What happened</th>
              </tr>
            </thead>
            <tbody>
              {rounds.map((round) => (
                <RoundRow key={round.started} round={round} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function RoundRow({ round }: { round: Round }) {
  const { time } = useTimes();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <tr>
        <td>{time(Date.parse(round.started), true)}</td>
        <td>
          <StateTag state={round.state} />
        </td>
        <td className="number">{formatMs(round.roundTripTimeMs)}</td>
        <td className="number">
          {round.checksTotal > 0 ? formatPercent((100 * round.checksFailed) / round.checksTotal) : 'NA'}
        </td>
        <td>
          <button type="button" className="linklike" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {round.checksTotal - round.checksFailed} of {round.checksTotal} answered
          </button>
        </td>
        <td>{round.reason.text}</td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={6}>
            <ol className="dots" aria-label="Each check">
              {round.checks.map((check, i) => (
                <li key={i} className="badge">
                  {check.roundTripTimeMs === null ? check.outcome : formatMs(check.roundTripTimeMs)}
                </li>
              ))}
            </ol>
            <p className="quiet">
              {round.address && `To ${round.address}. `}
              {round.detail}
              {round.checksVoid > 0 && ` ${round.checksVoid} not counted: the agent itself was at fault.`}
              {round.name &&
                ` Name: ${round.name.outcome} in ${formatMs(round.name.tookMs)}${round.name.server ? ` from ${round.name.server}` : ''}.`}
            </p>
          </td>
        </tr>
      )}
    </>
  );
}

const PHASES = [
  ['dnsMs', 'Name'],
  ['connectMs', 'Connect'],
  ['tlsMs', 'TLS'],
  ['requestMs', 'Request'],
  ['firstByteMs', 'First byte'],
  ['transferMs', 'Transfer'],
] as const;

/** Where the time of the last successful request went, and the certificate; for HTTP tests. */
export function HttpCard({ round }: { round: Round | undefined }) {
  const { time } = useTimes();
  if (!round?.http && !round?.tls) return null;
  const { http, tls } = round;
  const phases = PHASES.map(([key, name]) => ({ name, ms: http?.[key] ?? null }));
  const total = phases.reduce((sum, phase) => sum + (phase.ms ?? 0), 0);
  return (
    <section className="card span-12" aria-labelledby="http-title">
      <h2 id="http-title">
        Last request{' '}
        <span className="quiet">
          {[http?.version, round.httpStatus && `status ${round.httpStatus}`, http?.url].filter(Boolean).join(' · ')}
        </span>
      </h2>
      <div className="cards">
        <div className="span-6">
          <dl className="facts">
            {phases.map((phase) => (
              <div key={phase.name} style={{ display: 'contents' }}>
                <dt>{phase.name}</dt>
                <dd className="row">
                  <span className="bar" style={{ width: '60%' }} aria-hidden="true">
                    <span style={{ width: `${total > 0 ? (100 * (phase.ms ?? 0)) / total : 0}%` }} />
                  </span>
                  {formatMs(phase.ms)}
                </dd>
              </div>
            ))}
          </dl>
        </div>
        {tls && (
          <dl className="facts span-6">
            <dt>Certificate</dt>
            <dd>{tls.subject}</dd>
            <dt>Issued by</dt>
            <dd>{tls.issuer}</dd>
            <dt>Expires</dt>
            <dd>
              {tls.notAfter
                ? `${time(Date.parse(tls.notAfter))} (${formatLength(Date.parse(tls.notAfter) - Date.parse(round.started))} after this round)`
                : 'NA'}
            </dd>
            <dt>Connection</dt>
            <dd>{[tls.version, tls.cipher, tls.key].filter(Boolean).join(', ')}</dd>
            <dt>Verified</dt>
            <dd>{tls.verified === undefined ? 'NA' : tls.verified ? 'no fault found' : 'no'}</dd>
          </dl>
        )}
      </div>
    </section>
  );
}
