// SPDX-License-Identifier: Apache-2.0
// The metrics of tests by their dimensions: split by one, filtered by the others, the highest drawn and all in numbers.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { getAggregate, type Where } from '../../core/api/endpoints.ts';
import type { Snapshot } from '../../core/api/snapshot.ts';
import { facetCounts, filterRows } from '../../core/store/filter.ts';
import { slowest } from '../../core/store/group.ts';
import { csv, formatCount, formatMs, formatPercent } from '../../core/text/numbers.ts';
import { formatTime } from '../../core/time/format.ts';
import { pointsFor } from '../../core/time/range.ts';
import type { Search } from '../../core/url/search.ts';
import { Go, setUrl, useSpan, useUrl } from '../../app/search.tsx';
import { useMayOperate } from '../../app/session.tsx';
import { useSnapshot } from '../../app/snapshot.tsx';
import { download } from '../../ui/download.ts';
import { LineChart } from '../../ui/LineChart.tsx';
import { Multi } from '../../ui/Multi.tsx';
import { Empty, Failure, Loading } from '../../ui/Notice.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { usePage } from '../../ui/usePage.ts';
import { byMean, type Metric, type SeriesNumbers } from './series.ts';

const POINTS = 300;
const DRAWN_MAX = 10;

const METRICS: readonly { id: Metric; label: string; unit: string; format: (value: number) => string }[] = [
  { id: 'rttMs', label: 'Round-trip time', unit: 'ms', format: formatMs },
  { id: 'checksFailedPercent', label: 'Checks failed', unit: '%', format: formatPercent },
];

const DIMENSIONS = [
  { by: 'connectionMonitor', key: 'monitor', facet: 'monitor', label: 'Connection monitor' },
  { by: 'testGroup', key: 'tgroup', facet: 'group', label: 'Test group' },
  { by: 'source', key: 'src', facet: 'source', label: 'Source' },
  { by: 'destination', key: 'dst', facet: 'destination', label: 'Destination' },
  { by: 'testConfiguration', key: 'cfg', facet: 'configuration', label: 'Test configuration' },
] as const;

const WITHOUT = 'none';

export function MetricsPage() {
  usePage('Metrics');
  const { snapshot, error, refetch } = useSnapshot();
  if (error && !snapshot) return <Failure error={error} onRetry={refetch} />;
  if (!snapshot) return <Loading />;
  return <Content snapshot={snapshot} />;
}

/** One name of each dimension at most, as the API takes them. */
function whereOf(url: Search): Where {
  const found: Where = {};
  for (const { by, key } of DIMENSIONS) if (url[key]?.[0]) found[by] = url[key][0];
  return found;
}

function filterOf(url: Search) {
  return Object.fromEntries(DIMENSIONS.map(({ facet, key }) => [facet, url[key]?.slice(0, 1)]));
}

function Content({ snapshot }: { snapshot: Snapshot }) {
  const url = useUrl();
  const mayOperate = useMayOperate();
  const metric = METRICS.find((each) => each.id === url.metric) ?? METRICS[0]!;
  const by = DIMENSIONS.find((each) => each.by === url.by)?.by ?? (url.by === WITHOUT ? WITHOUT : 'connectionMonitor');
  const where = whereOf(url);
  const query = useSeries(snapshot, where, by);
  const series = useMemo(() => (query.data ? byMean(query.data, metric.id) : null), [query.data, metric]);
  const hasFilter = Object.keys(where).length > 0;
  return (
    <>
      <div className="page-head">
        <h1>Metrics</h1>
        {query.data && series && (
          <button
            type="button"
            className="button"
            onClick={() => download('metrics.csv', csvOf(query.data.time, series, metric.unit))}
          >
            Export CSV
          </button>
        )}
        {mayOperate && (
          <Go to="/alerts/rules/new" search={{ monitor: url.monitor?.slice(0, 1) }} className="button">
            Configure alerts
          </Go>
        )}
      </div>
      <Tabs
        label="Metric"
        items={METRICS}
        chosen={metric.id}
        onChoose={(id) => setUrl({ metric: id === METRICS[0]!.id ? undefined : id })}
      >
        <Filters snapshot={snapshot} by={by} onClear={hasFilter ? () => setUrl(NO_FILTER) : undefined} />
        {query.isPending && <Loading />}
        {query.error && (
          <Failure what="The metric could not be fetched" error={query.error} onRetry={() => void query.refetch()} />
        )}
        {series && query.data && <Answer time={query.data.time} series={series} metric={metric} by={by} />}
      </Tabs>
    </>
  );
}

const NO_FILTER: Search = Object.fromEntries(DIMENSIONS.map(({ key }) => [key, undefined]));

