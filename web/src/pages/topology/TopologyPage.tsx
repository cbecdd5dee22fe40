// SPDX-License-Identifier: Apache-2.0
// The ways of many tests in one picture, at the chosen instant.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { getTopology, type Where } from '../../core/api/endpoints.ts';
import { hexId, type Snapshot } from '../../core/api/snapshot.ts';
import { facetCounts, filterRows } from '../../core/store/filter.ts';
import { counted, formatCount } from '../../core/text/numbers.ts';
import { joinList, splitList, type Search } from '../../core/url/search.ts';
import { untilItWorks } from '../../app/query.ts';
import { useInstant, setUrl, useUrl } from '../../app/search.tsx';
import { useSnapshot } from '../../app/snapshot.tsx';
import { Multi } from '../../ui/Multi.tsx';
import { Empty, Failure, Loading } from '../../ui/Notice.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { usePage } from '../../ui/usePage.ts';
import { PathGraph } from '../../viz/pathgraph.tsx';
import type { Graph, GraphNode } from '../../viz/pathmodel.ts';
import { filterOf } from '../overview/Overview.tsx';
import { drawnGraph } from './graph.ts';
import { SidePanel } from './SidePanel.tsx';
import { PathsTable } from './PathsTable.tsx';

const TESTS_MAX = 200;
/** In the URL: no chain is folded. Otherwise it lists the first hops of chains that were opened. */
const UNFOLDED = 'off';

/** The question to the server: by names where each has one value, else by ids. */
function questionOf(snapshot: Snapshot, url: Search): { where: Where & { ids?: string }; words: string } {
  if (url.sel?.length)
    return {
      where: { ids: url.sel.slice(0, TESTS_MAX).join(',') },
      words: counted(Math.min(url.sel.length, TESTS_MAX), 'selected test'),
    };
  const filter = { ...filterOf(url), text: undefined };
  const rows = filterRows(snapshot, filter);
  const isPlain =
    !filter.state &&
    !filter.configuration &&
    !filter.protocol &&
    [filter.monitor, filter.group, filter.source, filter.destination].every((each) => !each || each.length === 1);
  if (rows.length <= TESTS_MAX && isPlain) {
    return {
      where: {
        connectionMonitor: filter.monitor?.[0],
        testGroup: filter.group?.[0],
        source: filter.source?.[0],
        destination: filter.destination?.[0],
      },
      words: `all ${counted(rows.length, 'test')}`,
    };
  }
  const worstFirst = [...rows]
    .sort((a, b) => Number(snapshot.state[a] === 0) - Number(snapshot.state[b] === 0) || a - b)
    .slice(0, TESTS_MAX);
  const ids = worstFirst.map((row) => hexId(snapshot.id[row]!)).join(',');
  return {
    where: { ids },
    words:
      rows.length > TESTS_MAX
        ? `${TESTS_MAX} of ${formatCount(rows.length)} tests, those that do not pass first`
        : counted(rows.length, 'test'),
  };
}

export function TopologyPage() {
  usePage('Topology');
  const { snapshot, error, refetch } = useSnapshot();
  if (error && !snapshot) return <Failure error={error} onRetry={refetch} />;
  if (!snapshot) return <Loading />;
  return <Content snapshot={snapshot} />;
}

/** Those in folded chains too. */
function hopsOf(graph: Graph): number {
  const count = ({ kind, members }: GraphNode) => (kind === 'hop' || kind === 'silent' ? 1 : (members?.length ?? 0));
  return graph.nodes.reduce((sum, node) => sum + count(node), 0);
}

/** The question only changes with the filters and the set of tests, not with each live frame. */
function useQuestion(snapshot: Snapshot, url: Search) {
  const key = JSON.stringify([
    url.sel,
    url.state,
    url.monitor,
    url.tgroup,
    url.src,
    url.dst,
    url.cfg,
    url.proto,
    snapshot.rows,
    snapshot.live ? 0 : snapshot.at,
  ]);
  return useMemo(() => questionOf(snapshot, url), [key]);
}

