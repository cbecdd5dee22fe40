// SPDX-License-Identifier: Apache-2.0
// One test: its state at the chosen instant and why, round-trip times and loss over the range, the way, the checks.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ApiError } from '../../core/api/client.ts';
import { getMonitor, getQuantiles, getTestChanges, runNow, traceNow } from '../../core/api/endpoints.ts';
import { STATES, wordAt, type Snapshot } from '../../core/api/snapshot.ts';
import type { StateChange } from '../../core/api/types.ts';
import { rowOfHex } from '../../core/store/live.ts';
import { formatLength } from '../../core/time/format.ts';
import { pointsFor } from '../../core/time/range.ts';
import { formatMs, formatPercent } from '../../core/text/numbers.ts';
import { reasonWords } from '../../core/text/reasons.ts';
import { protocolText, testName } from '../../core/text/tests.ts';
import { useParams } from '../../app/place.tsx';
import { Go, useSpan, useTimes } from '../../app/search.tsx';
import { useMayOperate } from '../../app/session.tsx';
import { copyText, frozenTarget } from '../../app/share.ts';
import { useSnapshot } from '../../app/snapshot.tsx';
import { useTravel } from '../../app/Recorder.tsx';
import { Empty, Failure, Loading, messageOf } from '../../ui/Notice.tsx';
import { SmokeChart } from '../../ui/SmokeChart.tsx';
import { StateAt, StateTag } from '../../ui/StateTag.tsx';
import { toast } from '../../ui/toast.tsx';
import { usePage } from '../../ui/usePage.ts';
import { reasonText } from '../overview/reasonText.ts';
import { useTestRows } from '../overview/useTestRows.ts';
import { AlertsCard } from '../alerts/AlertsCard.tsx';
import { CalendarCard } from './CalendarCard.tsx';
import { PathCard } from './PathCard.tsx';
import { HttpCard, RoundsCard, useRounds } from './RoundsCard.tsx';

const POINTS_MAX = 1200;

export function TestPage() {
  const { id = '' } = useParams();
  const { snapshot, error, refetch } = useSnapshot();
  const row = snapshot ? rowOfHex(snapshot, id) : null;
  if (error && !snapshot) return <Failure error={error} onRetry={refetch} />;
  if (!snapshot) return <Loading what="Loading the test" />;
  if (row === null) return <GoneTest id={id} />;
  return <Present key={id} id={id} snapshot={snapshot} row={row} />;
}

/** A test that is not in the snapshot: deleted, not there yet at that time, or never there. Its past remains. */
function GoneTest({ id }: { id: string }) {
  usePage('Test');
  const { at } = useTravel();
  return (
    <>
      <div className="page-head">
        <h1>Test {id}</h1>
      </div>
      <Empty title={at === null ? 'This test is not defined (any more).' : 'This test did not run at the chosen time.'}>
        <p>Its connection monitor may have been changed or deleted. What was measured stays in the store.</p>
        <Go to="/" search={{ view: 'tests' }} className="button">
          All tests
        </Go>
      </Empty>
      <RttCard id={id} limitMs={null} frequencySec={60} />
    </>
  );
}

function useLimits(monitor: string, configuration: string) {
  const query = useQuery({
    queryKey: ['monitor', monitor],
    queryFn: ({ signal }) => getMonitor(monitor, signal),
    staleTime: 60_000,
    retry: false,
  });
  return query.data?.document.testConfigurations?.find((each) => each.name === configuration)?.successThreshold;
}

function Present({ id, snapshot, row }: { id: string; snapshot: Snapshot; row: number }) {
  const name = testName(snapshot, row);
  usePage(name);
  const monitor = wordAt(snapshot.monitor, row) ?? '';
  const configuration = wordAt(snapshot.configuration, row) ?? '';
  const limits = useLimits(monitor, configuration);
  const frequency = snapshot.frequencySec[row] || 60;
  const rounds = useRounds(id, frequency);
  const details = useTestRows([id]);
  const isHttp = wordAt(snapshot.protocol, row) === 'HTTP';
  return (
    <>
      <div className="page-head">
        <h1>
          {name} <StateAt index={snapshot.state[row]!} />
        </h1>
        <Actions id={id} name={name} snapshot={snapshot} row={row} reason={reasonText(snapshot, row, details(id))} />
      </div>
      <ReasonLine snapshot={snapshot} row={row} text={reasonText(snapshot, row, details(id))} />
      <div className="cards">
        <AlertsCard snapshot={snapshot} rows={Uint32Array.of(row)} connectionMonitor={monitor} />
        <RttCard id={id} limitMs={limits?.roundTripTimeMs ?? null} frequencySec={frequency} />
        <PathCard
          id={id}
          source={wordAt(snapshot.source, row) ?? ''}
          destination={wordAt(snapshot.destination, row) ?? ''}
          isTraceable={snapshot.state[row] !== 4}
        />
        <Essentials snapshot={snapshot} row={row} limits={limits} />
        <ChangesCard id={id} />
        {isHttp && <HttpCard round={rounds.data?.find((round) => round.http || round.tls)} />}
        <CalendarCard id={id} />
        <RoundsCard query={rounds} />
      </div>
    </>
  );
}

