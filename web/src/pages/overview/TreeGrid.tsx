// SPDX-License-Identifier: Apache-2.0
// Connection monitors or test groups as a tree: monitor > test group > test.
import { useCallback, useMemo, useState } from 'react';
import { hexId, STATES, wordAt, type Snapshot } from '../../core/api/snapshot.ts';
import {
  clustersOf,
  compoundOf,
  groupBy,
  groupsOfMonitors,
  monitorsOf,
  sortGroups,
  type Group,
} from '../../core/store/group.ts';
import { rowOfHex } from '../../core/store/live.ts';
import { parseSort, sortRows } from '../../core/store/sort.ts';
import { formatCount, formatMs, formatPercent } from '../../core/text/numbers.ts';
import { testName } from '../../core/text/tests.ts';
import { formatLength } from '../../core/time/format.ts';
import type { Search } from '../../core/url/search.ts';
import { Go, go, setUrl, useUrl } from '../../app/search.tsx';
import { Grid, type GridColumn } from '../../ui/Grid.tsx';
import { Icon } from '../../ui/icons.tsx';
import { Mini } from '../../ui/Mini.tsx';
import { part } from '../../ui/part.tsx';
import { AnchoredPopover } from '../../ui/Popover.tsx';
import { StateAt, StateShape } from '../../ui/StateTag.tsx';
import { alertColumn, ReasonButton } from './columns.tsx';
import { reasonText } from './reasonText.ts';
import { useTestRows } from './useTestRows.ts';

const ReasonDetails = part(async () => (await import('./ReasonDetails.tsx')).ReasonDetails, { waiting: '…' });

/** One line of the tree: a group, or a test. */
interface Line {
  readonly key: string;
  readonly level: number;
  readonly group?: Group;
  /** The test itself, or the one that gives the group its state. */
  readonly row: number;
}

function linesOf(
  snapshot: Snapshot,
  rows: Uint32Array,
  top: 'monitors' | 'groups',
  open: ReadonlySet<string>,
  sort: string | undefined,
): Line[] {
  const keys = parseSort(sort);
  const lines: Line[] = [];
  const addTests = (members: Uint32Array, level: number) => {
    for (const row of sortRows(snapshot, members.slice(), keys))
      lines.push({ key: hexId(snapshot.id[row]!), level, row });
  };
  // Tests of compound endpoints stand in clusters; the others by themselves, in the same order.
  const addClusters = (group: Group, level: number) => {
    const clusters = sortGroups(clustersOf(snapshot, group.rows, group.path), keys);
    if (!clusters.some((cluster) => cluster.rows.length > 1)) return addTests(group.rows, level);
    for (const cluster of clusters) {
      if (cluster.rows.length === 1) addTests(cluster.rows, level);
      else addGroups([cluster], level, () => addTests(cluster.rows, level + 1));
    }
  };
  const addGroups = (groups: Group[], level: number, inner: (group: Group) => void) => {
    for (const group of sortGroups(groups, keys)) {
      lines.push({ key: group.key, level, group, row: group.worst });
      if (open.has(group.key)) inner(group);
    }
  };
  if (top === 'groups') addGroups(groupsOfMonitors(snapshot, rows), 1, (group) => addClusters(group, 2));
  else
    addGroups(snapshot.whole ? monitorsOf(snapshot.whole) : groupBy(snapshot, rows, 'monitor'), 1, (monitor) =>
      addGroups(groupBy(snapshot, monitor.rows, 'group', monitor.path), 2, (group) => addClusters(group, 3)),
    );
  return lines;
}

