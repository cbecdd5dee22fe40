// SPDX-License-Identifier: Apache-2.0
// What fires at the instant that is shown, and what fired in the range and is over.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { getAlertsOf, resolveAlert } from '../../core/api/endpoints.ts';
import { ALERTS, type Snapshot } from '../../core/api/snapshot.ts';
import type { Alert } from '../../core/api/types.ts';
import { rowOfHex } from '../../core/store/live.ts';
import { counted, formatCount } from '../../core/text/numbers.ts';
import { testName } from '../../core/text/tests.ts';
import { serverNow } from '../../core/time/clock.ts';
import { formatLength } from '../../core/time/format.ts';
import { useTravel } from '../../app/Recorder.tsx';
import { Go, setUrl, useInstant, useSpan, useTimes, useUrl } from '../../app/search.tsx';
import { useMayOperate } from '../../app/session.tsx';
import { useSnapshot } from '../../app/snapshot.tsx';
import { Severity } from '../../ui/AlertMark.tsx';
import { Multi } from '../../ui/Multi.tsx';
import { Failure, Loading, messageOf } from '../../ui/Notice.tsx';
import { toast } from '../../ui/toast.tsx';
import { useFiringAlerts, useFiringKey } from './useAlerts.ts';
import { combinationWords, endedWords, fits, testsOf, type AlertFilter } from './words.ts';

const SEVERITY_WORDS = ALERTS.slice(1);

export function AlertLists() {
  const { snapshot } = useSnapshot();
  const url = useUrl();
  const at = useInstant();
  const filter: AlertFilter = { text: url.q, severities: url.alert, monitors: url.monitor, ids: url.sel };
  const monitor = url.monitor?.length === 1 ? url.monitor[0] : undefined;
  const firing = useFiringAlerts(snapshot, monitor);
  const past = usePastAlerts(snapshot, monitor);
  const isFiltered = Boolean(url.q || url.alert || url.monitor || url.sel);
  const all = [...(firing.data?.value ?? []), ...(past.data?.value ?? [])];
  return (
    <>
      <Filters all={all} isFiltered={isFiltered} snapshot={snapshot} />
      <div className="cards">
        <List
          id="firing"
          title={at === null ? 'Firing now' : 'Firing then'}
          query={firing}
          filter={filter}
          snapshot={snapshot}
          none={at === null ? 'Nothing fires.' : 'Nothing fired at that time.'}
        />
        <List
          id="past"
          title={at === null ? 'Resolved' : 'Resolved by then'}
          note="in the range"
          query={past}
          filter={filter}
          snapshot={snapshot}
          none="None in this range."
        />
      </div>
    </>
  );
}

/** Those of the range that were over at the instant that is shown. */
function usePastAlerts(snapshot: Snapshot | null, connectionMonitor: string | undefined) {
  const span = useSpan();
  const at = useInstant();
  const key = useFiringKey(snapshot);
  const until = at === null ? span.to : Math.min(span.to, at);
  return useQuery({
    queryKey: ['alerts', 'resolved', connectionMonitor, span.from, until, at === null && key],
    queryFn: async ({ signal }) => {
      const found = await getAlertsOf({ state: 'resolved', connectionMonitor }, { from: span.from, to: until }, signal);
      const isOver = (alert: Alert) => at === null || (alert.resolved !== null && Date.parse(alert.resolved) <= at);
      return { ...found, value: found.value.filter(isOver) };
    },
    enabled: span.from < until,
    placeholderData: keepPreviousData,
    staleTime: 15_000,
  });
}

function Filters({
  all,
  isFiltered,
  snapshot,
}: {
  all: readonly Alert[];
  isFiltered: boolean;
  snapshot: Snapshot | null;
}) {
  const url = useUrl();
  const countOf = (words: readonly string[], of: (alert: Alert) => readonly string[]) =>
    words
      .map((word) => ({ word, count: all.filter((alert) => of(alert).includes(word)).length }))
      .filter(({ word, count }) => count > 0 || [...(url.alert ?? []), ...(url.monitor ?? [])].includes(word));
  const monitors = [...new Set([...all.flatMap((alert) => alert.monitors), ...(url.monitor ?? [])])];
  return (
    <div className="filters" role="search" aria-label="Filter alerts">
      <input
        className="input search"
        type="search"
        aria-label="Search"
        placeholder="Rule, source, destination ( / )"
        value={url.q ?? ''}
        onChange={(event) => setUrl({ q: event.target.value || undefined }, { replace: true })}
      />
      <Multi
        label="Severity"
        chosen={url.alert ?? []}
        options={() => countOf(SEVERITY_WORDS, (alert) => [`Sev${alert.severity}`])}
        onChange={(chosen) => setUrl({ alert: chosen.length > 0 ? chosen : undefined })}
      />
      <Multi
        label="Monitor"
        chosen={url.monitor ?? []}
        options={() => countOf(monitors, (alert) => alert.monitors)}
        onChange={(chosen) => setUrl({ monitor: chosen.length > 0 ? chosen : undefined })}
      />
      {url.sel && (
        <span className="badge">
          {url.sel.length === 1 ? chosenWords(snapshot, url.sel[0]!) : `${url.sel.length} chosen`}
        </span>
      )}
      {isFiltered && (
        <button
          type="button"
          className="button bare"
          onClick={() => setUrl({ q: undefined, alert: undefined, monitor: undefined, sel: undefined })}
        >
          Clear filters
        </button>
      )}
    </div>
  );
}

