// SPDX-License-Identifier: Apache-2.0
// Sources × destinations. What passes is quiet; only trouble has a shape and a number.
import { useMemo, type KeyboardEvent } from 'react';
import '../../styles/matrix.css';
import { STATES, wordAt, type Snapshot } from '../../core/api/snapshot.ts';
import { compareWords, facetCounts, filterRows } from '../../core/store/filter.ts';
import { summarise, type Group } from '../../core/store/group.ts';
import { formatCount, formatMs, formatPercent } from '../../core/text/numbers.ts';
import { Go, setUrl, useUrl } from '../../app/search.tsx';
import { useSnapshot } from '../../app/snapshot.tsx';
import { Multi } from '../../ui/Multi.tsx';
import { Empty, Failure, Loading } from '../../ui/Notice.tsx';
import { StateShape } from '../../ui/StateTag.tsx';
import { usePage } from '../../ui/usePage.ts';
import { filterOf } from '../overview/Overview.tsx';

const SOURCES_MAX = 150;
const DESTINATIONS_MAX = 60;
type Metric = 'state' | 'rttMs' | 'checksFailedPercent';

interface Matrix {
  readonly sources: string[];
  readonly destinations: string[];
  readonly cells: Map<string, Group>;
  readonly isCut: boolean;
}

function buildMatrix(snapshot: Snapshot, rows: Uint32Array): Matrix {
  const lists = new Map<string, number[]>();
  const trouble = new Map<string, number>();
  for (const row of rows) {
    const source = wordAt(snapshot.source, row) ?? '';
    const destination = wordAt(snapshot.destination, row) ?? '';
    const key = `${source}\u0000${destination}`;
    const list = lists.get(key);
    if (list) list.push(row);
    else lists.set(key, [row]);
    const weight = [0, 1, 1000, 1, 0][snapshot.state[row]!]!;
    trouble.set(source, (trouble.get(source) ?? 0) + weight);
  }
  const all = (index: number) =>
    [...new Set([...lists.keys()].map((key) => key.split('\u0000')[index]!))].sort(compareWords);
  const sources = all(0);
  const destinations = all(1);
  // If there are too many, those with trouble are kept.
  const kept =
    sources.length > SOURCES_MAX
      ? new Set([...sources].sort((a, b) => trouble.get(b)! - trouble.get(a)!).slice(0, SOURCES_MAX))
      : null;
  return {
    sources: kept ? sources.filter((source) => kept.has(source)) : sources,
    destinations: destinations.slice(0, DESTINATIONS_MAX),
    cells: new Map(
      [...lists].map(([key, list]) => [key, summarise(snapshot, key.split('\u0000'), Uint32Array.from(list))]),
    ),
    isCut: kept !== null || destinations.length > DESTINATIONS_MAX,
  };
}

export function MatrixPage() {
  usePage('Source × destination');
  const { snapshot, error, refetch } = useSnapshot();
  if (error && !snapshot) return <Failure error={error} onRetry={refetch} />;
  if (!snapshot) return <Loading />;
  return <Content snapshot={snapshot} />;
}

function Content({ snapshot }: { snapshot: Snapshot }) {
  const url = useUrl();
  const filter = useMemo(() => filterOf(url), [url]);
  const rows = useMemo(() => filterRows(snapshot, filter), [snapshot, filter]);
  const matrix = useMemo(() => buildMatrix(snapshot, rows), [snapshot, rows]);
  const metric: Metric = url.metric === 'rttMs' || url.metric === 'checksFailedPercent' ? url.metric : 'state';
  return (
    <>
      <div className="page-head">
        <h1>Source × destination</h1>
      </div>
      <div className="filters" role="search" aria-label="Filter tests">
        <input
          className="input search"
          type="search"
          aria-label="Search"
          placeholder="Name, IP, src:… dst:…"
          value={url.q ?? ''}
          onChange={(event) => setUrl({ q: event.target.value || undefined }, { replace: true })}
        />
        <label className="row">
          <span className="quiet">Show</span>
          <select
            className="input"
            value={metric}
            onChange={(event) => setUrl({ metric: event.target.value === 'state' ? undefined : event.target.value })}
          >
            <option value="state">state</option>
            <option value="rttMs">round-trip time</option>
            <option value="checksFailedPercent">checks failed</option>
          </select>
        </label>
        <Multi
          label="Monitor"
          chosen={url.monitor ?? []}
          options={() => facetCounts(snapshot, filter, 'monitor')}
          onChange={(monitor) => setUrl({ monitor })}
        />
        <Multi
          label="Configuration"
          chosen={url.cfg ?? []}
          options={() => facetCounts(snapshot, filter, 'configuration')}
          onChange={(cfg) => setUrl({ cfg })}
        />
        <span role="status" className="quiet">
          {formatCount(rows.length)} tests, {matrix.sources.length} × {matrix.destinations.length}
          {matrix.isCut && ', those with trouble first'}
        </span>
      </div>
      {rows.length === 0 ? <Empty title="No test fits." /> : <Table matrix={matrix} metric={metric} />}
      <p className="legend">
        <span className="key">
          <span className="dot" style={{ width: 4, height: 4, background: 'var(--line-strong)', borderRadius: 2 }} />{' '}
          all pass
        </span>
        {STATES.slice(1).map((state) => (
          <span key={state} className="key">
            <StateShape state={state} /> {state}
          </span>
        ))}
        <span>hatched: no test. Arrow keys move, Enter opens the tests of a pair.</span>
      </p>
    </>
  );
}