export function TreeGrid({
  snapshot,
  rows,
  top,
}: {
  snapshot: Snapshot;
  rows: Uint32Array;
  top: 'monitors' | 'groups';
}) {
  const url = useUrl();
  const open = useMemo(
    () => new Set((url.open ?? []).map((path) => path.split('/').map(decodeURIComponent).join('\u0000'))),
    [url.open],
  );
  const lines = useMemo(() => linesOf(snapshot, rows, top, open, url.sort), [snapshot, rows, top, open, url.sort]);
  const [visible, setVisible] = useState({ first: 0, last: -1 });
  const [explained, setExplained] = useState<{ id: bigint; anchor: DOMRect } | null>(null);
  const onVisible = useCallback(
    (first: number, last: number) =>
      setVisible((before) => (before.first === first && before.last === last ? before : { first, last })),
    [],
  );
  const ids = useMemo(
    () => [
      ...new Set(
        lines
          .slice(visible.first, visible.last + 1)
          .filter((line) => line.row >= 0)
          .map((line) => hexId(snapshot.id[line.row]!)),
      ),
    ],
    [lines, visible, snapshot.id],
  );
  const details = useTestRows(ids);
  const expand = (line: Line, isOpen: boolean) => {
    const next = new Set(open);
    if (isOpen) next.add(line.key);
    else next.delete(line.key);
    setUrl({ open: [...next].map((key) => key.split('\u0000').map(encodeURIComponent).join('/')) }, { replace: true });
  };
  const explain = (line: Line, anchor: DOMRect) =>
    line.row >= 0 && setExplained({ id: snapshot.id[line.row]!, anchor });
  const columns = treeColumns({ snapshot, lines, top, details, explain, expand, open });
  const explainedRow = explained ? rowOfHex(snapshot, explained.id.toString(16)) : null;
  return (
    <>
      <Grid
        label={top === 'monitors' ? 'Connection monitors' : 'Test groups'}
        columns={columns}
        count={lines.length}
        rowKey={(row) => `${lines[row]!.level} ${lines[row]!.key}`}
        sort={url.sort}
        onSort={(sort) => setUrl({ sort: sort || undefined })}
        level={(row) => lines[row]!.level}
        isExpanded={(row) => (lines[row]?.group ? open.has(lines[row].key) : undefined)}
        onExpand={(row, isOpen) => expand(lines[row]!, isOpen)}
        onOpen={(row) => openLine(snapshot, lines[row]!)}
        onExplain={(row, anchor) => explain(lines[row]!, anchor)}
        onVisible={onVisible}
      />
      <AnchoredPopover label="Reason" anchor={explained?.anchor ?? null} onClose={() => setExplained(null)}>
        {explainedRow !== null && (
          <ReasonDetails snapshot={snapshot} row={explainedRow} details={details(hexId(snapshot.id[explainedRow]!))} />
        )}
      </AnchoredPopover>
    </>
  );
}

function openLine(snapshot: Snapshot, line: Line): void {
  if (!line.group) go('/tests/$id', { id: line.key });
  else if (line.group.path.length === 3) go('/', undefined, testsOf(snapshot, line.group));
  else if (line.group.path.length === 1) go('/monitors/$name', { name: line.group.name });
  else go('/monitors/$name/groups/$group', { name: line.group.path[0]!, group: line.group.name });
}

/** The tests of a cluster in the view of tests. */
function testsOf(snapshot: Snapshot, { path, rows }: Group): Search {
  const name = (column: 'source' | 'destination') => {
    const word = wordAt(snapshot[column], rows[0]!) ?? '';
    const compound = compoundOf(word);
    return compound === word ? word : `${compound}/`;
  };
  return {
    view: 'tests',
    monitor: [path[0]!],
    tgroup: [path[1]!],
    cfg: [wordAt(snapshot.configuration, rows[0]!) ?? ''],
    q: `src:"${name('source')}" dst:"${name('destination')}"`,
  };
}

function NameLink({ snapshot, line }: { snapshot: Snapshot; line: Line }) {
  if (!line.group)
    return (
      <Go to="/tests/$id" params={{ id: line.key }} tabIndex={-1}>
        {testName(snapshot, line.row)}
      </Go>
    );
  const [monitor, group, cluster] = line.group.path;
  if (cluster !== undefined)
    return (
      <Go to="/" search={testsOf(snapshot, line.group)} tabIndex={-1} title="Its tests">
        {cluster}
      </Go>
    );
  if (group === undefined)
    return (
      <Go to="/monitors/$name" params={{ name: monitor! }} tabIndex={-1}>
        {monitor}
      </Go>
    );
  return (
    <Go to="/monitors/$name/groups/$group" params={{ name: monitor!, group }} tabIndex={-1}>
      {group}
    </Go>
  );
}

interface TreeContext {
  snapshot: Snapshot;
  lines: readonly Line[];
  top: 'monitors' | 'groups';
  details: ReturnType<typeof useTestRows>;
  explain: (line: Line, anchor: DOMRect) => void;
  expand: (line: Line, isOpen: boolean) => void;
  open: ReadonlySet<string>;
}