function ReasonLine({ snapshot, row, text }: { snapshot: Snapshot; row: number; text: string }) {
  const { time } = useTimes();
  const since = snapshot.since[row]!;
  const words = text || reasonWords(wordAt(snapshot.reasonCode, row)).label;
  return (
    <p className="reason-line" role="status">
      <strong>{STATES[snapshot.state[row]!]}</strong> since {time(since)} ({formatLength(snapshot.at - since)}): {words}
    </p>
  );
}

function Actions({
  id,
  name,
  snapshot,
  row,
  reason,
}: {
  id: string;
  name: string;
  snapshot: Snapshot;
  row: number;
  reason: string;
}) {
  const mayOperate = useMayOperate();
  const client = useQueryClient();
  const { time } = useTimes();
  const trace = useMutation({
    mutationFn: () => traceNow(id),
    onSuccess: () => {
      toast('The agent was told to trace. The path follows in some seconds.');
      setTimeout(() => void client.invalidateQueries({ queryKey: ['paths', id] }), 5000);
    },
    onError: (error) => toast(messageOf(error), true),
  });
  const run = useMutation({
    mutationFn: () => runNow(id),
    onSuccess: (round) => {
      toast(`${round.state}: ${round.reason.text}`);
      void client.invalidateQueries({ queryKey: ['rounds', id] });
    },
    onError: (error) =>
      toast(
        error instanceof ApiError && error.status === 404
          ? 'This server cannot run a single round yet.'
          : messageOf(error),
        true,
      ),
  });
  const evidence = () =>
    `**${name}**: ${STATES[snapshot.state[row]!]} at ${time(snapshot.at, true)}\n\n- ${reason || 'within limits'}\n- since ${time(snapshot.since[row]!, true)}\n- round-trip time ${formatMs(snapshot.rttMs[row])}, checks failed ${formatPercent(snapshot.checksFailedPercent[row])}\n- ${location.origin + frozenTarget()}\n`;
  return (
    <>
      {mayOperate && (
        <>
          <button type="button" className="button" disabled={run.isPending} onClick={() => run.mutate()}>
            {run.isPending ? 'Running…' : 'Run now'}
          </button>
          <button type="button" className="button" disabled={trace.isPending} onClick={() => trace.mutate()}>
            Trace now
          </button>
        </>
      )}
      <Go to="/compare" search={{ sel: [id] }} className="button">
        Compare
      </Go>
      <button
        type="button"
        className="button"
        onClick={() => void copyText(evidence(), 'Evidence copied as Markdown.')}
      >
        Copy evidence
      </button>
    </>
  );
}

function RttCard({ id, limitMs, frequencySec }: { id: string; limitMs: number | null; frequencySec: number }) {
  const span = useSpan();
  const pixels = Math.min(POINTS_MAX, Math.max(200, Math.round(window.innerWidth - 300)));
  const points = pointsFor(span, frequencySec, pixels);
  const query = useQuery({
    queryKey: ['quantiles', id, span.from, span.to, points],
    queryFn: ({ signal }) => getQuantiles(id, span, points, signal),
    placeholderData: keepPreviousData,
    staleTime: 20_000,
  });
  const changes = useChanges(id);
  return (
    <section className="card span-12" aria-labelledby="rtt-title">
      <h2 id="rtt-title">Round-trip time and checks lost</h2>
      {query.isPending && <Loading />}
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && (
        <SmokeChart
          name="Round-trip time"
          data={query.data}
          height={250}
          limitMs={limitMs}
          changes={changes.data?.map((change) => Date.parse(change.time))}
        />
      )}
    </section>
  );
}

