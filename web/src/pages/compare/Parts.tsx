// SPDX-License-Identifier: Apache-2.0
// Paths of the compared tests hop by hop, and the settings in which they differ.
import { useQueries } from '@tanstack/react-query';
import { getPaths } from '../../core/api/endpoints.ts';
import { wordAt, type Snapshot } from '../../core/api/snapshot.ts';
import type { PathReport } from '../../core/api/types.ts';
import { rowOfHex } from '../../core/store/live.ts';
import { formatMs } from '../../core/text/numbers.ts';
import { testName } from '../../core/text/tests.ts';
import { useInstant } from '../../app/search.tsx';
import { differingHop } from './difference.ts';

export function nameOf(snapshot: Snapshot, id: string): string {
  const row = rowOfHex(snapshot, id);
  return row === null ? id : testName(snapshot, row);
}

const PATHS_MAX = 6;

export function Paths({ ids, snapshot }: { ids: readonly string[]; snapshot: Snapshot }) {
  const at = useInstant();
  const shown = ids.slice(0, PATHS_MAX);
  const queries = useQueries({
    queries: shown.map((id) => ({
      queryKey: ['paths', id, at],
      queryFn: ({ signal }: { signal: AbortSignal }) => getPaths(id, at, signal),
      retry: false,
    })),
  });
  const reports = queries.map((query) => query.data);
  const longest = Math.max(0, ...reports.map((report) => report?.paths[0]?.hops.length ?? 0));
  const first = reports[0];
  const differs = reports.slice(1).map((report) => (first && report ? differingHop(first, report) : null));
  const nearest = differs.filter((hop): hop is number => hop !== null).sort((a, b) => a - b)[0];
  return (
    <section className="card span-12" aria-labelledby="compare-paths">
      <h2 id="compare-paths">
        Paths{' '}
        <span className="quiet">
          {nearest ? `they part at hop ${nearest}` : 'most taken way of each'}
          {ids.length > PATHS_MAX && `, of the first ${PATHS_MAX}`}
        </span>
      </h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="Paths hop by hop">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col" className="number">
                Hop
              </th>
              {shown.map((id) => (
                <th key={id} scope="col">
                  {nameOf(snapshot, id)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: longest }, (_, i) => (
              <tr key={i}>
                <td className="number">{i + 1}</td>
                {reports.map((report, j) => (
                  <HopCell key={shown[j]} report={report} index={i} isOther={j > 0 && differs[j - 1] === i + 1} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function HopCell({ report, index, isOther }: { report: PathReport | undefined; index: number; isOther: boolean }) {
  const hop = report?.paths[0]?.hops[index];
  if (!hop) return <td />;
  return (
    <td className={isOther ? 'mono diff' : 'mono'}>
      {hop.address ?? '*'} <span className="quiet">{formatMs(hop.rttMedianMs)}</span>
    </td>
  );
}

const SETTINGS = [
  ['monitor', 'Connection monitor'],
  ['group', 'Test group'],
  ['source', 'Source'],
  ['sourceAddress', 'Source address'],
  ['destination', 'Destination'],
  ['checkedAddress', 'Checked address'],
  ['configuration', 'Test configuration'],
  ['protocol', 'Protocol'],
] as const;

export function Settings({ ids, snapshot }: { ids: readonly string[]; snapshot: Snapshot }) {
  const rows = ids.map((id) => rowOfHex(snapshot, id)).filter((row): row is number => row !== null);
  const lines = [
    ...SETTINGS.map(([name, label]) => ({ label, values: rows.map((row) => wordAt(snapshot[name], row) ?? '') })),
    {
      label: 'Port',
      values: rows.map((row) => (Number.isFinite(snapshot.port[row]!) ? String(snapshot.port[row]) : '')),
    },
    { label: 'Every', values: rows.map((row) => `${snapshot.frequencySec[row]} s`) },
  ].filter((line) => new Set(line.values).size > 1);
  return (
    <section className="card span-12" aria-labelledby="compare-settings">
      <h2 id="compare-settings">
        Settings <span className="quiet">that differ</span>
      </h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="Settings that differ">
        <table className="plain">
          <tbody>
            {lines.map((line) => (
              <tr key={line.label}>
                <th scope="row">{line.label}</th>
                {line.values.map((value, i) => (
                  <td key={i} className={value !== line.values[0] ? 'diff' : undefined}>
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
