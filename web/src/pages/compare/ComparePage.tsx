// SPDX-License-Identifier: Apache-2.0
// Up to twenty tests beside each other, or one with its own past: medians on one axis, numbers, paths, settings.
import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { getQuantiles } from '../../core/api/endpoints.ts';
import { hexId, type Snapshot } from '../../core/api/snapshot.ts';
import type { Quantiles } from '../../core/api/types.ts';
import { filterRows } from '../../core/store/filter.ts';
import { rowOfHex } from '../../core/store/live.ts';
import { formatMs, formatPercent } from '../../core/text/numbers.ts';
import { testName } from '../../core/text/tests.ts';
import { slowest } from '../../core/store/group.ts';
import { DAY, pointsFor, WEEK } from '../../core/time/range.ts';
import { Go, setUrl, useSpan, useUrl } from '../../app/search.tsx';
import { useSnapshot } from '../../app/snapshot.tsx';
import { LineChart } from '../../ui/LineChart.tsx';
import { Empty, Failure, Loading } from '../../ui/Notice.tsx';
import { StateAt } from '../../ui/StateTag.tsx';
import { usePage } from '../../ui/usePage.ts';
import { nameOf, Paths, Settings } from './Parts.tsx';
import { median } from './difference.ts';

const POINTS = 600;
const TESTS_MAX = 20;
const OFFSETS: Record<string, { ms: number; words: string }> = {
  '-1d': { ms: DAY, words: 'a day before' },
  '-1w': { ms: WEEK, words: 'a week before' },
};

export function ComparePage() {
  usePage('Compare tests');
  const { snapshot, error, refetch } = useSnapshot();
  const url = useUrl();
  const ids = (url.sel ?? []).slice(0, TESTS_MAX);
  if (error && !snapshot) return <Failure error={error} onRetry={refetch} />;
  if (!snapshot) return <Loading />;
  return (
    <>
      <div className="page-head">
        <h1>Compare tests</h1>
        <OffsetChoice />
        <Go to="/topology" search={{ sel: ids }} className="button">
          Topology
        </Go>
      </div>
      <AddTest snapshot={snapshot} ids={ids} />
      {ids.length === 0 ? (
        <Empty title="No tests are chosen.">Search above, or select tests in a table and press Compare.</Empty>
      ) : (
        <Content snapshot={snapshot} ids={ids} />
      )}
    </>
  );
}