function Content({ snapshot }: { snapshot: Snapshot }) {
  const url = useUrl();
  const at = useInstant();
  const { where, words } = useQuestion(snapshot, url);
  const query = useQuery({
    queryKey: ['topology', where, at],
    queryFn: ({ signal }) => getTopology(where, at, signal),
    placeholderData: keepPreviousData,
    refetchInterval: at === null ? 30_000 : untilItWorks,
  });
  const options = {
    isUnhealthyOnly: url.bad === '1',
    isByNetwork: url.by === 'network',
    marks: { delayMs: Number(url.delay ?? 0) || 0, lossPercent: Number(url.loss ?? 0) || 0 },
  };
  const text = (url.q ?? '').toLowerCase();
  const isFound = (node: GraphNode) =>
    text !== '' && [node.title, node.address, node.network].some((each) => each?.toLowerCase().includes(text));
  // Chains with something that is looked for or chosen, and those that were opened, are not folded.
  const kept = [url.hop, text, url.fold];
  const graph = useMemo(() => {
    if (!query.data) return null;
    const opened = new Set([url.hop, ...splitList(url.fold ?? '')]);
    const isKept = (node: GraphNode) => opened.has(node.id) || isFound(node);
    return drawnGraph(query.data, { ...options, isKept: url.fold === UNFOLDED ? null : isKept });
  }, [query.data, JSON.stringify([options, kept])]);
  const lit = text ? isFound : undefined;
  const choose = (id: string | null) => {
    const members = graph?.nodes.find((node) => node.id === id)?.members;
    const opened = [...splitList(url.fold ?? ''), ...(members ?? []).slice(0, 1)];
    setUrl(members ? { fold: joinList(opened) } : { hop: id ?? undefined }, { replace: true });
  };
  const tab = url.tab === 'table' ? 'table' : 'picture';
  return (
    <>
      <div className="page-head">
        <h1>Topology</h1>
        {query.data && <SaveButtons topology={query.data} />}
      </div>
      <Controls snapshot={snapshot} />
      <p className="quiet" role="status">
        Shows {words}
        {graph &&
          `: ${counted(hopsOf(graph), 'hop')}, ${counted(graph.links.length, 'link')}, ${counted(graph.paths.length, 'path')}`}
        .
      </p>
      {query.isPending && <Loading what="Loading paths" />}
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {graph && graph.nodes.length === 0 && (
        <Empty
          title={
            options.isUnhealthyOnly ? 'All of these tests pass.' : 'No path is known for these tests at this time.'
          }
        />
      )}
      {graph && graph.nodes.length > 0 && query.data && (
        <Tabs
          label="Form"
          items={[
            { id: 'picture', label: 'Picture' },
            { id: 'table', label: 'Paths as a table' },
          ]}
          chosen={tab}
          onChoose={(id) => setUrl({ tab: id === 'table' ? id : undefined }, { replace: true })}
        >
          {tab === 'table' ? (
            <PathsTable topology={query.data} snapshot={snapshot} isUnhealthyOnly={options.isUnhealthyOnly} />
          ) : (
            <div className="topology" style={{ marginTop: 10 }}>
              <PathGraph
                graph={graph}
                label="Topology"
                height={Math.max(420, Math.min(900, window.innerHeight - 330))}
                chosen={url.hop ?? null}
                onChoose={choose}
                lit={lit}
              />
              <SidePanel
                graph={graph}
                topology={query.data}
                snapshot={snapshot}
                chosen={url.hop ?? null}
                onChoose={choose}
              />
            </div>
          )}
        </Tabs>
      )}
    </>
  );
}

function Controls({ snapshot }: { snapshot: Snapshot }) {
  const url = useUrl();
  const filter = { ...filterOf(url), text: undefined };
  return (
    <div className="filters" role="search" aria-label="Filter paths">
      <input
        className="input search"
        type="search"
        aria-label="Find hop"
        placeholder="Find hop, address, network"
        value={url.q ?? ''}
        onChange={(event) => setUrl({ q: event.target.value || undefined }, { replace: true })}
      />
      <Multi
        label="Monitor"
        chosen={url.monitor ?? []}
        options={() => facetCounts(snapshot, filter, 'monitor')}
        onChange={(monitor) => setUrl({ monitor, sel: undefined })}
      />
      <Multi
        label="Source"
        chosen={url.src ?? []}
        options={() => facetCounts(snapshot, filter, 'source')}
        onChange={(src) => setUrl({ src, sel: undefined })}
      />
      <Multi
        label="Destination"
        chosen={url.dst ?? []}
        options={() => facetCounts(snapshot, filter, 'destination')}
        onChange={(dst) => setUrl({ dst, sel: undefined })}
      />
      <label className="row">
        <span className="quiet">Group by</span>
        <select
          className="input"
          value={url.by ?? 'address'}
          onChange={(event) => setUrl({ by: event.target.value === 'network' ? 'network' : undefined })}
        >
          <option value="address">IP address</option>
          <option value="network">network</option>
        </select>
      </label>
      <Slider
        label="Mark loss from"
        unit="%"
        max={50}
        value={url.loss}
        onChange={(loss) => setUrl({ loss }, { replace: true })}
      />
      <Slider
        label="Mark delay from"
        unit="ms"
        max={100}
        value={url.delay}
        onChange={(delay) => setUrl({ delay }, { replace: true })}
      />
      <button
        type="button"
        className="button"
        aria-pressed={url.bad === '1'}
        onClick={() => setUrl({ bad: url.bad === '1' ? undefined : '1' })}
      >
        Only unhealthy paths
      </button>
      <button
        type="button"
        className="button"
        aria-pressed={url.fold !== UNFOLDED}
        title="Chains of four and more healthy hops are one mark; Enter or a click opens one"
        onClick={() => setUrl({ fold: url.fold === UNFOLDED ? undefined : UNFOLDED })}
      >
        Fold healthy chains
      </button>
      {url.sel?.length && (
        <button type="button" className="button bare" onClick={() => setUrl({ sel: undefined })}>
          Not only the selected tests
        </button>
      )}
    </div>
  );
}

function Slider({
  label,
  unit,
  max,
  value,
  onChange,
}: {
  label: string;
  unit: string;
  max: number;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}) {
  const number = Number(value ?? 0) || 0;
  return (
    <label className="row">
      <span className="quiet">{label}</span>
      <input
        type="range"
        min={0}
        max={max}
        step={5}
        value={number}
        style={{ width: 90 }}
        onChange={(event) => onChange(event.target.value === '0' ? undefined : event.target.value)}
      />
      <output>{number === 0 ? 'off' : `${number} ${unit}`}</output>
    </label>
  );
}

function SaveButtons({ topology }: { topology: unknown }) {
  const save = async (kind: 'json' | 'svg') => {
    const { download } = await import('../../ui/download.ts');
    if (kind === 'json') download('topology.json', JSON.stringify(topology, null, 1), 'application/json');
    else {
      const { svgText } = await import('./exportSvg.ts');
      download('topology.svg', svgText(document.querySelector<SVGSVGElement>('.path-box svg')), 'image/svg+xml');
    }
  };
  return (
    <>
      <button type="button" className="button" onClick={() => void save('svg')}>
        Save SVG
      </button>
      <button type="button" className="button" onClick={() => void save('json')}>
        Save JSON
      </button>
    </>
  );
}
