// SPDX-License-Identifier: Apache-2.0
// The table of tests: sorted rows of the snapshot, selection for comparing and bulk actions, the reason popover.
// While the pointer or the focus is in it, live updates change numbers but not the order.
import { memo, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { hexId, type Snapshot } from '../../core/api/snapshot.ts';
import { rowOfHex } from '../../core/store/live.ts';
import { parseSort, sortRows } from '../../core/store/sort.ts';
import { testName } from '../../core/text/tests.ts';
import { go, setUrl, useTableUrl, useTimes } from '../../app/search.tsx';
import { Grid } from '../../ui/Grid.tsx';
import { part } from '../../ui/part.tsx';
import { AnchoredPopover } from '../../ui/Popover.tsx';
import { testColumns } from './columns.tsx';
import { useTestRows } from './useTestRows.ts';

const BulkBar = part(async () => (await import('./BulkBar.tsx')).BulkBar, { waiting: null });
const ReasonDetails = part(async () => (await import('./ReasonDetails.tsx')).ReasonDetails, { waiting: '…' });

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

const NONE: readonly string[] = [];

/** What is chosen: in the URL for others, and here at once, since a box that is clicked must not wait for the URL. */
function useSelection(sel: readonly string[] | undefined) {
  const [chosen, setChosen] = useState(sel ?? NONE);
  const sent = useRef<string[]>([]);
  useEffect(() => {
    // Our own choices come back one after the other; anything else is from elsewhere.
    const place = sent.current.indexOf((sel ?? NONE).join());
    if (place < 0) setChosen(sel ?? NONE);
    sent.current = place < 0 ? [] : sent.current.slice(place + 1);
  }, [sel]);
  const choose = useCallback((next: readonly string[]) => {
    sent.current.push(next.join());
    setChosen(next);
    setUrl({ sel: [...next] }, { replace: true });
  }, []);
  const selected = useMemo(() => new Set(chosen), [chosen]);
  return { selected, choose };
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
  const { time } = useTimes();
  const [isHeld, setHeld] = useState(false);
  const [explained, setExplained] = useState<{ id: bigint; anchor: DOMRect } | null>(null);
  const [visible, setVisible] = useState({ first: 0, last: -1 });
  const sorted = useMemo(() => sortRows(snapshot, rows.slice(), parseSort(sort)), [snapshot, rows, sort]);
  const held = useHeldOrder(sorted, `${filterKey} ${sort} ${snapshot.rows}`, isHeld && snapshot.live);
  const { selected, choose } = useSelection(sel);
  const shown = held.rows;
  const idOf = useCallback((row: number) => hexId(snapshot.id[shown[row]!]!), [snapshot.id, shown]);
  const ids = useMemo(() => {
    const found: string[] = [];
    for (let row = visible.first; row <= Math.min(visible.last, shown.length - 1); row++) found.push(idOf(row));
    return found;
  }, [visible, shown, idOf]);
  const details = useTestRows(ids);
  const anchorRow = useRef(0);
  const select = useCallback(
    (row: number, isRange: boolean) => {
      const next = new Set(selected);
      const [from, to] = isRange ? [Math.min(anchorRow.current, row), Math.max(anchorRow.current, row)] : [row, row];
      const isAdding = isRange || !next.has(idOf(row));
      for (let i = from; i <= to; i++)
        if (isAdding) next.add(idOf(i));
        else next.delete(idOf(i));
      anchorRow.current = row;
      choose([...next].slice(0, SELECTED_MAX));
    },
    [selected, idOf, choose],
  );
  const explain = useCallback(
    (row: number, anchor: DOMRect) => setExplained({ id: snapshot.id[shown[row]!]!, anchor }),
    [snapshot.id, shown],
  );
  const isSelected = useCallback((row: number) => selected.has(idOf(row)), [selected, idOf]);
  // Scrolling asks for further rows, which must not render those anew that are there: all that a row gets is kept.
  const columns = useMemo(
    () => testColumns({ snapshot, rowOf: (row) => shown[row]!, details, explain, time, isSelected, onSelect: select }),
    [snapshot, shown, details, explain, time, isSelected, select],
  );
  const onSort = useCallback((next: string) => setUrl({ sort: next || undefined }), []);
  const onOpen = useCallback((row: number) => go('/tests/$id', { id: idOf(row) }), [idOf]);
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
      {selected.size > 0 && <BulkBar snapshot={snapshot} ids={[...selected]} />}
      {held.moved > 0 && (
        <button type="button" className="button pill" onClick={held.release}>
          {held.moved} rows have moved: sort again
        </button>
      )}
      <Grid
        label={label}
        columns={columns}
        count={shown.length}
        height={height}
        rowKey={idOf}
        sort={sort}
        onSort={onSort}
        isSelected={isSelected}
        onSelect={select}
        onOpen={onOpen}
        onExplain={explain}
        onVisible={onVisible}
      />
      <AnchoredPopover
        label={explainedRow === null ? 'Reason' : `Reason: ${testName(snapshot, explainedRow)}`}
        anchor={explained?.anchor ?? null}
        onClose={() => setExplained(null)}
      >
        {explainedRow !== null && (
          <ReasonDetails snapshot={snapshot} row={explainedRow} details={details(hexId(snapshot.id[explainedRow]!))} />
        )}
      </AnchoredPopover>
    </div>
  );
});