function OffsetChoice() {
  const url = useUrl();
  return (
    <label className="row">
      <span className="quiet">With itself</span>
      <select
        className="input"
        value={url.cmp ?? ''}
        onChange={(event) => setUrl({ cmp: event.target.value || undefined })}
      >
        <option value="">not</option>
        {Object.entries(OFFSETS).map(([key, { words }]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

function AddTest({ snapshot, ids }: { snapshot: Snapshot; ids: readonly string[] }) {
  const [text, setText] = useState('');
  const found = useMemo(
    () =>
      text.trim()
        ? [...filterRows(snapshot, { text }).subarray(0, 40)]
            .filter((row) => !ids.includes(hexId(snapshot.id[row]!)))
            .slice(0, 6)
        : [],
    [snapshot, text, ids],
  );
  return (
    <div className="filters" role="search" aria-label="Add a test">
      <input
        className="input search"
        type="search"
        aria-label="Add a test"
        placeholder="Add a test by name or address"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {found.map((row) => (
        <button
          key={row}
          type="button"
          className="button"
          disabled={ids.length >= TESTS_MAX}
          onClick={() => (setUrl({ sel: [...ids, hexId(snapshot.id[row]!)] }, { replace: true }), setText(''))}
        >
          + {testName(snapshot, row)}
        </button>
      ))}
    </div>
  );
}

interface Compared {
  readonly id: string;
  readonly name: string;
  readonly row: number | null;
  readonly data: Quantiles | undefined;
}

function Content({ snapshot, ids }: { snapshot: Snapshot; ids: readonly string[] }) {
  const url = useUrl();
  const span = useSpan();
  const offset = OFFSETS[url.cmp ?? ''];
  const wanted = useMemo(() => {
    const now = ids.map((id) => ({ id, shift: 0 }));
    return offset ? [...now, ...ids.map((id) => ({ id, shift: offset.ms }))] : now;
  }, [ids.join(), offset]);
  const rows = Uint32Array.from(ids.map((id) => rowOfHex(snapshot, id) ?? -1).filter((row) => row >= 0));
  const points = pointsFor(span, slowest(snapshot, rows), POINTS);
  const queries = useQueries({
    queries: wanted.map(({ id, shift }) => {
      const moved = { from: span.from - shift, to: span.to - shift };
      return {
        queryKey: ['quantiles', id, moved.from, moved.to, points],
        queryFn: ({ signal }: { signal: AbortSignal }) => getQuantiles(id, moved, points, signal),
        placeholderData: keepPreviousData,
        staleTime: 20_000,
      };
    }),
  });
  const stamp = queries.map((query) => query.dataUpdatedAt).join();
  const compared = useMemo<Compared[]>(
    () =>
      wanted.map(({ id, shift }, i) => ({
        id,
        row: rowOfHex(snapshot, id),
        name: nameOf(snapshot, id) + (shift ? `, ${offset?.words}` : ''),
        data: queries[i]?.data,
      })),
    [wanted, stamp, snapshot.id, offset],
  );
  const charts = useMemo(() => {
    const time = compared.find((each) => each.data)?.data?.time ?? [];
    const loss = (data: Quantiles) =>
      data.total.map((total, i) => (total > 0 ? (100 * data.failed[i]!) / total : null));
    const have = compared.filter((each): each is Compared & { data: Quantiles } => each.data !== undefined);
    return {
      time,
      medians: have.map(({ name, data }) => ({ name, values: data.quantiles[4] ?? [] })),
      losses: have.map(({ name, data }) => ({ name, values: loss(data) })),
    };
  }, [compared]);
  const error = queries.find((query) => query.error)?.error;
  return (
    <div className="cards">
      <section className="card span-12" aria-labelledby="compare-rtt">
        <h2 id="compare-rtt">Median round-trip time</h2>
        {error && <Failure error={error} />}
        {charts.medians.length === 0 && !error && <Loading />}
        {charts.medians.length > 0 && (
          <LineChart name="Median round-trip time" time={charts.time} lines={charts.medians} unit="ms" height={260} />
        )}
      </section>
      <section className="card span-12" aria-labelledby="compare-loss">
        <h2 id="compare-loss">Checks failed</h2>
        {charts.losses.length > 0 && (
          <LineChart
            name="Checks failed"
            time={charts.time}
            lines={charts.losses}
            unit="%"
            height={130}
            max={100}
            atLeast={5}
          />
        )}
      </section>
      <Differences compared={compared} snapshot={snapshot} ids={ids} />
      {ids.length > 1 && <Paths ids={ids} snapshot={snapshot} />}
      {ids.length > 1 && <Settings ids={ids} snapshot={snapshot} />}
    </div>
  );
}

interface Numbers {
  readonly p50: number;
  readonly p95: number;
  readonly loss: number;
}

/** Of the steps in the range: the middle one's median and p95, and the share of all checks that failed. */
function numbersOf(data: Quantiles): Numbers {
  const known = (values: readonly (number | null)[] | undefined) =>
    (values ?? []).filter((value): value is number => value !== null);
  const total = data.total.reduce((sum, value) => sum + value, 0);
  const failed = data.failed.reduce((sum, value) => sum + value, 0);
  return {
    p50: median(known(data.quantiles[4])),
    p95: median(known(data.quantiles[9])),
    loss: total > 0 ? (100 * failed) / total : NaN,
  };
}

function delta(value: number, first: number, format: (value: number) => string): string {
  const difference = value - first;
  if (!Number.isFinite(difference) || difference === 0) return '';
  return ` (${difference > 0 ? '+' : '−'}${format(Math.abs(difference))})`;
}

function Differences({
  compared,
  snapshot,
  ids,
}: {
  compared: readonly Compared[];
  snapshot: Snapshot;
  ids: readonly string[];
}) {
  const numbers = compared.map((each) => (each.data ? numbersOf(each.data) : null));
  const first = numbers[0];
  return (
    <section className="card span-12" aria-labelledby="compare-numbers">
      <h2 id="compare-numbers">
        Differences <span className="quiet">to the first; typical values over the range</span>
      </h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="Differences">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Test</th>
              <th scope="col">State</th>
              <th scope="col" className="number">
                Median
              </th>
              <th scope="col" className="number">
                p95
              </th>
              <th scope="col" className="number">
                Checks failed
              </th>
              <th scope="col">
                <span className="hidden-visually">Remove</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {compared.map((each, i) => {
              const own = numbers[i];
              return (
                <tr key={each.name}>
                  <td>
                    <Go to="/tests/$id" params={{ id: each.id }}>
                      {each.name}
                    </Go>
                  </td>
                  <td>{each.row === null ? 'not defined' : <StateAt index={snapshot.state[each.row]!} />}</td>
                  {(['p50', 'p95', 'loss'] as const).map((key) => {
                    const format = key === 'loss' ? formatPercent : formatMs;
                    return (
                      <td key={key} className="number">
                        {own ? format(own[key]) : '…'}
                        {own && first && i > 0 && delta(own[key], first[key], format)}
                      </td>
                    );
                  })}
                  <td>
                    <button
                      type="button"
                      className="linklike"
                      onClick={() => setUrl({ sel: ids.filter((id) => id !== each.id) }, { replace: true })}
                    >
                      Remove<span className="hidden-visually"> {each.name}</span>
                    </button>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
