// SPDX-License-Identifier: Apache-2.0
// Lays a path graph out in layers. The layer is known (the hop's TTL); only the order within each is to
// be found: sweeps that put every node at the mean place of its neighbours (barycentre heuristic, Sugiyama
// et al. 1981), keeping the order with the fewest crossings.

export interface LayoutNode {
  readonly id: string;
  readonly layer: number;
}
export interface LayoutLink {
  readonly from: string;
  readonly to: string;
}
/** Place in layers: `layer` from 0 without gaps, `y` from 0 to 1. */
export interface Placed {
  readonly layer: number;
  readonly y: number;
}

const SWEEPS = 8;

interface Graph {
  layers: string[][];
  /** Neighbours in the layers before and behind. */
  before: Map<string, string[]>;
  behind: Map<string, string[]>;
  layerOf: Map<string, number>;
}

function build(nodes: readonly LayoutNode[], links: readonly LayoutLink[]): Graph {
  const used = [...new Set(nodes.map((node) => node.layer))].sort((a, b) => a - b);
  const dense = new Map(used.map((layer, i) => [layer, i]));
  const layers: string[][] = used.map(() => []);
  const layerOf = new Map<string, number>();
  for (const node of nodes) {
    const layer = dense.get(node.layer)!;
    layers[layer]!.push(node.id);
    layerOf.set(node.id, layer);
  }
  const before = new Map<string, string[]>(nodes.map((node) => [node.id, []]));
  const behind = new Map<string, string[]>(nodes.map((node) => [node.id, []]));
  for (const { from, to } of links) {
    const [a, b] = [layerOf.get(from), layerOf.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    behind.get(a < b ? from : to)!.push(a < b ? to : from);
    before.get(a < b ? to : from)!.push(a < b ? from : to);
  }
  return { layers, before, behind, layerOf };
}

function places(layers: readonly string[][]): Map<string, number> {
  const place = new Map<string, number>();
  for (const layer of layers) layer.forEach((id, i) => place.set(id, (i + 1) / (layer.length + 1)));
  return place;
}

function sweep(layer: string[], neighbours: Map<string, string[]>, place: Map<string, number>): string[] {
  const weight = new Map(
    layer.map((id) => {
      const around = neighbours.get(id)!;
      const sum = around.reduce((total, each) => total + place.get(each)!, 0);
      return [id, around.length > 0 ? sum / around.length : place.get(id)!];
    }),
  );
  const sorted = layer.map((id, i) => ({ id, i })).sort((a, b) => weight.get(a.id)! - weight.get(b.id)! || a.i - b.i);
  sorted.forEach(({ id }, i) => place.set(id, (i + 1) / (layer.length + 1)));
  return sorted.map(({ id }) => id);
}

/** Crossings between neighbouring layers, counted with a Fenwick tree in n log n. */
export function countCrossings(
  layers: readonly (readonly string[])[],
  behind: ReadonlyMap<string, readonly string[]>,
): number {
  let crossings = 0;
  for (let layer = 0; layer + 1 < layers.length; layer++) {
    const next = new Map(layers[layer + 1]!.map((id, i) => [id, i]));
    const tree = new Uint32Array(next.size + 1);
    let seen = 0;
    for (const id of layers[layer]!) {
      const ends = (behind.get(id) ?? [])
        .map((each) => next.get(each))
        .filter((each): each is number => each !== undefined);
      for (const end of ends) {
        let notGreater = 0;
        for (let i = end + 1; i > 0; i -= i & -i) notGreater += tree[i]!;
        crossings += seen - notGreater;
      }
      for (const end of ends) for (let i = end + 1; i < tree.length; i += i & -i) tree[i]!++;
      seen += ends.length;
    }
  }
  return crossings;
}

/** Deterministic: equal input gives equal places. */
export function layout(
  nodes: readonly LayoutNode[],
  links: readonly LayoutLink[],
): { places: Map<string, Placed>; layers: number; width: number; crossings: number } {
  const graph = build(nodes, links);
  let layers = graph.layers;
  let best = layers;
  let fewest = countCrossings(layers, graph.behind);
  for (let i = 0; i < SWEEPS && fewest > 0; i++) {
    const isForward = i % 2 === 0;
    const place = places(layers);
    const order = layers.map((_, index) => (isForward ? index : layers.length - 1 - index));
    const next = [...layers];
    for (const index of order) next[index] = sweep(layers[index]!, isForward ? graph.before : graph.behind, place);
    layers = next;
    const crossings = countCrossings(layers, graph.behind);
    if (crossings < fewest) {
      fewest = crossings;
      best = layers;
    }
  }
  const found = new Map<string, Placed>();
  const place = places(best);
  best.forEach((layer, index) => layer.forEach((id) => found.set(id, { layer: index, y: place.get(id)! })));
  return {
    places: found,
    layers: best.length,
    width: Math.max(0, ...best.map((layer) => layer.length)),
    crossings: fewest,
  };
}