function useChanges(id: string) {
  const span = useSpan();
  return useQuery({
    queryKey: ['changes', id, span.from, span.to],
    queryFn: ({ signal }) => getTestChanges(id, span, 200, signal),
    placeholderData: keepPreviousData,
    staleTime: 20_000,
  });
}

function ChangesCard({ id }: { id: string }) {
  const query = useChanges(id);
  const { to } = useTravel();
  const { time } = useTimes();
  const changes = [...(query.data ?? [])].reverse();
  return (
    <section className="card span-6" aria-labelledby="changes-title">
      <h2 id="changes-title">State changes in the range</h2>
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && changes.length === 0 && <p className="quiet">None.</p>}
      {changes.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label="State changes" style={{ maxHeight: 260 }}>
          <table className="plain">
            <tbody>
              {changes.map((change: StateChange) => (
                <tr key={change.time}>
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
                    <StateTag state={change.to} />
                  </td>
                  <td>{change.reason.text}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Essentials({
  snapshot,
  row,
  limits,
}: {
  snapshot: Snapshot;
  row: number;
  limits: { checksFailedPercent?: number; roundTripTimeMs?: number } | undefined;
}) {
  const { time } = useTimes();
  const word = (
    name:
      | 'monitor'
      | 'group'
      | 'source'
      | 'destination'
      | 'configuration'
      | 'address'
      | 'agent'
      | 'sourceAddress'
      | 'checkedAddress'
      | 'protocol',
  ) => wordAt(snapshot[name], row) ?? '';
  const monitor = word('monitor');
  const certificate = snapshot.certificateExpires[row]!;
  const facts: [string, React.ReactNode][] = [
    [
      'Connection monitor',
      <Go key="m" to="/monitors/$name" params={{ name: monitor }}>
        {monitor}
      </Go>,
    ],
    [
      'Test group',
      <Go key="g" to="/monitors/$name/groups/$group" params={{ name: monitor, group: word('group') }}>
        {word('group')}
      </Go>,
    ],
    [
      'Source',
      <>
        <Go to="/sources/$name" params={{ name: word('source') }}>
          {word('source')}
        </Go>{' '}
        {word('sourceAddress')}
      </>,
    ],
    [
      'Destination',
      <>
        <Go to="/destinations/$name" params={{ name: word('destination') }}>
          {word('destination')}
        </Go>{' '}
        {[...new Set([word('address'), word('checkedAddress')])]
          .filter((each) => each && each !== word('destination'))
          .join(', ')}
      </>,
    ],
    [
      'Test configuration',
      <>
        <Go
          to="/monitors/$name/configurations/$configuration"
          params={{ name: monitor, configuration: word('configuration') }}
        >
          {word('configuration')}
        </Go>{' '}
        ({protocolText(word('protocol'), snapshot.port[row])}, every {snapshot.frequencySec[row]} s)
      </>,
    ],
    [
      'Thresholds',
      limits
        ? [
            limits.checksFailedPercent !== undefined ? `checks failed ${limits.checksFailedPercent} %` : '',
            limits.roundTripTimeMs !== undefined ? `round-trip time ${limits.roundTripTimeMs} ms` : '',
          ]
            .filter(Boolean)
            .join(', ') || 'none set'
        : 'none set',
    ],
    ['Agent', word('agent') || 'none'],
    ['Last round', time(snapshot.lastRound[row]!, true)],
    [
      'Round-trip time',
      `${formatMs(snapshot.rttMs[row])} (${formatMs(snapshot.rttMinMs[row])} to ${formatMs(snapshot.rttMaxMs[row])}, jitter ${formatMs(snapshot.jitterMs[row])})`,
    ],
    ['Checks failed', formatPercent(snapshot.checksFailedPercent[row])],
    ...(Number.isFinite(snapshot.httpStatus[row]!)
      ? [['HTTP status', String(snapshot.httpStatus[row])] as [string, React.ReactNode]]
      : []),
    ...(Number.isFinite(certificate)
      ? [
          ['Certificate', `expires ${time(certificate)}, in ${formatLength(certificate - snapshot.at)}`] as [
            string,
            React.ReactNode,
          ],
        ]
      : []),
  ];
  return (
    <section className="card span-6" aria-labelledby="essentials-title">
      <h2 id="essentials-title">Essentials</h2>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
