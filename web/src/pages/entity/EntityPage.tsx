// SPDX-License-Identifier: Apache-2.0
// The page of a connection monitor, and with it of a test group, source, destination and test configuration:
// Essentials, Summary with trends and top five, tabs with counts and values, Issues.
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { getMonitor } from '../../core/api/endpoints.ts';
import { STATES, type Snapshot } from '../../core/api/snapshot.ts';
import { filterRows } from '../../core/store/filter.ts';
import { groupBy, groupsOfMonitors, summarise } from '../../core/store/group.ts';
import { counted, formatMs, formatPercent } from '../../core/text/numbers.ts';
import { useParams } from '../../app/place.tsx';
import { Go, useTimes } from '../../app/search.tsx';
import { useMayOperate } from '../../app/session.tsx';
import { useSnapshot } from '../../app/snapshot.tsx';
import { Empty, Failure, Loading } from '../../ui/Notice.tsx';
import { StateAt } from '../../ui/StateTag.tsx';
import { usePage } from '../../ui/usePage.ts';
import { AlertsCard } from '../alerts/AlertsCard.tsx';
import { DeleteMonitor } from './DeleteMonitor.tsx';
import { DocumentDialog } from './DocumentDialog.tsx';
import { EntityTabs } from './EntityTabs.tsx';
import { IssuesCard } from './IssuesCard.tsx';
import { filterOf, KIND_NAMES, searchOf, type Entity } from './scope.ts';
import { Summary } from './Summary.tsx';

type Params = { name?: string; group?: string; configuration?: string };
const useNames = () => useParams() as Params;

export function MonitorPage() {
  const { name = '' } = useNames();
  return <EntityPage entity={{ kind: 'monitor', name }} />;
}
export function GroupPage() {
  const { name = '', group = '' } = useNames();
  return <EntityPage entity={{ kind: 'group', name: group, monitor: name }} />;
}
export function ConfigurationPage() {
  const { name = '', configuration = '' } = useNames();
  return <EntityPage entity={{ kind: 'configuration', name: configuration, monitor: name }} />;
}
export function SourcePage() {
  const { name = '' } = useNames();
  return <EntityPage entity={{ kind: 'source', name }} />;
}
export function DestinationPage() {
  const { name = '' } = useNames();
  return <EntityPage entity={{ kind: 'destination', name }} />;
}

function EntityPage({ entity }: { entity: Entity }) {
  usePage(entity.name);
  const { snapshot, error, refetch } = useSnapshot();
  if (error && !snapshot) return <Failure error={error} onRetry={refetch} />;
  if (!snapshot) return <Loading />;
  return <Content key={JSON.stringify(entity)} entity={entity} snapshot={snapshot} />;
}

function Content({ entity, snapshot }: { entity: Entity; snapshot: Snapshot }) {
  const { kind, name, monitor } = entity;
  const rows = useMemo(() => filterRows(snapshot, filterOf({ kind, name, monitor })), [snapshot, kind, name, monitor]);
  const whole = useMemo(() => summarise(snapshot, [name], rows), [snapshot, name, rows]);
  return (
    <>
      <div className="page-head">
        <h1>
          <span className="quiet">{KIND_NAMES[kind]}</span> {name} {rows.length > 0 && <StateAt index={whole.state} />}
        </h1>
        <Actions entity={entity} />
      </div>
      {rows.length === 0 ? (
        <Empty title={snapshot.live ? `No test belongs to ${name}.` : `No test of ${name} ran at this time.`}>
          <p>It may have been deleted, renamed, or not be there yet. Time travel shows its past.</p>
          <Go to="/" className="button">
            To the overview
          </Go>
        </Empty>
      ) : (
        <div className="cards">
          <Essentials entity={entity} snapshot={snapshot} rows={rows} />
          <AlertsCard snapshot={snapshot} rows={rows} connectionMonitor={kind === 'monitor' ? name : monitor} />
          <Summary entity={entity} snapshot={snapshot} rows={rows} />
          <IssuesCard snapshot={snapshot} rows={rows} />
          <EntityTabs entity={entity} snapshot={snapshot} rows={rows} />
        </div>
      )}
    </>
  );
}

