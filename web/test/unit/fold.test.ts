// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { foldChains, healthyChains } from '../../src/viz/fold.ts';
import type { Graph, GraphLink, GraphNode } from '../../src/viz/pathmodel.ts';

const KINDS: Record<string, GraphNode['kind']> = { s: 'source', d: 'destination', q: 'silent' };

/** Of ways like "s a b c d": names that begin with s, d and q are sources, destinations and silent hops; ! is trouble. */
function graphOf(...ways: string[]): Graph {
  const nodes = new Map<string, GraphNode>();
  const links = new Map<string, GraphLink>();
  const paths = ways.map((way) => way.split(' '));
  for (const path of paths)
    path.forEach((id, layer) => {
      nodes.set(id, {
        id,
        kind: KINDS[id[0]!] ?? 'hop',
        layer,
        title: id,
        isTroubled: id.endsWith('!'),
        isRateLimited: false,
        issues: [],
        labels: [],
        network: null,
        address: id,
        tests: 1,
      });
      const from = path[layer - 1];
      if (from === undefined) return;
      const isTroubled = id.endsWith('!');
      const flows = (links.get(`${from} ${id}`)?.flows ?? 0) + 1;
      links.set(`${from} ${id}`, { from, to: id, flows, isTroubled, label: '', addedMs: 2, lossPercent: 0 });
    });
  return { nodes: [...nodes.values()], links: [...links.values()], paths };
}

const none = () => false;
const ids = (graph: Graph) => graph.nodes.map((node) => node.id).sort();

describe('healthy chains', () => {
  test.each([
    ['a straight way is one', ['s1 a b c e f d1'], [['a', 'b', 'c', 'e', 'f']]],
    ['three hops are seen at a glance', ['s1 a b c d1'], []],
    ['silent hops are part of it', ['s1 a q1 c e d1'], [['a', 'q1', 'c', 'e']]],
    ['it ends where ways meet', ['s1 a b c e x y d1', 's2 x y d1'], [['a', 'b', 'c', 'e']]],
    ['trouble, and the hop before it, stay in sight', ['s1 a b c e f! g h i j d1'], [['g', 'h', 'i', 'j']]],
    [
      'each branch has its own',
      ['s1 x a b c e y d1', 's1 x g h i j y d1'],
      [
        ['a', 'b', 'c', 'e'],
        ['g', 'h', 'i', 'j'],
      ],
    ],
  ])('%s', (_, ways, chains) => {
    expect(healthyChains(graphOf(...ways))).toEqual(chains);
  });

  test('a ring has no beginning and stays as it is', () => {
    const graph = graphOf('s1 d1');
    const ring = ['a', 'b', 'c', 'e'];
    const node = graphOf('x').nodes[0]!;
    const link = graph.links[0]!;
    const nodes = [...graph.nodes, ...ring.map((id) => ({ ...node, id }))];
    const links = [...graph.links, ...ring.map((from, i) => ({ ...link, from, to: ring[(i + 1) % 4]! }))];
    expect(healthyChains({ nodes, links, paths: graph.paths })).toEqual([]);
  });
});

describe('a folded graph', () => {
  const graph = graphOf('s1 a b c e d1', 's1 a b c e d1', 's2 x d1');

  test('has one mark for the chain, with its length and what it adds', () => {
    const folded = foldChains(graph, none);
    expect(ids(folded)).toEqual(['d1', 'fold a', 's1', 's2', 'x']);
    const capsule = folded.nodes.find((node) => node.kind === 'folded')!;
    expect(capsule.title).toBe('4 hops, 8.0 ms');
    expect(capsule.members).toEqual(['a', 'b', 'c', 'e']);
    expect(capsule.layer).toBe(3);
  });

  test('keeps ways and links whole', () => {
    const { links, paths } = foldChains(graph, none);
    expect(paths).toEqual([
      ['s1', 'fold a', 'd1'],
      ['s1', 'fold a', 'd1'],
      ['s2', 'x', 'd1'],
    ]);
    const named = links.map(({ from, to, flows }) => [from, to, flows]);
    expect(named).toContainEqual(['s1', 'fold a', 2]);
    expect(named).toContainEqual(['fold a', 'd1', 2]);
    expect(links).toHaveLength(4);
  });

  test('leaves a chain open as soon as one of its hops must be seen', () => {
    expect(foldChains(graph, (node) => node.id === 'c')).toBe(graph);
    expect(ids(foldChains(graph, (node) => node.id === 'x'))).toContain('fold a');
  });
});
