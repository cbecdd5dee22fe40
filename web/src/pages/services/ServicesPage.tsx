// SPDX-License-Identifier: Apache-2.0
// Service endpoints: health now, history, per node, and whether a slow service is the application's or the network's.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { getAggregate, getVerdict, type Where } from '../../core/api/endpoints.ts';
import type { Snapshot } from '../../core/api/snapshot.ts';
import type { AggregateSeries } from '../../core/api/types.ts';
import { formatCount, formatMs, formatPercent } from '../../core/text/numbers.ts';
import { slowest } from '../../core/store/group.ts';
import { pointsFor } from '../../core/time/range.ts';
import { VERDICT_NAMES } from '../../core/verdict/verdict.ts';
import { Go, useInstant, setUrl, useSpan, useUrl } from '../../app/search.tsx';
import { useMayOperate } from '../../app/session.tsx';
import { useSnapshot } from '../../app/snapshot.tsx';
import { LineChart } from '../../ui/LineChart.tsx';
import { Empty, Failure, Loading } from '../../ui/Notice.tsx';
import { part } from '../../ui/part.tsx';
import { StateAt, StateShape } from '../../ui/StateTag.tsx';
import { usePage } from '../../ui/usePage.ts';
import { configurationsOf, nodesOf, servicesOf, type Service } from './services.ts';

const AddTest = part(async () => (await import('./AddTest.tsx')).AddTest, { waiting: null });

const POINTS = 240;

export function ServicesPage() {
  usePage('Service endpoints');
  const { snapshot, error, refetch } = useSnapshot();
  if (error && !snapshot) return <Failure error={error} onRetry={refetch} />;
  if (!snapshot) return <Loading />;
  return <Content snapshot={snapshot} />;
}

function Content({ snapshot }: { snapshot: Snapshot }) {
  const url = useUrl();
  const mayOperate = useMayOperate();
  const [isAdding, setAdding] = useState(false);
  const services = useMemo(() => servicesOf(snapshot), [snapshot]);
  const chosen =
    services.find((service) => service.name === url.dst?.[0]) ??
    services.find((service) => service.all.state === 2) ??
    services[0];
  return (
    <>
      <div className="page-head">
        <h1>Service endpoints</h1>
        {mayOperate && (
          <button type="button" className="button" onClick={() => setAdding(true)}>
            Add test
          </button>
        )}
      </div>
      {isAdding && <AddTest onClose={() => setAdding(false)} />}
      {services.length === 0 || !chosen ? (
        <Empty title="No service is watched yet.">Add a test to see its response time and the network to it.</Empty>
      ) : (
        <>
          <Tiles services={services} />
          <div className="cards">
            <TestsTable services={services} chosen={chosen} />
            <History snapshot={snapshot} service={chosen} node={url.src?.[0]} />
            <Nodes snapshot={snapshot} service={chosen} node={url.src?.[0]} />
          </div>
        </>
      )}
    </>
  );
}

const HEALTH = [
  { name: 'Healthy', state: 0, shape: 'Pass' },
  { name: 'Warning', state: 1, shape: 'Warning' },
  { name: 'Critical', state: 2, shape: 'Fail' },
  { name: 'Unknown', state: 3, shape: 'Indeterminate' },
] as const;

