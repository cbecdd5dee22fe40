// SPDX-License-Identifier: Apache-2.0
// The overview: tests by state, three views of them, filters, export.
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { ALERTS, STATES, type Snapshot } from '../../core/api/snapshot.ts';
import { countAlerts, countStates, facetCounts, filterRows, type Facet, type Filter } from '../../core/store/filter.ts';
import { parseSort, sortRows } from '../../core/store/sort.ts';
import { formatCount } from '../../core/text/numbers.ts';
import { SCOPES, type Scope, type Search, type View } from '../../core/url/search.ts';
import { Go, setUrl, useUrl, urlNow } from '../../app/search.tsx';
import { useMayOperate } from '../../app/session.tsx';
import { FIRST_ROWS, useSnapshot } from '../../app/snapshot.tsx';
import { download } from '../../ui/download.ts';
import { AlertAt, Bell, SEVERITIES } from '../../ui/AlertMark.tsx';
import { Multi } from '../../ui/Multi.tsx';
import { Empty, Failure, Loading } from '../../ui/Notice.tsx';
import { part } from '../../ui/part.tsx';
import { StateShape } from '../../ui/StateTag.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { usePage } from '../../ui/usePage.ts';
import { TestsGrid } from './TestsGrid.tsx';
import { TreeGrid } from './TreeGrid.tsx';

const FirstRun = part(async () => (await import('./FirstRun.tsx')).FirstRun);

/** Longer than between two keys of somebody who types, shorter than what one waits for. */
const TYPING_RESTS_MS = 90;

const VIEWS: readonly { id: View; label: string }[] = [
  { id: 'monitors', label: 'Connection monitors' },
  { id: 'groups', label: 'Test groups' },
  { id: 'tests', label: 'Tests' },
];

export const SCOPE_NAMES: Record<Scope, string> = {
  all: 'Everything',
  monitors: 'Connection monitors',
  groups: 'Test groups',
  sources: 'Sources',
  destinations: 'Destinations',
  configurations: 'Test configurations',
  reasons: 'Reasons',
};

export function filterOf(url: Search): Filter {
  return {
    text: url.q,
    scope: url.scope,
    state: url.state,
    alert: url.alert,
    monitor: url.monitor,
    group: url.tgroup,
    source: url.src,
    destination: url.dst,
    configuration: url.cfg,
    protocol: url.proto,
  };
}

export function Overview() {
  usePage('Overview');
  const { snapshot: whole, first, error, refetch } = useSnapshot();
  const snapshot = whole ?? first;
  const mayOperate = useMayOperate();
  return (
    <>
      <div className="page-head">
        <h1>Overview</h1>
        {whole && whole.rows > 0 && <ExportButton snapshot={whole} />}
        {mayOperate && (
          <>
            <Go to="/alerts/rules/new" className="button">
              Configure alerts
            </Go>
            <Go to="/monitors/new" className="button primary">
              Create connection monitor
            </Go>
          </>
        )}
      </div>
      {error !== null && error !== undefined && (
        <Failure what="The tests could not be fetched" error={error} onRetry={refetch} />
      )}
      {!snapshot && !error && <Loading what="Loading tests" />}
      {snapshot && (snapshot.rows === 0 && snapshot.live ? <FirstRun /> : <Tests snapshot={snapshot} />)}
    </>
  );
}

function ExportButton({ snapshot }: { snapshot: Snapshot }) {
  const save = async () => {
    const { exportTests } = await import('./exportTests.ts');
    const url = urlNow();
    const rows = sortRows(snapshot, filterRows(snapshot, filterOf(url)), parseSort(url.sort));
    download(
      `tests ${new Date(snapshot.at).toISOString().slice(0, 16).replace(':', '')}.csv`,
      exportTests(snapshot, rows),
    );
  };
  return (
    <button type="button" className="button" onClick={() => void save()}>
      Export CSV
    </button>
  );
}

/** No filter at all. */
const PLAIN = JSON.stringify(filterOf({}));

