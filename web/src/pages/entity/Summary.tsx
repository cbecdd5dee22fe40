// SPDX-License-Identifier: Apache-2.0
// Trends over all tests of an entity, and the five worst of each dimension at the chosen instant.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { getAggregate } from '../../core/api/endpoints.ts';
import type { Snapshot } from '../../core/api/snapshot.ts';
import { groupBy, groupsOfMonitors, slowest, type Group } from '../../core/store/group.ts';
import { pointsFor } from '../../core/time/range.ts';
import { formatMs, formatPercent } from '../../core/text/numbers.ts';
import { Go, useSpan } from '../../app/search.tsx';
import { LineChart } from '../../ui/LineChart.tsx';
import { Failure, Loading } from '../../ui/Notice.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { DIMENSIONS, whereOf, type Dimension, type Entity } from './scope.ts';

const POINTS = 240;
const LINES_MAX = 8;

export function Summary({ entity, snapshot, rows }: { entity: Entity; snapshot: Snapshot; rows: Uint32Array }) {
  return (
    <>
      <Trends entity={entity} frequencySec={slowest(snapshot, rows)} />
      <Top snapshot={snapshot} rows={rows} entity={entity} />
    </>
  );
}

function Trends({ entity, frequencySec }: { entity: Entity; frequencySec: number }) {
  const span = useSpan();
  const [by, setBy] = useState('none');
  const where = whereOf(entity);
  const points = pointsFor(span, frequencySec, POINTS);
  const query = useQuery({
    queryKey: ['aggregate', where, by, span.from, span.to, points],
    queryFn: ({ signal }) => getAggregate(span, points, by, where, signal),
    placeholderData: keepPreviousData,
    staleTime: 20_000,
  });
  const series = useMemo(
    () => [...(query.data?.series ?? [])].sort((a, b) => b.tests - a.tests).slice(0, LINES_MAX),
    [query.data],
  );
  const lines = useMemo(() => {
    const named = (values: 'rttMs' | 'checksFailedPercent') =>
      series.map((each) => ({ name: each.name || 'all tests', values: each[values] }));
    return { rtt: named('rttMs'), failed: named('checksFailedPercent') };
  }, [series]);
  const left = (query.data?.series.length ?? 0) - series.length;
  return (
    <section className="card span-8" aria-labelledby="summary">
      <h2 id="summary">
        Summary
        <label className="row quiet">
          Lines by
          <select className="input" value={by} onChange={(event) => setBy(event.target.value)}>
            <option value="none">all tests together</option>
            {DIMENSIONS.map((each) => (
              <option key={each.by} value={each.by}>
                {each.label.toLowerCase()}
              </option>
            ))}
          </select>
        </label>
        {left > 0 && <span className="quiet">{left} more with fewer tests are left out</span>}
      </h2>
      {query.isPending && <Loading />}
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && (
        <div className="stack">
          <h3>Round-trip time</h3>
          <LineChart name="Round-trip time" time={query.data.time} lines={lines.rtt} unit="ms" height={170} />
          <h3>Checks failed</h3>
          <LineChart
            name="Checks failed"
            time={query.data.time}
            lines={lines.failed}
            unit="%"
            height={140}
            max={100}
            atLeast={5}
          />
        </div>
      )}
    </section>
  );
}

const TOP = 5;

function groupsFor(snapshot: Snapshot, rows: Uint32Array, dimension: Dimension): Group[] {
  return dimension === 'group' ? groupsOfMonitors(snapshot, rows) : groupBy(snapshot, rows, dimension);
}

function Top({ snapshot, rows, entity }: { snapshot: Snapshot; rows: Uint32Array; entity: Entity }) {
  const [dimension, setDimension] = useState<Dimension>(entity.kind === 'source' ? 'destination' : 'source');
  const groups = useMemo(() => groupsFor(snapshot, rows, dimension), [snapshot, rows, dimension]);
  const worst = (value: (group: Group) => number) =>
    groups
      .filter((group) => value(group) > 0)
      .sort((a, b) => value(b) - value(a))
      .slice(0, TOP);
  return (
    <section className="card span-4" aria-labelledby="top">
      <h2 id="top">Top five</h2>
      <Tabs
        label="Top five of"
        items={DIMENSIONS.slice(0, 3)
          .filter((each) => each.id !== entity.kind)
          .map(({ id, label }) => ({ id, label }))}
        chosen={dimension}
        onChoose={setDimension}
      >
        <div className="stack" style={{ marginTop: 10 }}>
          <h3>By round-trip time</h3>
          <TopList
            groups={worst((group) => group.rttMs)}
            value={(group) => group.rttMs}
            format={formatMs}
            dimension={dimension}
            entity={entity}
          />
          <h3>By checks failed</h3>
          <TopList
            groups={worst((group) => group.checksFailedPercent)}
            value={(group) => group.checksFailedPercent}
            format={formatPercent}
            dimension={dimension}
            entity={entity}
          />
        </div>
      </Tabs>
    </section>
  );
}

interface TopListProps {
  groups: readonly Group[];
  value: (group: Group) => number;
  format: (value: number) => string;
  dimension: Dimension;
  entity: Entity;
}

function TopList({ groups, value, format, dimension, entity }: TopListProps) {
  const most = Math.max(...groups.map(value), 0.001);
  if (groups.length === 0) return <p className="quiet">None.</p>;
  return (
    <ol className="stack" style={{ gap: 4 }}>
      {groups.map((group) => (
        <li key={group.key} className="top5">
          <span className="clip">
            <EntityLink dimension={dimension} group={group} entity={entity} />
          </span>
          <span className="bar" aria-hidden="true">
            <span style={{ width: `${(100 * value(group)) / most}%` }} />
          </span>
          <span className="number">{format(value(group))}</span>
        </li>
      ))}
    </ol>
  );
}

/** A link to the page of a group's entity. Groups and configurations need their connection monitor. */
export function EntityLink({ dimension, group, entity }: { dimension: Dimension; group: Group; entity: Entity }) {
  const monitor =
    entity.kind === 'monitor' ? entity.name : (entity.monitor ?? (group.path.length > 1 ? group.path[0] : undefined));
  if (dimension === 'source' || dimension === 'destination')
    return (
      <Go to={`/${dimension}s/$name`} params={{ name: group.name }}>
        {group.name}
      </Go>
    );
  if (monitor === undefined) return <>{group.name}</>;
  if (dimension === 'group')
    return (
      <Go to="/monitors/$name/groups/$group" params={{ name: monitor, group: group.name }}>
        {group.name}
      </Go>
    );
  return (
    <Go to="/monitors/$name/configurations/$configuration" params={{ name: monitor, configuration: group.name }}>
      {group.name}
    </Go>
  );
}
