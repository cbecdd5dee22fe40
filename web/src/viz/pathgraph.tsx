// SPDX-License-Identifier: Apache-2.0
// The path picture: layers by TTL, sizes that do not change while zooming, every hop reachable by keys.
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import '../styles/paths.css';
import { layout } from './layered.ts';
import { neighbour, throughNode, type Graph, type GraphLink, type GraphNode } from './pathmodel.ts';
import { useWidth } from './useWidth.ts';

interface PathGraphProps {
  graph: Graph;
  label: string;
  height: number;
  chosen: string | null;
  onChoose: (id: string | null) => void;
  /** Only these nodes are shown strongly, as a search finds them. */
  lit?: (node: GraphNode) => boolean;
}

interface View {
  x: number;
  y: number;
  scale: number;
}

const FIT: View = { x: 0, y: 0, scale: 1 };
const MARGIN = { x: 150, y: 26 };
const LABELS_MAX = 60;
/** Nodes nearer to each other than this, in pixels, get smaller and lose their text. */
const ROOM = 18;

export function PathGraph({ graph, label, height, chosen, onChoose, lit }: PathGraphProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [view, setView] = useState<View>(FIT);
  const [focused, setFocused] = useState<string | null>(null);
  const placed = useMemo(
    () =>
      layout(
        graph.nodes.map(({ id, layer }) => ({ id, layer })),
        graph.links,
      ),
    [graph],
  );
  const spot = useMemo(
    () => (chosen && graph.nodes.some((node) => node.id === chosen) ? throughNode(graph, chosen) : null),
    [graph, chosen],
  );
  const drag = useRef<{ x: number; y: number; view: View } | null>(null);
  useWheel(box, setView);
  const point = (id: string) => {
    const place = placed.places.get(id) ?? { layer: 0, y: 0.5 };
    const x = MARGIN.x + (place.layer / Math.max(1, placed.layers - 1)) * (width - 2 * MARGIN.x);
    const y = MARGIN.y + place.y * (height - 2 * MARGIN.y);
    return {
      x: (x - width / 2) * view.scale + width / 2 + view.x,
      y: (y - height / 2) * view.scale + height / 2 + view.y,
    };
  };
  const isThere = (id: string | null) => id !== null && placed.places.has(id);
  const tabStop = [focused, chosen].find(isThere) ?? graph.nodes[0]?.id;
  const focus = (id: string) => {
    setFocused(id);
    box.current?.querySelector<SVGGElement>(`[data-node="${CSS.escape(id)}"]`)?.focus();
  };
  // Who opens a chain by keys goes on with its first hop.
  const unfolded = useRef<string | null>(null);
  useEffect(() => {
    if (unfolded.current && isThere(unfolded.current)) focus(unfolded.current);
    unfolded.current = null;
  }, [graph]);
  const onKey = (event: KeyboardEvent) => {
    const id = tabStop ?? '';
    if (event.key === 'Enter' || event.key === ' ') {
      unfolded.current = graph.nodes.find((node) => node.id === id)?.members?.[0] ?? null;
      onChoose(chosen === id ? null : id);
    } else if (event.key === 'Escape') onChoose(null);
    else if (event.key === '0') setView(FIT);
    else if (event.key === 'n') {
      const troubled = graph.nodes.filter((node) => node.isTroubled);
      const next = troubled[(troubled.findIndex((node) => node.id === id) + 1) % Math.max(1, troubled.length)];
      if (next) focus(next.id);
    } else {
      const next = neighbour(graph, placed.places, id, event.key);
      if (!next) return;
      focus(next);
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const onDown = (event: PointerEvent) => {
    if ((event.target as Element).closest('.node, button')) return;
    drag.current = { x: event.clientX, y: event.clientY, view };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onMove = (event: PointerEvent) => {
    if (drag.current)
      setView({
        ...drag.current.view,
        x: drag.current.view.x + event.clientX - drag.current.x,
        y: drag.current.view.y + event.clientY - drag.current.y,
      });
  };
  const room = useMemo(() => {
    const counts = new Map<number, number>();
    for (const { layer } of placed.places.values()) counts.set(layer, (counts.get(layer) ?? 0) + 1);
    return (id: string) =>
      ((height - 2 * MARGIN.y) * view.scale) / ((counts.get(placed.places.get(id)?.layer ?? 0) ?? 1) + 1);
  }, [placed, height, view.scale]);
  const labels = useMemo(() => firstLabels(graph.links), [graph]);
  const isCrowded = graph.nodes.length > LABELS_MAX && view.scale < 2;
  return (
    <div
      ref={box}
      className="path-box"
      style={{ height }}
      onPointerDown={onDown}
      onPointerMove={onMove}
      onPointerUp={() => (drag.current = null)}
    >
      {width > 0 && (
        <svg role="group" aria-label={label} onKeyDown={onKey} viewBox={`0 0 ${width} ${height}`}>
          <g>
            {graph.links.map((link) => (
              <LinkShape
                hasLabel={labels.has(link)}
                key={`${link.from} > ${link.to}`}
                link={link}
                from={point(link.from)}
                to={point(link.to)}
                isDim={spot !== null && !spot.links.has(`${link.from} > ${link.to}`)}
              />
            ))}
          </g>
          {graph.nodes.map((node) => (
            <NodeShape
              key={node.id}
              node={node}
              at={point(node.id)}
              isChosen={node.id === chosen}
              isDim={(spot !== null && !spot.nodes.has(node.id)) || (lit !== undefined && !lit(node))}
              size={Math.max(0.3, Math.min(1, room(node.id) / ROOM))}
              hasText={
                node.id === chosen ||
                node.id === focused ||
                (room(node.id) >= ROOM - 4 && (!isCrowded || !['hop', 'silent'].includes(node.kind) || node.isTroubled))
              }
              isTabStop={node.id === tabStop}
              onFocus={() => setFocused(node.id)}
              onChoose={() => onChoose(chosen === node.id ? null : node.id)}
            />
          ))}
        </svg>
      )}
      <div className="tools">
        <button
          type="button"
          className="button icon"
          aria-label="Zoom in"
          onClick={() => setView((v) => zoomed(v, 1.4))}
        >
          +
        </button>
        <button
          type="button"
          className="button icon"
          aria-label="Zoom out"
          onClick={() => setView((v) => zoomed(v, 1 / 1.4))}
        >
          −
        </button>
        <button type="button" className="button" onClick={() => setView(FIT)}>
          Fit
        </button>
      </div>
    </div>
  );
}

function zoomed(view: View, factor: number): View {
  const scale = Math.max(0.5, Math.min(12, view.scale * factor));
  const change = scale / view.scale;
  return { scale, x: view.x * change, y: view.y * change };
}

/** Ctrl and wheel zooms; the wheel alone goes on scrolling the page. */
function useWheel(box: React.RefObject<HTMLDivElement | null>, setView: (change: (view: View) => View) => void): void {
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      setView((view) => zoomed(view, event.deltaY < 0 ? 1.15 : 1 / 1.15));
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [box, setView]);
}

interface Point {
  x: number;
  y: number;
}

/** Links into one node with the same label say it once. */
function firstLabels(links: readonly GraphLink[]): Set<GraphLink> {
  const first = new Map<string, GraphLink>();
  for (const link of links)
    if (link.label && !first.has(`${link.to} ${link.label}`)) first.set(`${link.to} ${link.label}`, link);
  return new Set(first.values());
}

function LinkShape({
  link,
  from,
  to,
  isDim,
  hasLabel,
}: {
  link: GraphLink;
  from: Point;
  to: Point;
  isDim: boolean;
  hasLabel: boolean;
}) {
  const middle = (from.x + to.x) / 2;
  return (
    <g className={isDim ? 'dim' : undefined}>
      <path
        className={link.isTroubled ? 'link trouble' : 'link'}
        strokeWidth={1 + Math.log2(1 + link.flows) * 0.7 + (link.isTroubled ? 1 : 0)}
        d={`M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`}
      />
      {hasLabel && (
        <text className="link-label" x={middle} y={(from.y + to.y) / 2 - 7}>
          {link.label}
        </text>
      )}
    </g>
  );
}

interface NodeShapeProps {
  node: GraphNode;
  at: Point;
  isChosen: boolean;
  isDim: boolean;
  hasText: boolean;
  size: number;
  isTabStop: boolean;
  onFocus: () => void;
  onChoose: () => void;
}

export function nodeWords(node: GraphNode): string {
  if (node.kind === 'folded') return `Folded: ${node.title}, healthy`;
  const kind = { source: 'Source', destination: 'Destination', hop: 'Hop', silent: 'Silent hop' }[node.kind];
  const place = node.kind === 'source' ? '' : ` ${node.layer}`;
  const trouble = node.isTroubled
    ? `, troubled: ${node.issues.join('; ')}`
    : node.isRateLimited
      ? ', limits its own replies'
      : '';
  return `${kind}${place} ${node.title}${trouble}`;
}

function NodeShape({ node, at, isChosen, isDim, hasText, size, isTabStop, onFocus, onChoose }: NodeShapeProps) {
  return (
    <g
      className={`node${isChosen ? ' chosen' : ''}${isDim ? ' dim' : ''}`}
      data-node={node.id}
      role="button"
      aria-label={nodeWords(node)}
      aria-pressed={node.kind === 'folded' ? undefined : isChosen}
      aria-expanded={node.kind === 'folded' ? false : undefined}
      tabIndex={isTabStop ? 0 : -1}
      transform={`translate(${at.x} ${at.y})`}
      onFocus={onFocus}
      onClick={onChoose}
    >
      <circle className="ring" r="13" />
      <g transform={`scale(${size})`}>
        <Shape node={node} />
      </g>
      {hasText && (
        <text {...TEXT_PLACES[node.kind]}>
          {node.kind === 'silent' ? '' : node.title.length > 28 ? `${node.title.slice(0, 26)}…` : node.title}
        </text>
      )}
    </g>
  );
}

const TEXT_PLACES = {
  source: { x: -14, y: 4, textAnchor: 'end' },
  destination: { x: 14, y: 4, textAnchor: 'start' },
  hop: { y: 24, textAnchor: 'middle' },
  silent: { y: 24, textAnchor: 'middle' },
  folded: { y: 24, textAnchor: 'middle' },
} as const;

function Shape({ node }: { node: GraphNode }) {
  if (node.kind === 'source')
    return <rect className={node.isTroubled ? 'trouble' : 'source'} x="-8" y="-8" width="16" height="16" rx="3" />;
  if (node.isTroubled) {
    return (
      <g>
        <path className="trouble" d="M-4-9.5h8L9.5-4v8L4 9.5h-8L-9.5 4v-8Z" />
        <path d="M-3.5-3.5l7 7M3.5-3.5l-7 7" stroke="#fff" strokeWidth="2" strokeLinecap="round" />
      </g>
    );
  }
  if (node.kind === 'folded') {
    return (
      <g>
        <rect className="hop" x="-18" y="-7" width="36" height="14" rx="7" />
        {[-8, 0, 8].map((x) => (
          <circle key={x} className="dot" cx={x} r="2" />
        ))}
      </g>
    );
  }
  if (node.kind === 'destination') return <path className="destination" d="M0-10 10 0 0 10-10 0Z" />;
  return <circle className={node.kind === 'silent' ? 'silent' : node.isRateLimited ? 'limited' : 'hop'} r="7" />;
}
