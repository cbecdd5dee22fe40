// SPDX-License-Identifier: Apache-2.0
// The topology's twin as a table: each path with its hops in words.
import type { Snapshot } from '../../core/api/snapshot.ts';
import type { Topology } from '../../core/api/types.ts';
import { rowOfHex } from '../../core/store/live.ts';
import { formatMs, formatPercent } from '../../core/text/numbers.ts';
import { testName } from '../../core/text/tests.ts';
import { Go } from '../../app/search.tsx';
import { StateTag } from '../../ui/StateTag.tsx';

const SHOWN = 300;

export function PathsTable({
  topology,
  snapshot,
  isUnhealthyOnly,
}: {
  topology: Topology;
  snapshot: Snapshot;
  isUnhealthyOnly: boolean;
}) {
  const nodes = new Map(topology.nodes.map((node) => [node.id, node]));
  const paths = topology.paths.filter((path) => !isUnhealthyOnly || path.state !== 'Pass');
  const name = (id: string) =>
    nodes.get(id)?.address ?? (nodes.get(id)?.kind === 'silent' ? '*' : (nodes.get(id)?.name ?? id));
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Paths">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Test</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              RTT
            </th>
            <th scope="col" className="number">
              Checks failed
            </th>
            <th scope="col" className="number">
              Hops
            </th>
            <th scope="col">Way</th>
          </tr>
        </thead>
        <tbody>
          {paths.slice(0, SHOWN).map((path, i) => {
            const row = rowOfHex(snapshot, path.testId);
            return (
              <tr key={i}>
                <td>
                  <Go to="/tests/$id" params={{ id: path.testId }}>
                    {row === null ? path.testId : testName(snapshot, row)}
                  </Go>
                </td>
                <td>
                  <StateTag state={path.state} />
                </td>
                <td className="number">{formatMs(path.rttMs)}</td>
                <td className="number">{formatPercent(path.checksFailedPercent)}</td>
                <td className="number">{path.nodes.length - 1}</td>
                <td className="mono">
                  {path.nodes.map((id, j) => (
                    <span key={j} className={(nodes.get(id)?.issues.length ?? 0) > 0 ? 'diff' : undefined}>
                      {j > 0 && ' → '}
                      {name(id)}
                    </span>
                  ))}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {paths.length > SHOWN && (
        <p className="quiet">
          The first {SHOWN} of {paths.length}.
        </p>
      )}
    </div>
  );
}