function Counts({ group }: { group: Group }) {
  return (
    <span className="row" style={{ flexWrap: 'nowrap' }}>
      {STATES.map((state, i) =>
        group.counts[i] ? (
          <span key={state} className="state" title={`${group.counts[i]} ${state}`}>
            <StateShape state={state} />
            <span className="hidden-visually">{state} </span>
            {formatCount(group.counts[i]!)}
          </span>
        ) : null,
      )}
    </span>
  );
}

function treeColumns({ snapshot, lines, top, details, explain, expand, open }: TreeContext): GridColumn[] {
  const line = (row: number) => lines[row]!;
  const detail = (row: number) => (line(row).row >= 0 ? details(hexId(snapshot.id[line(row).row]!)) : undefined);
  const stateOf = (each: Line) => each.group?.state ?? snapshot.state[each.row]!;
  return [
    {
      id: 'test',
      isOnCard: true,
      title: top === 'monitors' ? 'Connection monitor, test group, test' : 'Test group, test',
      width: 280,
      isSortable: true,
      isTight: true,
      render: (row) => (
        <span
          className="tree-cell"
          style={{ paddingLeft: (line(row).level - 1) * 20 + (line(row).group ? 0 : 24), maxWidth: '100%' }}
        >
          {line(row).group && (
            <button
              type="button"
              tabIndex={-1}
              className="tree-toggle"
              aria-label={`${open.has(line(row).key) ? 'Collapse' : 'Expand'} ${line(row).group!.name}`}
              onClick={() => expand(line(row), !open.has(line(row).key))}
            >
              <Icon name={open.has(line(row).key) ? 'down' : 'right'} size={12} />
            </button>
          )}
          <span className="clip">
            <NameLink snapshot={snapshot} line={line(row)} />
          </span>
        </span>
      ),
    },
    ...(top === 'groups'
      ? [
          {
            id: 'monitor',
            title: 'Connection monitor',
            width: 170,
            render: (row: number) => (line(row).row >= 0 ? wordAt(snapshot.monitor, line(row).row) : null),
          },
        ]
      : []),
    {
      id: 'state',
      isOnCard: true,
      title: 'State',
      width: 138,
      isSortable: true,
      render: (row) => <StateAt index={stateOf(line(row))} />,
    },
    alertColumn(
      (row) => line(row).group?.alert ?? snapshot.alert[line(row).row] ?? 0,
      (row) => (line(row).group ? { monitor: [line(row).group!.path[0]!] } : { sel: [line(row).key] }),
    ),
    {
      id: 'reasonCode',
      isOnCard: true,
      title: 'Reason',
      width: 250,
      render: (row) => {
        const each = line(row);
        if (each.row < 0) return null;
        const prefix = each.group && stateOf(each) > 0 ? `${testName(snapshot, each.row)}: ` : '';
        const text = reasonText(snapshot, each.row, detail(row));
        return <ReasonButton text={text && prefix + text} onExplain={(anchor) => explain(each, anchor)} />;
      },
    },
    {
      id: 'tests',
      title: 'Tests',
      width: 160,
      render: (row) => (line(row).group ? <Counts group={line(row).group!} /> : null),
    },
    {
      id: 'checksFailedPercent',
      isOnCard: true,
      title: 'Checks failed',
      width: 116,
      isNumber: true,
      isSortable: true,
      render: (row) =>
        formatPercent(line(row).group?.checksFailedPercent ?? snapshot.checksFailedPercent[line(row).row]),
    },
    {
      id: 'rttMs',
      isOnCard: true,
      title: 'RTT',
      width: 84,
      isNumber: true,
      isSortable: true,
      render: (row) => formatMs(line(row).group?.rttMs ?? snapshot.rttMs[line(row).row]),
    },
    {
      id: 'loss',
      title: 'Loss in range',
      width: 120,
      isTight: true,
      render: (row) =>
        line(row).group ? null : <Mini kind="loss" values={detail(row)?.checksFailedPercent} width={108} />,
    },
    {
      id: 'trend',
      title: 'RTT in range',
      width: 130,
      isTight: true,
      render: (row) => (line(row).group ? null : <Mini kind="line" values={detail(row)?.rttMs} width={116} />),
    },
    {
      id: 'since',
      title: 'Since',
      width: 110,
      render: (row) => (line(row).row >= 0 ? formatLength(snapshot.at - snapshot.since[line(row).row]!) : null),
    },
  ];
}
