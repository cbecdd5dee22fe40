// SPDX-License-Identifier: Apache-2.0
// What is drawn of a topology: chosen paths only, hops merged by network, links marked by the reader's sliders.
import type { Topology } from '../../core/api/types.ts';
import { foldChains } from '../../viz/fold.ts';
import type { Graph, GraphLink, GraphNode } from '../../viz/pathmodel.ts';
import { graphOfTopology } from '../../viz/pathmodel.ts';

export interface Marks {
  /** Links with at least so much added delay or loss are marked; 0 marks only what the server calls troubled. */
  readonly delayMs: number;
  readonly lossPercent: number;
}

/** Only the paths whose tests do not pass. */
export function onlyUnhealthy(topology: Topology): Topology {
  const paths = topology.paths.filter((path) => path.state !== 'Pass');
  const nodes = new Set(paths.flatMap((path) => path.nodes));
  const links = new Set(paths.flatMap((path) => path.nodes.slice(1).map((to, i) => `${path.nodes[i]} > ${to}`)));
  return {
    nodes: topology.nodes.filter((node) => nodes.has(node.id)),
    links: topology.links.filter((link) => links.has(`${link.from} > ${link.to}`)),
    paths,
  };
}

/** Hops of one network become one node; links inside it vanish. */
export function byNetwork(graph: Graph): Graph {
  const names = new Map<string, string>();
  for (const node of graph.nodes)
    names.set(node.id, node.kind === 'hop' && node.network ? `network ${node.network}` : node.id);
  const nodes = new Map<string, GraphNode>();
  for (const node of graph.nodes) {
    const id = names.get(node.id)!;
    const before = nodes.get(id);
    const isMerged = id !== node.id;
    if (!before)
      nodes.set(id, {
        ...node,
        id,
        title: isMerged ? node.network! : node.title,
        address: isMerged ? null : node.address,
      });
    else {
      nodes.set(id, {
        ...before,
        layer: Math.min(before.layer, node.layer),
        isTroubled: before.isTroubled || node.isTroubled,
        issues: [...new Set([...before.issues, ...node.issues])],
        labels: [...new Set([...before.labels, ...node.labels])],
        tests: Math.max(before.tests, node.tests),
      });
    }
  }
  const links = new Map<string, GraphLink>();
  for (const link of graph.links) {
    const [from, to] = [names.get(link.from)!, names.get(link.to)!];
    if (from === to) continue;
    const before = links.get(`${from} > ${to}`);
    links.set(
      `${from} > ${to}`,
      before
        ? {
            ...before,
            flows: before.flows + link.flows,
            isTroubled: before.isTroubled || link.isTroubled,
            label: before.label || link.label,
          }
        : { ...link, from, to },
    );
  }
  const paths = graph.paths.map((path) =>
    path.map((id) => names.get(id) ?? id).filter((id, i, all) => id !== all[i - 1]),
  );
  return { nodes: [...nodes.values()], links: [...links.values()], paths };
}

function marked(link: GraphLink, marks: Marks): GraphLink {
  const isSlow = marks.delayMs > 0 && (link.addedMs ?? 0) >= marks.delayMs;
  const isLossy = marks.lossPercent > 0 && (link.lossPercent ?? 0) >= marks.lossPercent;
  if (link.isTroubled || !(isSlow || isLossy)) return link;
  return {
    ...link,
    isTroubled: true,
    label: isLossy ? `${Math.round(link.lossPercent ?? 0)} % lost` : `+${Math.round(link.addedMs ?? 0)} ms`,
  };
}

export function drawnGraph(
  topology: Topology,
  options: {
    isUnhealthyOnly: boolean;
    isByNetwork: boolean;
    marks: Marks;
    /** Which nodes no chain is folded over; null folds none. */
    isKept?: ((node: GraphNode) => boolean) | null;
  },
): Graph {
  const graph = graphOfTopology(options.isUnhealthyOnly ? onlyUnhealthy(topology) : topology);
  const merged = options.isByNetwork ? byNetwork(graph) : graph;
  const drawn = { ...merged, links: merged.links.map((link) => marked(link, options.marks)) };
  return options.isKept ? foldChains(drawn, options.isKept) : drawn;
}