function Tiles({ services }: { services: readonly Service[] }) {
  return (
    <dl className="tiles" aria-label="Health of services">
      {HEALTH.map(({ name, state, shape }) => (
        <div key={name} className="tile" style={{ cursor: 'default' }}>
          <dt className="state">
            <StateShape state={shape} /> {name}
          </dt>
          <dd>
            <strong>
              {formatCount(
                services.filter((service) => (state === 3 ? service.all.state >= 3 : service.all.state === state))
                  .length,
              )}
            </strong>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** "NA", with its reasons within reach. */
function Value({ text, why }: { text: string; why: readonly string[] }) {
  if (text !== 'NA' || why.length === 0) return <>{text}</>;
  return <abbr title={why.join(' ')}>{text}</abbr>;
}

function TestsTable({ services, chosen }: { services: readonly Service[]; chosen: Service }) {
  const at = useInstant();
  return (
    <section className="card span-6" aria-labelledby="services-tests">
      <h2 id="services-tests">
        Tests <span className="quiet">{at === null ? 'now' : 'at the chosen time'}</span>
      </h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="Tests">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">Health</th>
              <th scope="col" className="number">
                Response time
              </th>
              <th scope="col" className="number">
                Network latency
              </th>
              <th scope="col" className="number">
                Loss
              </th>
            </tr>
          </thead>
          <tbody>
            {services.map((service) => (
              <tr
                key={service.name}
                aria-current={service === chosen ? 'true' : undefined}
                style={service === chosen ? { background: 'var(--chosen)' } : undefined}
              >
                <td>
                  <button
                    type="button"
                    className="linklike"
                    onClick={() => setUrl({ dst: [service.name], src: undefined })}
                  >
                    {service.name}
                  </button>
                </td>
                <td>
                  <StateAt index={service.all.state} />
                </td>
                <td className="number">
                  <Value text={formatMs(service.web.rttMs)} why={service.why} />
                </td>
                <td className="number">
                  <Value text={formatMs(service.network.rttMs)} why={service.why} />
                </td>
                <td className="number">
                  <Value text={formatPercent(service.network.checksFailedPercent)} why={service.why} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Mean over the series of the given configurations, step by step, weighted by their tests. */
function meanOf(
  series: readonly AggregateSeries[],
  names: ReadonlySet<string>,
  key: 'rttMs' | 'checksFailedPercent',
  length: number,
): (number | null)[] {
  const wanted = series.filter((each) => names.has(each.name));
  return Array.from({ length }, (_, i) => {
    let [sum, weight] = [0, 0];
    for (const each of wanted) {
      const value = each[key][i];
      if (value === null || value === undefined) continue;
      sum += value * each.tests;
      weight += each.tests;
    }
    return weight > 0 ? sum / weight : null;
  });
}

function History({ snapshot, service, node }: { snapshot: Snapshot; service: Service; node: string | undefined }) {
  const span = useSpan();
  const where = { destination: service.name, source: node };
  const why =
    node === undefined ? service.why : (nodesOf(snapshot, service).find((each) => each.name === node)?.why ?? []);
  const points = pointsFor(span, slowest(snapshot, service.all.rows), POINTS);
  const query = useQuery({
    queryKey: ['aggregate', where, 'testConfiguration', span.from, span.to, points],
    queryFn: ({ signal }) => getAggregate(span, points, 'testConfiguration', where, signal),
    placeholderData: keepPreviousData,
    staleTime: 20_000,
  });
  const names = useMemo(() => configurationsOf(snapshot, service), [snapshot.id, service.name]);
  const lines = useMemo(() => {
    if (!query.data) return null;
    const { series, time } = query.data;
    return {
      response: meanOf(series, names.web, 'rttMs', time.length),
      latency: meanOf(series, names.network, 'rttMs', time.length),
      loss: meanOf(series, names.network, 'checksFailedPercent', time.length),
      time,
    };
  }, [query.data, names]);
  const charts = useMemo(
    () =>
      lines && {
        times: [
          { name: 'Response time', values: lines.response },
          { name: 'Network latency', values: lines.latency },
        ],
        loss: [{ name: 'Loss', values: lines.loss }],
      },
    [lines],
  );
  return (
    <section className="card span-6" aria-labelledby="services-history">
      <h2 id="services-history">
        {service.name}
        {node && ` from ${node}`}: application or network?
      </h2>
      {query.isPending && <Loading />}
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {lines && charts && (
        <div className="stack">
          <Sentence key={`${service.name} ${node}`} where={where} points={points} />
          {why.map((text) => (
            <p key={text} className="quiet">
              {text}
            </p>
          ))}
          <LineChart
            name={`Response time and network latency of ${service.name}`}
            time={lines.time}
            lines={charts.times}
            unit="ms"
            height={190}
          />
          <LineChart
            name={`Loss of ${service.name}`}
            time={lines.time}
            lines={charts.loss}
            unit="%"
            height={110}
            max={100}
            atLeast={5}
          />
          <p className="row">
            <Go to="/topology" search={{ dst: [service.name], src: node ? [node] : undefined }} className="button">
              Topology
            </Go>
            <Go
              to="/"
              search={{ view: 'tests', dst: [service.name], src: node ? [node] : undefined }}
              className="button"
            >
              Its tests
            </Go>
          </p>
        </div>
      )}
    </section>
  );
}

/** The server's verdict at the chosen instant: what came after it is not looked at. */
function Sentence({ where, points }: { where: Where; points: number }) {
  const span = useSpan();
  const at = useInstant();
  const to = at === null ? span.to : Math.min(at, span.to);
  const query = useQuery({
    queryKey: ['verdict', where, span.from, to, points],
    queryFn: ({ signal }) => getVerdict({ from: span.from, to }, points, where, signal),
    enabled: span.from < to,
    placeholderData: keepPreviousData,
    staleTime: 20_000,
  });
  const { data, error } = query;
  if (error) return <Failure what="There is no verdict" error={error} onRetry={() => void query.refetch()} />;
  return (
    <p className="verdict" role="status">
      {!data && (
        <span className="quiet">
          {span.from < to ? 'Looking at both…' : 'The chosen time is before the range: there is nothing to compare.'}
        </span>
      )}
      {data && (
        <>
          <strong>{VERDICT_NAMES[data.issue]}:</strong> {data.text}
          {data.correlation !== null && (
            <span className="quiet"> Correlation over the range {data.correlation.toFixed(2)}.</span>
          )}
        </>
      )}
    </p>
  );
}

function Nodes({ snapshot, service, node }: { snapshot: Snapshot; service: Service; node: string | undefined }) {
  const nodes = useMemo(() => nodesOf(snapshot, service), [snapshot, service]);
  const worstFirst = [...nodes].sort(
    (a, b) =>
      Number(b.all.state === 2) - Number(a.all.state === 2) ||
      (b.web.rttMs || b.network.rttMs || 0) - (a.web.rttMs || a.network.rttMs || 0),
  );
  return (
    <section className="card span-12" aria-labelledby="services-nodes">
      <h2 id="services-nodes">
        Test nodes <span className="quiet">of {service.name}: select one to see it alone</span>
      </h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="Test nodes" style={{ maxHeight: 420 }}>
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">Health</th>
              <th scope="col" className="number">
                Response time
              </th>
              <th scope="col" className="number">
                Network latency
              </th>
              <th scope="col" className="number">
                Loss
              </th>
              <th scope="col">Way</th>
            </tr>
          </thead>
          <tbody>
            {worstFirst.slice(0, 200).map((each) => (
              <tr key={each.name} style={each.name === node ? { background: 'var(--chosen)' } : undefined}>
                <td>
                  <button
                    type="button"
                    className="linklike"
                    aria-pressed={each.name === node}
                    onClick={() => setUrl({ dst: [service.name], src: each.name === node ? undefined : [each.name] })}
                  >
                    {each.name}
                  </button>
                </td>
                <td>
                  <StateAt index={each.all.state} />
                </td>
                <td className="number">
                  <Value text={formatMs(each.web.rttMs)} why={each.why} />
                </td>
                <td className="number">
                  <Value text={formatMs(each.network.rttMs)} why={each.why} />
                </td>
                <td className="number">
                  <Value text={formatPercent(each.network.checksFailedPercent)} why={each.why} />
                </td>
                <td>
                  <Go to="/topology" search={{ dst: [service.name], src: [each.name] }}>
                    Topology<span className="hidden-visually"> from {each.name}</span>
                  </Go>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
