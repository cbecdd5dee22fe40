// SPDX-License-Identifier: Apache-2.0
// The entity's parts: test groups, sources, destinations, test configurations and tests, with tests failed,
// round-trip time and checks failed of each.
import { useMemo } from 'react';
import type { Snapshot } from '../../core/api/snapshot.ts';
import { groupBy, groupsOfMonitors, sortGroups, type Group } from '../../core/store/group.ts';
import { parseSort } from '../../core/store/sort.ts';
import { formatCount, formatMs, formatPercent } from '../../core/text/numbers.ts';
import { setUrl, useUrl } from '../../app/search.tsx';
import { StateAt } from '../../ui/StateTag.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { TestsGrid } from '../overview/TestsGrid.tsx';
import { DIMENSIONS, type Dimension, type Entity } from './scope.ts';
import { EntityLink } from './Summary.tsx';

type TabId = Dimension | 'tests';

export function EntityTabs({ entity, snapshot, rows }: { entity: Entity; snapshot: Snapshot; rows: Uint32Array }) {
  const url = useUrl();
  const groups = useMemo(() => {
    const by = new Map<Dimension, Group[]>();
    for (const { id } of DIMENSIONS)
      by.set(id, id === 'group' ? groupsOfMonitors(snapshot, rows) : groupBy(snapshot, rows, id));
    return by;
  }, [snapshot, rows]);
  const items = [
    ...DIMENSIONS.filter((each) => each.id !== entity.kind).map(({ id, label }) => ({
      id: id as TabId,
      label: `${label} (${formatCount(groups.get(id)!.length)})`,
    })),
    { id: 'tests' as TabId, label: `Tests (${formatCount(rows.length)})` },
  ];
  const chosen = items.find((item) => item.id === url.tab)?.id ?? items[0]!.id;
  return (
    <section className="card span-12" aria-label="Parts">
      <Tabs
        label="Parts"
        items={items}
        chosen={chosen}
        onChoose={(tab) => setUrl({ tab, sort: undefined }, { replace: true })}
      >
        {chosen === 'tests' ? (
          <TestsGrid snapshot={snapshot} rows={rows} filterKey={JSON.stringify(entity)} height="480px" />
        ) : (
          <GroupTable
            dimension={chosen}
            groups={sortGroups(groups.get(chosen)!.slice(), parseSort(url.sort))}
            entity={entity}
          />
        )}
      </Tabs>
    </section>
  );
}

function GroupTable({ dimension, groups, entity }: { dimension: Dimension; groups: readonly Group[]; entity: Entity }) {
  const label = DIMENSIONS.find((each) => each.id === dimension)!.label;
  const hasMonitor = dimension === 'group' && entity.kind !== 'monitor';
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="plain">
        <thead>
          <tr>
            <SortHead id="test" title={label.replace(/s$/, '')} />
            {hasMonitor && <th scope="col">Connection monitor</th>}
            <SortHead id="state" title="State" />
            <th scope="col" className="number">
              Tests
            </th>
            <th scope="col" className="number">
              Tests failed
            </th>
            <th scope="col" className="number">
              Warning
            </th>
            <SortHead id="rttMs" title="RTT" isNumber />
            <SortHead id="checksFailedPercent" title="Checks failed" isNumber />
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.key}>
              <td>
                <EntityLink dimension={dimension} group={group} entity={entity} />
              </td>
              {hasMonitor && <td>{group.path[0]}</td>}
              <td>
                <StateAt index={group.state} />
              </td>
              <td className="number">{formatCount(group.rows.length)}</td>
              <td className="number">{formatCount(group.counts[2]!)}</td>
              <td className="number">{formatCount(group.counts[1]!)}</td>
              <td className="number">{formatMs(group.rttMs)}</td>
              <td className="number">{formatPercent(group.checksFailedPercent)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SortHead({ id, title, isNumber = false }: { id: string; title: string; isNumber?: boolean }) {
  const { sort } = useUrl();
  const isUp = sort === id;
  const isDown = sort === `-${id}`;
  return (
    <th
      scope="col"
      className={isNumber ? 'number' : undefined}
      aria-sort={isUp ? 'ascending' : isDown ? 'descending' : undefined}
    >
      <button
        type="button"
        className="linklike"
        onClick={() =>
          setUrl({ sort: isUp ? `-${id}` : isDown ? undefined : isNumber ? `-${id}` : id }, { replace: true })
        }
      >
        {title}
        {isUp ? ' ↑' : isDown ? ' ↓' : ''}
      </button>
    </th>
  );
}