function Actions({ entity }: { entity: Entity }) {
  const mayOperate = useMayOperate();
  const [dialog, setDialog] = useState<'code' | 'delete' | null>(null);
  const topology = entity.kind === 'monitor' ? { monitor: [entity.name] } : { ...searchOf(entity), view: undefined };
  return (
    <>
      <Go to="/" search={searchOf(entity)} className="button">
        View all tests
      </Go>
      <Go to="/topology" search={topology} className="button">
        Topology
      </Go>
      {entity.kind === 'monitor' && (
        <>
          <button type="button" className="button" onClick={() => setDialog('code')}>
            As code
          </button>
          {mayOperate && (
            <>
              <Go to="/alerts/rules/new" search={{ monitor: [entity.name] }} className="button">
                Configure alerts
              </Go>
              <Go to="/monitors/$name/edit" params={{ name: entity.name }} className="button">
                Edit
              </Go>
              <button type="button" className="button danger" onClick={() => setDialog('delete')}>
                Delete
              </button>
            </>
          )}
        </>
      )}
      {dialog === 'code' && <DocumentDialog name={entity.name} onClose={() => setDialog(null)} />}
      {dialog === 'delete' && <DeleteMonitor name={entity.name} onClose={() => setDialog(null)} />}
    </>
  );
}

function countsText(counts: readonly number[]): string {
  return STATES.map((state, i) => (counts[i] ? `${counts[i]} ${state.toLowerCase()}` : ''))
    .filter(Boolean)
    .join(', ');
}

function Essentials({ entity, snapshot, rows }: { entity: Entity; snapshot: Snapshot; rows: Uint32Array }) {
  const { time } = useTimes();
  const monitor = entity.kind === 'monitor' ? entity.name : entity.monitor;
  const query = useQuery({
    queryKey: ['monitor', monitor],
    queryFn: ({ signal }) => getMonitor(monitor ?? '', signal),
    enabled: monitor !== undefined,
    retry: false,
    staleTime: 30_000,
  });
  const whole = summarise(snapshot, [], rows);
  const distinct = (column: 'source' | 'destination' | 'configuration' | 'monitor') =>
    groupBy(snapshot, rows, column).length;
  const configuration =
    entity.kind === 'configuration'
      ? query.data?.document.testConfigurations?.find((each) => each.name === entity.name)
      : undefined;
  const facts: [string, React.ReactNode][] = [
    ['Tests', `${counted(rows.length, 'test')} (${countsText(whole.counts)})`],
    ['Sources / destinations', `${distinct('source')} / ${distinct('destination')}`],
    ['Test groups', String(groupsOfMonitors(snapshot, rows).length)],
    ['Test configurations', String(distinct('configuration'))],
    ['Checks failed', formatPercent(whole.checksFailedPercent)],
    ['Round-trip time', formatMs(whole.rttMs)],
  ];
  if (monitor !== undefined && entity.kind !== 'monitor')
    facts.push([
      'Connection monitor',
      <Go key="m" to="/monitors/$name" params={{ name: monitor }}>
        {monitor}
      </Go>,
    ]);
  if (monitor === undefined) facts.push(['Connection monitors', String(distinct('monitor'))]);
  if (query.data && entity.kind === 'monitor') {
    facts.push(
      ['Last change', time(Date.parse(query.data.updated))],
      ['Created', time(Date.parse(query.data.created))],
    );
    if (query.data.document.notes) facts.push(['Notes', query.data.document.notes]);
  }
  if (configuration) {
    facts.push(['Every', `${configuration.testFrequencySec ?? 60} s`]);
    const limits = configuration.successThreshold;
    facts.push([
      'Thresholds',
      limits
        ? [
            limits.checksFailedPercent !== undefined && `checks failed ${limits.checksFailedPercent} %`,
            limits.roundTripTimeMs !== undefined && `round-trip time ${limits.roundTripTimeMs} ms`,
          ]
            .filter(Boolean)
            .join(', ')
        : 'none set',
    ]);
  }
  return (
    <section className="card span-12" aria-labelledby="essentials">
      <h2 id="essentials">Essentials</h2>
      <dl className="facts two">
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