/** Messages lead to an alert by its id, a test's mark to the alerts of that test. */
function chosenWords(snapshot: Snapshot | null, id: string): string {
  return id.includes('-') ? 'one alert' : `of ${nameOf(snapshot, id)}`;
}

function nameOf(snapshot: Snapshot | null, id: string): string {
  const row = snapshot ? rowOfHex(snapshot, id) : null;
  return snapshot && row !== null ? testName(snapshot, row) : id;
}

interface ListProps {
  id: string;
  title: string;
  note?: string;
  query: ReturnType<typeof useFiringAlerts>;
  filter: AlertFilter;
  snapshot: Snapshot | null;
  none: string;
}

function List({ id, title, note, query, filter, snapshot, none }: ListProps) {
  const { data, error, isLoading } = query;
  const shown = useMemo(() => (data?.value ?? []).filter((alert) => fits(alert, filter)), [data, filter]);
  const all = data?.value.length ?? 0;
  return (
    <section className="card span-12" aria-labelledby={id}>
      <h2 id={id}>
        {title}{' '}
        <span className="quiet" role="status">
          {data && (shown.length === all ? formatCount(all) : `${formatCount(shown.length)} of ${formatCount(all)}`)}
          {data?.more && ', and more: choose a shorter range or one monitor'}
          {note && ` ${note}`}
        </span>
      </h2>
      {isLoading && <Loading />}
      {error && <Failure what="The alerts could not be fetched" error={error} onRetry={() => void query.refetch()} />}
      {!isLoading && !error && shown.length === 0 && (
        <p className="quiet">{all > 0 ? 'None fits these filters.' : none}</p>
      )}
      {shown.length > 0 && <AlertTable label={title} alerts={shown} snapshot={snapshot} />}
    </section>
  );
}

export function AlertTable({
  label,
  alerts,
  snapshot,
}: {
  label: string;
  alerts: readonly Alert[];
  snapshot: Snapshot | null;
}) {
  const hasMany = alerts.some((alert) => alert.resolved !== null);
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={label} style={{ maxHeight: 520 }}>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Severity</th>
            <th scope="col">Alert</th>
            <th scope="col">Tests</th>
            <th scope="col">Fired</th>
            <th scope="col">{hasMany ? 'Lasted' : 'For'}</th>
            <th scope="col">Rule</th>
            <th scope="col">
              <span className="hidden-visually">Resolve</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {alerts.map((alert) => (
            <AlertRow key={alert.id} alert={alert} snapshot={snapshot} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AlertRow({ alert, snapshot }: { alert: Alert; snapshot: Snapshot | null }) {
  const { time } = useTimes();
  const { to } = useTravel();
  const at = useInstant();
  const fired = Date.parse(alert.fired);
  const isFiring = alert.resolved === null || (at !== null && Date.parse(alert.resolved) > at);
  const until = isFiring ? (at ?? serverNow()) : Date.parse(alert.resolved ?? '');
  return (
    <tr>
      <td>
        <Severity severity={alert.severity} isOver={!isFiring} />
      </td>
      <td>
        {alert.sentence}
        {!isFiring && alert.resolvedBy && <div className="quiet">Resolved: {endedWords(alert.resolvedBy)}.</div>}
      </td>
      <td>
        <Tests alert={alert} snapshot={snapshot} />
      </td>
      <td className="nowrap">
        <button type="button" className="linklike" title="See everything as it was then" onClick={() => to(fired)}>
          {time(fired, true)}
        </button>
      </td>
      <td className="nowrap">{formatLength(until - fired)}</td>
      <td>
        <Go to="/alerts/rules/$name" params={{ name: alert.rule.name }}>
          {alert.rule.name}
        </Go>
        {alert.monitors.map((name) => (
          <div key={name} className="quiet">
            of{' '}
            <Go to="/monitors/$name" params={{ name }}>
              {name}
            </Go>
          </div>
        ))}
      </td>
      <td>{alert.resolved === null && at === null && <Resolve alert={alert} />}</td>
    </tr>
  );
}

const LISTED_MAX = 20;

/** One by its name; several to be opened, and all of them in the overview. */
function Tests({ alert, snapshot }: { alert: Alert; snapshot: Snapshot | null }) {
  const link = (id: string) => (
    <Go to="/tests/$id" params={{ id }}>
      {nameOf(snapshot, id)}
    </Go>
  );
  if (alert.testCount === 1 && alert.tests[0]) return link(alert.tests[0]);
  return (
    <details>
      <summary>{counted(alert.testCount, 'test')}</summary>
      <ul>
        {alert.tests.slice(0, LISTED_MAX).map((id) => (
          <li key={id}>{link(id)}</li>
        ))}
      </ul>
      <Go to="/" search={testsOf(alert)}>
        All in the overview<span className="hidden-visually"> of {combinationWords(alert.dimensions)}</span>
      </Go>
    </details>
  );
}

function Resolve({ alert }: { alert: Alert }) {
  const mayOperate = useMayOperate();
  const client = useQueryClient();
  const resolve = useMutation({
    mutationFn: () => resolveAlert(alert.id),
    onSuccess: () => toast('Resolved. If it goes on, the next evaluation fires a new alert.'),
    onError: (error) => toast(messageOf(error), true),
    onSettled: () => void client.invalidateQueries({ queryKey: ['alerts'] }),
  });
  if (!mayOperate) return null;
  return (
    <button type="button" className="button" disabled={resolve.isPending} onClick={() => resolve.mutate()}>
      Resolve<span className="hidden-visually"> {combinationWords(alert.dimensions)}</span>
    </button>
  );
}
