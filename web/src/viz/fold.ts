// SPDX-License-Identifier: Apache-2.0
// Folds chains of healthy hops, through which everything goes straight, into one capsule each: "5 hops, 12 ms".
// What is troubled, branches, or is looked at stays as it is.
import { formatMs } from '../core/text/numbers.ts';
import type { Graph, GraphLink, GraphNode } from './pathmodel.ts';

/** Fewer hops than this are seen at a glance. */
const FOLDED_MIN = 4;

function linksBy(links: readonly GraphLink[], end: 'from' | 'to'): Map<string, GraphLink[]> {
  const found = new Map<string, GraphLink[]>();
  for (const link of links) {
    const list = found.get(link[end]);
    if (list) list.push(link);
    else found.set(link[end], [link]);
  }
  return found;
}

/** Ids of the hops of each chain, in the order of the way; none is in two. */
export function healthyChains(graph: Graph): string[][] {
  const into = linksBy(graph.links, 'to');
  const outOf = linksBy(graph.links, 'from');
  const plain = new Set<string>();
  for (const node of graph.nodes) {
    const around = [...(into.get(node.id) ?? []), ...(outOf.get(node.id) ?? [])];
    const isStraight = into.get(node.id)?.length === 1 && outOf.get(node.id)?.length === 1;
    const isHop = node.kind === 'hop' || node.kind === 'silent';
    if (isHop && isStraight && !node.isTroubled && !around.some((link) => link.isTroubled)) plain.add(node.id);
  }
  const chains: string[][] = [];
  for (const id of plain) {
    if (plain.has(into.get(id)![0]!.from)) continue;
    const chain = [id];
    for (;;) {
      const next = outOf.get(chain[chain.length - 1]!)![0]!.to;
      // A loop of nothing but plain hops has no beginning, so that this ends.
      if (!plain.has(next)) break;
      chain.push(next);
    }
    if (chain.length >= FOLDED_MIN) chains.push(chain);
  }
  return chains;
}

/** The delay that the chain adds; null if no link tells. */
function addedBy(chain: readonly string[], links: readonly GraphLink[]): number | null {
  const members = new Set(chain);
  const known = links.filter((link) => members.has(link.to) && link.addedMs !== null);
  return known.length > 0 ? known.reduce((sum, link) => sum + link.addedMs!, 0) : null;
}

function capsuleOf(chain: readonly string[], nodes: ReadonlyMap<string, GraphNode>, addedMs: number | null): GraphNode {
  const first = nodes.get(chain[0]!)!;
  const words = `${chain.length} hops`;
  return {
    ...first,
    id: `fold ${first.id}`,
    kind: 'folded',
    layer: nodes.get(chain[Math.floor(chain.length / 2)]!)!.layer,
    title: addedMs === null ? words : `${words}, ${formatMs(addedMs)}`,
    address: null,
    network: null,
    labels: [],
    members: chain,
  };
}

/** The graph with its healthy chains folded, but for those with a node that must be seen. */
export function foldChains(graph: Graph, isKept: (node: GraphNode) => boolean): Graph {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const chains = healthyChains(graph).filter((chain) => !chain.some((id) => isKept(nodes.get(id)!)));
  if (chains.length === 0) return graph;
  const capsules = chains.map((chain) => capsuleOf(chain, nodes, addedBy(chain, graph.links)));
  const names = new Map(capsules.flatMap((capsule) => capsule.members!.map((id) => [id, capsule.id] as const)));
  const nameOf = (id: string) => names.get(id) ?? id;
  return {
    nodes: [...graph.nodes.filter((node) => !names.has(node.id)), ...capsules],
    links: graph.links
      .map((link) => ({ ...link, from: nameOf(link.from), to: nameOf(link.to) }))
      .filter((link) => link.from !== link.to),
    paths: graph.paths.map((path) => path.map(nameOf).filter((id, i, all) => id !== all[i - 1])),
  };
}
