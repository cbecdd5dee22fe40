// SPDX-License-Identifier: Apache-2.0
// One graph for the path pictures, whether it comes from one test's report or from the topology of many tests.
import type { PathReport, PathIssue, Topology } from '../core/api/types.ts';
import { formatMs, formatPercent } from '../core/text/numbers.ts';

export interface GraphNode {
  readonly id: string;
  /** `folded` stands for a chain of hops (fold.ts). */
  readonly kind: 'source' | 'hop' | 'silent' | 'destination' | 'folded';
  readonly layer: number;
  /** What is written at the node, and in lists. */
  readonly title: string;
  readonly isTroubled: boolean;
  readonly isRateLimited: boolean;
  readonly issues: readonly string[];
  readonly labels: readonly string[];
  readonly network: string | null;
  readonly address: string | null;
  readonly tests: number;
  /** Of a folded chain: its hops, in the order of the way. */
  readonly members?: readonly string[];
}

export interface GraphLink {
  readonly from: string;
  readonly to: string;
  readonly flows: number;
  readonly isTroubled: boolean;
  /** "+96 ms", "22 % lost"; only on troubled links. */
  readonly label: string;
  readonly addedMs: number | null;
  readonly lossPercent: number | null;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly links: readonly GraphLink[];
  /** Node ids of each path. */
  readonly paths: readonly (readonly string[])[];
}

function linkLabel(isTroubled: boolean, addedMs: number | null, lossPercent: number | null): string {
  if (!isTroubled) return '';
  if (lossPercent !== null && lossPercent >= 1) return `${formatPercent(lossPercent)} lost`;
  return addedMs !== null && addedMs > 0 ? `+${addedMs >= 10 ? `${Math.round(addedMs)} ms` : formatMs(addedMs)}` : '';
}

export function graphOfTopology(topology: Topology): Graph {
  return {
    nodes: topology.nodes.map((node) => ({
      id: node.id,
      kind: node.kind,
      layer: node.ttl,
      title: node.name || node.address || 'does not answer',
      isTroubled: node.issues.length > 0,
      isRateLimited: node.labels.includes('RateLimited'),
      issues: node.issues.map((issue) => issue.text),
      labels: node.labels,
      network: node.network ?? null,
      address: node.address ?? null,
      tests: node.tests,
    })),
    links: topology.links.map((link) => {
      const addedMs = link.addedMs ?? null;
      const lossPercent = link.forwardingLossPercent ?? null;
      return {
        from: link.from,
        to: link.to,
        flows: link.flows,
        isTroubled: link.troubled,
        addedMs,
        lossPercent,
        label: linkLabel(link.troubled, addedMs, lossPercent),
      };
    }),
    paths: topology.paths.map((path) => path.nodes),
  };
}

/** Whether the issue is about the link that ends at this hop. */
function concerns(issue: PathIssue, pathId: string, ttl: number, address: string | undefined): boolean {
  if (issue.toTtl !== ttl) return false;
  if (issue.path && issue.path === pathId) return true;
  return issue.to !== undefined && issue.to === address;
}

/** The graph of one test: source, its hops path by path, destination. */
export function graphOfReport(report: PathReport, sourceName: string, destinationName: string): Graph {
  const nodes = new Map<string, GraphNode>();
  const links = new Map<string, GraphLink>();
  const paths: string[][] = [];
  const longest = Math.max(1, ...report.paths.map((path) => path.hops.length));
  const source: GraphNode = {
    id: 'source',
    kind: 'source',
    layer: 0,
    title: sourceName,
    isTroubled: false,
    isRateLimited: false,
    issues: [],
    labels: [],
    network: null,
    address: report.source,
    tests: 1,
  };
  nodes.set(source.id, source);
  for (const path of report.paths) {
    const ids = ['source'];
    path.hops.forEach((hop, i) => {
      const isLast = path.reached && i === path.hops.length - 1;
      const id = isLast
        ? 'destination'
        : hop.address
          ? `${hop.ttl} ${hop.address}`
          : `${hop.ttl} after ${ids[ids.length - 1]}`;
      const issues = report.issues
        .filter((issue) => concerns(issue, path.id, hop.ttl, hop.address))
        .map((issue) => issue.text);
      const before = nodes.get(id);
      nodes.set(id, {
        id,
        kind: isLast ? 'destination' : hop.address ? 'hop' : 'silent',
        layer: isLast ? longest : hop.ttl,
        title: isLast ? destinationName : hop.name || hop.address || 'does not answer',
        isTroubled: issues.length > 0 || (before?.isTroubled ?? false),
        isRateLimited: hop.labels.includes('RateLimited'),
        issues: [...new Set([...(before?.issues ?? []), ...issues])],
        labels: hop.labels,
        network: hop.network ?? null,
        address: hop.address ?? null,
        tests: 1,
      });
      addLink(
        links,
        ids[ids.length - 1]!,
        id,
        path.flows.length,
        hop.addedMs,
        hop.forwardingLossPercent.value,
        issues.length > 0,
      );
      ids.push(id);
    });
    paths.push(ids);
  }
  if (!nodes.has('destination')) {
    nodes.set('destination', {
      ...source,
      id: 'destination',
      kind: 'destination',
      layer: longest + 1,
      title: destinationName,
      address: report.destination,
    });
  }
  return { nodes: [...nodes.values()], links: [...links.values()], paths };
}

function addLink(
  links: Map<string, GraphLink>,
  from: string,
  to: string,
  flows: number,
  addedMs: number,
  lossPercent: number,
  isTroubled: boolean,
): void {
  const key = `${from} > ${to}`;
  const before = links.get(key);
  const troubled = isTroubled || (before?.isTroubled ?? false);
  links.set(key, {
    from,
    to,
    flows: flows + (before?.flows ?? 0),
    isTroubled: troubled,
    addedMs: Math.max(addedMs, before?.addedMs ?? 0),
    lossPercent: Math.max(lossPercent, before?.lossPercent ?? 0),
    label: linkLabel(
      troubled,
      Math.max(addedMs, before?.addedMs ?? 0),
      Math.max(lossPercent, before?.lossPercent ?? 0),
    ),
  });
}

/** All nodes and links on paths through a node: what the spotlight shows. */
export function throughNode(graph: Graph, id: string): { nodes: Set<string>; links: Set<string> } {
  const nodes = new Set<string>();
  const links = new Set<string>();
  for (const path of graph.paths) {
    if (!path.includes(id)) continue;
    path.forEach((node, i) => {
      nodes.add(node);
      if (i > 0) links.add(`${path[i - 1]} > ${node}`);
    });
  }
  nodes.add(id);
  return { nodes, links };
}

/** Where an arrow key leads: along the busiest link forth, back, or to the neighbour in the same layer. */
export function neighbour(
  graph: Graph,
  places: ReadonlyMap<string, { layer: number; y: number }>,
  id: string,
  key: string,
): string | null {
  if (key === 'ArrowRight' || key === 'ArrowLeft') {
    const isForth = key === 'ArrowRight';
    const next = graph.links
      .filter((link) => (isForth ? link.from : link.to) === id)
      .sort((a, b) => b.flows - a.flows)[0];
    return next ? (isForth ? next.to : next.from) : null;
  }
  const here = places.get(id);
  if (!here || (key !== 'ArrowUp' && key !== 'ArrowDown')) return null;
  const sign = key === 'ArrowDown' ? 1 : -1;
  const found = [...places]
    .filter(([, place]) => place.layer === here.layer && (place.y - here.y) * sign > 0)
    .sort((a, b) => (a[1].y - b[1].y) * sign)[0];
  return found ? found[0] : null;
}