function Tests({ snapshot }: { snapshot: Snapshot }) {
  const url = useUrl();
  const filter = useMemo(() => filterOf(url), [url]);
  const key = JSON.stringify(filter);
  // Changes of the URL are rendered as soon as there is time: keys never wait for them.
  const rows = useMemo(() => {
    const found = filterRows(snapshot, filter);
    return snapshot.whole ? found.subarray(0, FIRST_ROWS) : found;
  }, [snapshot, key]);
  const view = url.view ?? 'monitors';
  // The first rows answer the plain question only; all others wait for the whole.
  const isPart = snapshot.whole !== null;
  const isPlain = view === 'tests' ? url.sort === undefined : view === 'monitors' && url.open === undefined;
  const isAnswer = !isPart || (key === PLAIN && isPlain);
  const hasFilter = Object.values(filter).some((value) => value !== undefined);
  const clear = () =>
    setUrl({
      q: undefined,
      scope: undefined,
      state: undefined,
      alert: undefined,
      monitor: undefined,
      tgroup: undefined,
      src: undefined,
      dst: undefined,
      cfg: undefined,
      proto: undefined,
    });
  const empty = (
    <Empty title={hasFilter ? 'No test fits these filters.' : 'There were no tests at this time.'}>
      {hasFilter && (
        <button type="button" className="button" onClick={clear}>
          Clear filters
        </button>
      )}
    </Empty>
  );
  return (
    <>
      <Tiles snapshot={snapshot} />
      <Tabs
        label="View"
        items={VIEWS}
        chosen={view}
        onChoose={(id) => setUrl({ view: id, sort: undefined, open: undefined })}
      >
        <Filters snapshot={snapshot} filter={filter} found={rows.length} onClear={hasFilter ? clear : undefined} />
        {!isAnswer && <Loading what="Loading tests" />}
        {isAnswer && rows.length === 0 && empty}
        {isAnswer && rows.length > 0 && view === 'tests' && (
          <TestsGrid snapshot={snapshot} rows={rows} filterKey={key} />
        )}
        {isAnswer && rows.length > 0 && view !== 'tests' && <TreeGrid snapshot={snapshot} rows={rows} top={view} />}
      </Tabs>
    </>
  );
}

const Tiles = memo(function Tiles({ snapshot }: { snapshot: Snapshot }) {
  const url = useUrl();
  const counts = useMemo(() => snapshot.whole?.states ?? countStates(snapshot), [snapshot]);
  const chosen = url.state ?? [];
  const toggle = (state: string) =>
    setUrl({ state: chosen.includes(state) ? chosen.filter((each) => each !== state) : [...chosen, state] });
  return (
    <div className="tiles">
      <div className="tiles-states" role="group" aria-label="Filter by state">
        {STATES.map((state, i) => (
          <button
            key={state}
            type="button"
            className="tile"
            aria-pressed={chosen.includes(state)}
            onClick={() => toggle(state)}
          >
            <span className="state">
              <StateShape state={state} /> {state}
            </span>
            <strong>{formatCount(counts[i]!)}</strong>
          </button>
        ))}
      </div>
      <AlertTile snapshot={snapshot} />
    </div>
  );
});

const FIRING = ALERTS.slice(1);