function useSeries(snapshot: Snapshot, where: Where, by: string) {
  const span = useSpan();
  // The names of tests decide, which live numbers leave alone.
  const frequency = useMemo(() => slowest(snapshot, filterRows(snapshot, {})), [snapshot.frequencySec]);
  const points = pointsFor(span, frequency, POINTS);
  return useQuery({
    queryKey: ['aggregate', where, by, span.from, span.to, points],
    queryFn: ({ signal }) => getAggregate(span, points, by, where, signal),
    placeholderData: keepPreviousData,
    staleTime: 20_000,
  });
}

function Filters({ snapshot, by, onClear }: { snapshot: Snapshot; by: string; onClear?: () => void }) {
  const url = useUrl();
  return (
    <div className="filters" role="search" aria-label="Filter and split">
      <label className="row">
        <span className="quiet">A line for each</span>
        <select className="input" value={by} onChange={(event) => setUrl({ by: event.target.value })}>
          {DIMENSIONS.map((each) => (
            <option key={each.by} value={each.by}>
              {each.label.toLowerCase()}
            </option>
          ))}
          <option value={WITHOUT}>(all tests in one)</option>
        </select>
      </label>
      <span className="quiet">of</span>
      {DIMENSIONS.map(({ key, facet, label }) => (
        <Multi
          key={key}
          label={label}
          chosen={url[key]?.slice(0, 1) ?? []}
          options={() => facetCounts(snapshot, filterOf(url), facet)}
          // The newest choice takes the place of the one before.
          onChange={(chosen) => setUrl({ [key]: chosen.length > 0 ? chosen.slice(-1) : undefined })}
        />
      ))}
      {onClear && (
        <button type="button" className="button bare" onClick={onClear}>
          Clear filters
        </button>
      )}
    </div>
  );
}

interface AnswerProps {
  time: readonly number[];
  series: readonly SeriesNumbers[];
  metric: (typeof METRICS)[number];
  by: string;
}

function Answer({ time, series, metric, by }: AnswerProps) {
  const drawn = useMemo(
    () => series.slice(0, DRAWN_MAX).map(({ name, values }) => ({ name: name || 'all tests', values })),
    [series],
  );
  if (series.length === 0) return <Empty title="No test has these dimensions." />;
  return (
    <div className="cards">
      <section className="card span-12" aria-labelledby="metric-lines">
        <h2 id="metric-lines">
          {metric.label}{' '}
          <span className="quiet">
            means of rounds
            {series.length > DRAWN_MAX &&
              `; of ${formatCount(series.length)} lines the ${DRAWN_MAX} with the highest mean`}
          </span>
        </h2>
        <LineChart
          name={metric.label}
          time={time}
          lines={drawn}
          unit={metric.unit}
          height={300}
          max={metric.unit === '%' ? 100 : undefined}
          atLeast={metric.unit === '%' ? 5 : undefined}
        />
      </section>
      <SeriesTable series={series} metric={metric} by={by} />
    </div>
  );
}

const LISTED_MAX = 500;

function SeriesTable({ series, metric, by }: Omit<AnswerProps, 'time'>) {
  const dimension = DIMENSIONS.find((each) => each.by === by);
  const columns = ['mean', 'least', 'most', 'latest'] as const;
  return (
    <section className="card span-12" aria-labelledby="metric-table">
      <h2 id="metric-table">
        In numbers <span className="quiet">of the range, the highest mean first</span>
      </h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="In numbers" style={{ maxHeight: 420 }}>
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">{dimension?.label ?? 'Tests'}</th>
              <th scope="col" className="number">
                Tests
              </th>
              {columns.map((column) => (
                <th key={column} scope="col" className="number">
                  {column[0]!.toUpperCase() + column.slice(1)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {series.slice(0, LISTED_MAX).map((each) => (
              <tr key={each.name}>
                <td>{dimension ? <Drill name={each.name} dimension={dimension} /> : 'all tests'}</td>
                <td className="number">{formatCount(each.tests)}</td>
                {columns.map((column) => (
                  <td key={column} className="number">
                    {metric.format(each[column])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {series.length > LISTED_MAX && (
        <p className="quiet">
          {formatCount(series.length - LISTED_MAX)} more are left out: filter by another dimension, or export them.
        </p>
      )}
    </section>
  );
}

/** Takes the name as a filter, and goes on to the next dimension. */
function Drill({ name, dimension }: { name: string; dimension: (typeof DIMENSIONS)[number] }) {
  const next = DIMENSIONS[(DIMENSIONS.indexOf(dimension) + 1) % DIMENSIONS.length]!;
  return (
    <button
      type="button"
      className="linklike"
      title={`Only ${name}, by ${next.label.toLowerCase()}`}
      onClick={() => setUrl({ [dimension.key]: [name], by: next.by })}
    >
      {name}
    </button>
  );
}

function csvOf(time: readonly number[], series: readonly SeriesNumbers[], unit: string): string {
  const head = ['time', ...series.map((each) => `${each.name || 'all tests'} (${unit})`)];
  return csv([
    head,
    ...time.map((ms, i) => [formatTime(ms, 'UTC', true), ...series.map((each) => each.values[i] ?? null)]),
  ]);
}