function onArrow(event: KeyboardEvent<HTMLTableElement>): void {
  const cell = (event.target as HTMLElement).closest('td');
  const row = cell?.parentElement as HTMLTableRowElement | null;
  const body = row?.parentElement;
  if (!cell || !row || !body) return;
  const column = [...row.children].indexOf(cell);
  const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [
    0, 0,
  ];
  if (down === 0 && right === 0) return;
  event.preventDefault();
  event.stopPropagation();
  let rowIndex = [...body.children].indexOf(row);
  let columnIndex = column;
  // Over pairs without a test to the next one that has one.
  for (;;) {
    rowIndex += down!;
    columnIndex += right!;
    const next = body.children[rowIndex]?.children[columnIndex];
    if (!next || columnIndex < 1) return;
    const link = next.querySelector('a');
    if (link) {
      body.querySelectorAll('a[tabindex="0"]').forEach((each) => each.setAttribute('tabindex', '-1'));
      link.setAttribute('tabindex', '0');
      link.focus();
      return;
    }
  }
}

function Table({ matrix, metric }: { matrix: Matrix; metric: Metric }) {
  let isFirst = true;
  return (
    <div className="scroll" style={{ maxHeight: 'max(360px, calc(100dvh - 300px))' }}>
      <table className="matrix" onKeyDown={onArrow} aria-label="Tests by source and destination">
        <thead>
          <tr>
            <th scope="col">
              <span className="hidden-visually">Source</span>
            </th>
            {matrix.destinations.map((destination) => (
              <th key={destination} scope="col">
                <span title={destination}>{destination}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.sources.map((source) => (
            <tr key={source}>
              <th scope="row">{source}</th>
              {matrix.destinations.map((destination) => {
                const group = matrix.cells.get(`${source}\u0000${destination}`);
                const isTabStop = group !== undefined && isFirst;
                if (group) isFirst = false;
                return (
                  <td key={destination}>
                    {group ? (
                      <Cell group={group} metric={metric} isTabStop={isTabStop} />
                    ) : (
                      <span className="none" aria-label="no test" role="img" />
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return 'NA';
  return value >= 1000 ? `${Math.round(value / 1000)}k` : String(Math.round(value));
}

function Cell({ group, metric, isTabStop }: { group: Group; metric: Metric; isTabStop: boolean }) {
  const [source, destination] = group.path as [string, string];
  const state = STATES[group.state]!;
  const words = `${source} to ${destination}: ${state}, ${formatCount(group.rows.length)} tests, round-trip time ${formatMs(group.rttMs)}, checks failed ${formatPercent(group.checksFailedPercent)}`;
  const content =
    metric === 'rttMs' ? (
      shortNumber(group.rttMs)
    ) : metric === 'checksFailedPercent' ? (
      shortNumber(group.checksFailedPercent)
    ) : state === 'Pass' ? (
      <span className="dot" />
    ) : (
      <StateShape state={state} />
    );
  return (
    <Go
      to="/"
      search={{ view: 'tests', src: [source], dst: [destination] }}
      aria-label={words}
      title={words}
      tabIndex={isTabStop ? 0 : -1}
      style={
        metric !== 'state' && state === 'Fail' ? { outline: '2px solid var(--fail)', outlineOffset: -2 } : undefined
      }
    >
      {content}
    </Go>
  );
}