/** Tests for which alerts fire, by the gravest of each: of the same instant as all else on the page. */
function AlertTile({ snapshot }: { snapshot: Snapshot }) {
  const chosen = useUrl().alert ?? [];
  const counts = useMemo(() => (snapshot.whole ? snapshot.whole.alerts : countAlerts(snapshot)), [snapshot]);
  const sum = counts?.reduce((all, count) => all + count, 0);
  const isAll = FIRING.every((word) => chosen.includes(word));
  const choose = (words: readonly string[]) => setUrl({ alert: words.length > 0 ? [...words] : undefined });
  const toggle = (word: string) =>
    choose(chosen.includes(word) ? chosen.filter((each) => each !== word) : [...chosen, word]);
  return (
    <div className="tile alert-tile" role="group" aria-label="Filter by alert">
      <span className="row">
        <button type="button" aria-pressed={isAll} onClick={() => choose(isAll ? [] : FIRING)}>
          <Bell severity={1} isOver={!sum} /> Tests with alerts
        </button>
        <Go to="/alerts">Alerts</Go>
      </span>
      <span className="row">
        <strong>{sum === undefined ? '…' : formatCount(sum)}</strong>
        {FIRING.map((word, i) =>
          counts?.[i] || chosen.includes(word) ? (
            <button
              key={word}
              type="button"
              className="severity"
              aria-pressed={chosen.includes(word)}
              title={`${SEVERITIES[i]}: show the tests for which such an alert is the gravest that fires`}
              onClick={() => toggle(word)}
            >
              <AlertAt code={i + 1} /> {formatCount(counts?.[i] ?? 0)}
            </button>
          ) : null,
        )}
      </span>
    </div>
  );
}

/** What is typed stands there at once, and goes into the URL when the fingers rest. */
function SearchField() {
  const { q } = useUrl();
  const [text, setText] = useState(q ?? '');
  const typed = useRef(q ?? '');
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // From elsewhere: back, a link, "Clear filters".
    if ((q ?? '') !== typed.current) setText((typed.current = q ?? ''));
  }, [q]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const send = (next: string) => {
    typed.current = next;
    setUrl({ q: next || undefined }, { replace: true });
  };
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(next), TYPING_RESTS_MS);
  };
  return (
    <input
      ref={field}
      className="input search"
      type="search"
      aria-label="Search"
      placeholder="Name, IP, reason, src:… dst:… ( / )"
      title="Words must all be found. src: dst: state: alert: monitor: group: config: proto: agent: reason: issue: look in one place; - negates; quotes keep blanks."
      value={text}
      onChange={(event) => type(event.target.value)}
      onKeyDown={(event) => event.key === 'Escape' && field.current?.blur()}
    />
  );
}

const FACETS: readonly { label: string; facet: Facet; key: 'src' | 'dst' | 'cfg' | 'proto' | 'monitor' | 'alert' }[] = [
  { label: 'Monitor', facet: 'monitor', key: 'monitor' },
  { label: 'Source', facet: 'source', key: 'src' },
  { label: 'Destination', facet: 'destination', key: 'dst' },
  { label: 'Configuration', facet: 'configuration', key: 'cfg' },
  { label: 'Protocol', facet: 'protocol', key: 'proto' },
  { label: 'Alert', facet: 'alert', key: 'alert' },
];

function Filters({
  snapshot,
  filter,
  found,
  onClear,
}: {
  snapshot: Snapshot;
  filter: Filter;
  found: number;
  onClear?: () => void;
}) {
  const url = useUrl();
  return (
    <div className="filters" role="search" aria-label="Filter tests">
      <SearchField />
      <label>
        <span className="hidden-visually">Scope</span>
        <select
          className="input"
          title="Scope of the search"
          value={url.scope ?? 'all'}
          onChange={(event) => setUrl({ scope: event.target.value as Scope })}
        >
          {SCOPES.map((scope) => (
            <option key={scope} value={scope}>
              {SCOPE_NAMES[scope]}
            </option>
          ))}
        </select>
      </label>
      {FACETS.map(({ label, facet, key }) => (
        <Multi
          key={facet}
          label={label}
          chosen={url[key] ?? []}
          options={() => (snapshot.whole ? null : facetCounts(snapshot, filter, facet))}
          onChange={(chosen) => setUrl({ [key]: chosen.length > 0 ? chosen : undefined })}
        />
      ))}
      <span role="status" className="quiet">
        {snapshot.whole
          ? `loading ${formatCount(snapshot.whole.rows)} tests…`
          : `${formatCount(found)} of ${formatCount(snapshot.rows)} tests`}
      </span>
      {onClear && (
        <button type="button" className="button bare" onClick={onClear}>
          Clear filters
        </button>
      )}
    </div>
  );
}
