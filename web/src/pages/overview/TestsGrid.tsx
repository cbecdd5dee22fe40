// SPDX-License-Identifier: Apache-2.0
// The table of tests: sorted rows of the snapshot, selection for comparing and bulk actions, the reason popover.
// While the pointer or the focus is in it, live updates change numbers but not the order.
import { lazy, memo, Suspense, useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import { hexId, type Snapshot } from '../../core/api/snapshot.ts';
import { rowOfHex } from '../../core/store/live.ts';
import { parseSort, sortRows } from '../../core/store/sort.ts';
import { testName } from '../../core/text/tests.ts';
import { useGo, useSetUrl, useTableUrl, useTimes } from '../../app/search.tsx';
import { Grid } from '../../ui/Grid.tsx';
import { AnchoredPopover } from '../../ui/Popover.tsx';
import { testColumns } from './columns.tsx';
import { useTestRows } from './useTestRows.ts';

const BulkBar = lazy(async () => ({ default: (await import('./BulkBar.tsx')).BulkBar }));
const ReasonDetails = lazy(async () => ({ default: (await import('./ReasonDetails.tsx')).ReasonDetails }));

export const SELECTED_MAX = 200;

/** Keeps the order while it is held, unless the rows are others; says how many rows would move. */
function useHeldOrder(
  rows: Uint32Array,
  key: string,
  isHeld: boolean,
): { rows: Uint32Array; moved: number; release: () => void } {
  const kept = useRef({ key, rows });
  const [, rerender] = useState(0);
  const mustTake = !isHeld || kept.current.key !== key || kept.current.rows.length !== rows.length;
  if (mustTake) kept.current = { key, rows };
  const shown = kept.current.rows;
  const moved = useMemo(() => {
    let count = 0;
    if (shown !== rows) for (let i = 0; i < rows.length; i++) if (rows[i] !== shown[i]) count++;
    return count;
  }, [rows, shown]);
  return { rows: shown, moved, release: () => ((kept.current = { key, rows }), rerender((n) => n + 1)) };
}

interface TestsGridProps {
  snapshot: Snapshot;
  rows: Uint32Array;
  label?: string;
  height?: string;
  /** Changes when other rows are asked for. */
  filterKey: string;
  empty?: ReactNode;
}

export const TestsGrid = memo(function TestsGrid({
  snapshot,
  rows,
  label = 'Tests',
  height,
  filterKey,
  empty,
}: TestsGridProps) {
  const { sort, sel } = useTableUrl();
  const set = useSetUrl();
  const go = useGo();
  const { time } = useTimes();
  const [isHeld, setHeld] = useState(false);
  const [explained, setExplained] = useState<{ id: bigint; anchor: DOMRect } | null>(null);
  const [visible, setVisible] = useState({ first: 0, last: -1 });
  const sorted = useMemo(() => sortRows(snapshot, rows.slice(), parseSort(sort)), [snapshot, rows, sort]);
  const held = useHeldOrder(sorted, `${filterKey} ${sort} ${snapshot.rows}`, isHeld && snapshot.live);
  const selected = useMemo(() => new Set(sel ?? []), [sel]);
  const idOf = (row: number) => hexId(snapshot.id[held.rows[row]!]!);
  const ids = useMemo(() => {
    const found: string[] = [];
    for (let row = visible.first; row <= Math.min(visible.last, held.rows.length - 1); row++)
      found.push(hexId(snapshot.id[held.rows[row]!]!));
    return found;
  }, [visible, held.rows, snapshot.id]);
  const details = useTestRows(ids);
  const anchorRow = useRef(0);
  const select = (row: number, isRange: boolean) => {
    const next = new Set(selected);
    const [from, to] = isRange ? [Math.min(anchorRow.current, row), Math.max(anchorRow.current, row)] : [row, row];
    const isAdding = isRange || !next.has(idOf(row));
    for (let i = from; i <= to; i++)
      if (isAdding) next.add(idOf(i));
      else next.delete(idOf(i));
    anchorRow.current = row;
    set({ sel: [...next].slice(0, SELECTED_MAX) }, { replace: true });
  };
  const explain = (row: number, anchor: DOMRect) => setExplained({ id: snapshot.id[held.rows[row]!]!, anchor });
  const columns = testColumns({
    snapshot,
    rowOf: (row) => held.rows[row]!,
    details,
    explain,
    time,
    isSelected: (row) => selected.has(idOf(row)),
    onSelect: select,
  });
  const onVisible = useCallback(
    (first: number, last: number) =>
      setVisible((before) => (before.first === first && before.last === last ? before : { first, last })),
    [],
  );
  const explainedRow = explained ? rowOfHex(snapshot, explained.id.toString(16)) : null;
  if (rows.length === 0 && empty) return <>{empty}</>;
  return (
    <div
      style={{ position: 'relative' }}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <Suspense>{selected.size > 0 && <BulkBar snapshot={snapshot} ids={[...selected]} />}</Suspense>
      {held.moved > 0 && (
        <button type="button" className="button pill" onClick={held.release}>
          {held.moved} rows have moved: sort again
        </button>
      )}
      <Grid
        label={label}
        columns={columns}
        count={held.rows.length}
        height={height}
        rowKey={idOf}
        sort={sort}
        onSort={(next) => set({ sort: next || undefined })}
        isSelected={(row) => selected.has(idOf(row))}
        onSelect={select}
        onOpen={(row) => go('/tests/$id', { id: idOf(row) })}
        onExplain={explain}
        onVisible={onVisible}
      />
      <AnchoredPopover
        label={explainedRow === null ? 'Reason' : `Reason: ${testName(snapshot, explainedRow)}`}
        anchor={explained?.anchor ?? null}
        onClose={() => setExplained(null)}
      >
        {explainedRow !== null && (
          <Suspense fallback="…">
            <ReasonDetails
              snapshot={snapshot}
              row={explainedRow}
              details={details(hexId(snapshot.id[explainedRow]!))}
            />
          </Suspense>
        )}
      </AnchoredPopover>
    </div>
  );
});
