// SPDX-License-Identifier: Apache-2.0
// What is known of the chosen hop, and without one the worst links.
import { STATES, type Snapshot } from '../../core/api/snapshot.ts';
import type { Topology } from '../../core/api/types.ts';
import { rowOfHex } from '../../core/store/live.ts';
import { counted, formatMs, formatPercent } from '../../core/text/numbers.ts';
import { labelWords } from '../../core/text/reasons.ts';
import { testName } from '../../core/text/tests.ts';
import { Go } from '../../app/search.tsx';
import { StateTag } from '../../ui/StateTag.tsx';
import { throughNode, type Graph, type GraphLink } from '../../viz/pathmodel.ts';

const SHOWN = 12;

interface SidePanelProps {
  graph: Graph;
  topology: Topology;
  snapshot: Snapshot;
  chosen: string | null;
  onChoose: (id: string) => void;
}

export function SidePanel({ graph, topology, snapshot, chosen, onChoose }: SidePanelProps) {
  const node = graph.nodes.find((each) => each.id === chosen);
  return (
    <div className="stack" style={{ alignContent: 'start' }}>
      <section className="card" aria-labelledby="hop-title">
        <h2 id="hop-title">{node ? node.title : 'Selected hop'}</h2>
        {!node && <p className="quiet">Select a hop: Enter, or click it.</p>}
        {node && (
          <div className="stack" role="status">
            {node.issues.length > 0 ? (
              node.issues.map((issue) => (
                <p key={issue} className="diff">
                  {issue}
                </p>
              ))
            ) : (
              <p className="quiet">No issue here.</p>
            )}
            <dl className="facts">
              {node.address && (
                <>
                  <dt>Address</dt>
                  <dd className="mono">{node.address}</dd>
                </>
              )}
              {node.network && (
                <>
                  <dt>Network</dt>
                  <dd>{node.network}</dd>
                </>
              )}
              {node.kind !== 'source' && (
                <>
                  <dt>Hop</dt>
                  <dd>{node.layer}</dd>
                </>
              )}
              <dt>Crossed by</dt>
              <dd>{counted(node.tests, 'test')}</dd>
            </dl>
            {node.labels.map((label) => (
              <p key={label}>{labelWords(label)}</p>
            ))}
            <Crossing topology={topology} snapshot={snapshot} graph={graph} id={node.id} />
          </div>
        )}
      </section>
      <Worst graph={graph} onChoose={onChoose} />
    </div>
  );
}

/** Tests whose paths go through the hop, those that do not pass first. */
function Crossing({
  topology,
  snapshot,
  graph,
  id,
}: {
  topology: Topology;
  snapshot: Snapshot;
  graph: Graph;
  id: string;
}) {
  const isThrough = (path: readonly string[]) => path.includes(id);
  const tests = new Map<string, string>();
  graph.paths.forEach((path, i) => {
    const origin = topology.paths.length === graph.paths.length ? topology.paths[i] : undefined;
    if (origin && isThrough(path)) tests.set(origin.testId, origin.state);
  });
  if (tests.size === 0)
    for (const path of topology.paths) if (isThrough(path.nodes)) tests.set(path.testId, path.state);
  const sorted = [...tests].sort((a, b) => Number(a[1] === 'Pass') - Number(b[1] === 'Pass'));
  return (
    <ul className="stack" style={{ gap: 4 }}>
      {sorted.slice(0, SHOWN).map(([test, state]) => {
        const row = rowOfHex(snapshot, test);
        return (
          <li key={test}>
            <StateTag state={STATES.find((each) => each === state) ?? 'Indeterminate'} />{' '}
            <Go to="/tests/$id" params={{ id: test }}>
              {row === null ? test : testName(snapshot, row)}
            </Go>
          </li>
        );
      })}
      {sorted.length > SHOWN && <li className="quiet">and {sorted.length - SHOWN} more</li>}
    </ul>
  );
}

function weight(link: GraphLink): number {
  return (link.isTroubled ? 1e6 : 0) + (link.addedMs ?? 0) + 10 * (link.lossPercent ?? 0);
}

function Worst({ graph, onChoose }: { graph: Graph; onChoose: (id: string) => void }) {
  const title = new Map(graph.nodes.map((node) => [node.id, node.title]));
  const worst = [...graph.links].sort((a, b) => weight(b) - weight(a)).slice(0, 6);
  return (
    <section className="card" aria-labelledby="worst-title">
      <h2 id="worst-title">Worst links</h2>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Link to</th>
            <th scope="col" className="number">
              Adds
            </th>
            <th scope="col" className="number">
              Loses
            </th>
          </tr>
        </thead>
        <tbody>
          {worst.map((link) => (
            <tr key={`${link.from} > ${link.to}`}>
              <td>
                <button
                  type="button"
                  className="linklike"
                  title={`From ${title.get(link.from)}; ${throughNode(graph, link.to).nodes.size} nodes on its paths`}
                  onClick={() => onChoose(link.to)}
                >
                  {title.get(link.to)}
                </button>
              </td>
              <td className={link.isTroubled ? 'number diff' : 'number'}>{formatMs(link.addedMs)}</td>
              <td className="number">{formatPercent(link.lossPercent)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
