// SPDX-License-Identifier: Apache-2.0
// A windowed table (WAI-ARIA grid, or treegrid when rows have levels). One tab stop; arrow keys move an
// active row; numbers of rows and columns are told to assistive technology though only those in sight exist.
import {
  memo,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  type RefObject,
} from 'react';
import { useMedia, useWindow, visibleColumns } from './useWindow.ts';

export interface GridColumn {
  readonly id: string;
  readonly title: string;
  readonly width: number;
  readonly isNumber?: boolean;
  /** Holds a box or canvas rather than text. */
  readonly isTight?: boolean;
  readonly isSortable?: boolean;
  /** Part of a row that is a card, in a narrow window. */
  readonly isOnCard?: boolean;
  readonly render: (row: number) => ReactNode;
}

export interface GridProps {
  label: string;
  columns: readonly GridColumn[];
  count: number;
  rowKey: (row: number) => string;
  /** "rttMs" or "-rttMs". */
  sort?: string;
  onSort?: (sort: string) => void;
  isSelected?: (row: number) => boolean;
  onSelect?: (row: number, isRange: boolean) => void;
  onOpen?: (row: number) => void;
  /** Opens whatever explains the row, at the given place. */
  onExplain?: (row: number, anchor: DOMRect) => void;
  level?: (row: number) => number;
  isExpanded?: (row: number) => boolean | undefined;
  onExpand?: (row: number, isExpanded: boolean) => void;
  onVisible?: (first: number, last: number) => void;
  /** The table's height; the default fills what is left of the window. */
  height?: string;
}

const ROW_HEIGHT = 31;
const CARD_HEIGHT = 132;
const NARROW = '(max-width: 560px)';
const HEAD_HEIGHT = 31;

export function Grid(props: GridProps) {
  const { label, columns, count, onVisible } = props;
  const box = useRef<HTMLDivElement>(null);
  const base = useId();
  const [active, setActive] = useState(0);
  const current = Math.min(active, count - 1);
  const isCards = useMedia(NARROW);
  const rowHeight = isCards ? CARD_HEIGHT : ROW_HEIGHT;
  const { first, last, left, width: seen, reveal } = useWindow(box, count, rowHeight, isCards ? 0 : HEAD_HEIGHT);
  const shown = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  useEffect(() => onVisible?.(first, last), [first, last, count, onVisible]);
  const move = (row: number) => {
    const next = Math.max(0, Math.min(count - 1, row));
    setActive(next);
    reveal(next);
  };
  const onKey = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== box.current || event.ctrlKey || event.metaKey || event.altKey) return;
    if (handleKey(event, current, props, move, () => rowRect(base, current))) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const widths = columns.map((column) => column.width);
  const width = widths.reduce((sum, each) => sum + each, 0);
  const inSight = visibleColumns(widths, left, seen);
  return (
    <div
      ref={box}
      className="grid-box"
      style={{ height: props.height ?? 'max(320px, calc(100dvh - 346px))' }}
      role={props.level ? 'treegrid' : 'grid'}
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      aria-multiselectable={props.onSelect ? true : undefined}
      aria-activedescendant={current >= first && current <= last ? `${base}${current}` : undefined}
      tabIndex={0}
      onKeyDown={onKey}
    >
      <Head {...props} isHidden={isCards} />
      <div
        role="rowgroup"
        style={{ height: count * rowHeight, position: 'relative', minWidth: isCards ? undefined : width }}
      >
        {shown.map((row) => (
          <Row
            // What leaves at one end comes back at the other with another row in it: far cheaper than new elements.
            key={row % shown.length}
            {...props}
            row={row}
            identity={props.rowKey(row)}
            top={row * rowHeight}
            isCard={isCards}
            firstColumn={inSight.first}
            lastColumn={inSight.last}
            before={inSight.before}
            id={`${base}${row}`}
            isActive={row === current}
            onActivate={setActive}
          />
        ))}
      </div>
    </div>
  );
}

function rowRect(base: string, row: number): DOMRect {
  const element = document.getElementById(`${base}${row}`);
  const rect = element?.getBoundingClientRect() ?? new DOMRect();
  return new DOMRect(rect.left + 200, rect.top, 0, rect.height);
}

function handleKey(
  event: KeyboardEvent,
  row: number,
  props: GridProps,
  move: (row: number) => void,
  rect: () => DOMRect,
): boolean {
  const page = 15;
  const moves: Record<string, number> = {
    ArrowDown: row + 1,
    j: row + 1,
    ArrowUp: row - 1,
    k: row - 1,
    PageDown: row + page,
    PageUp: row - page,
    Home: 0,
    End: props.count - 1,
  };
  const target = moves[event.key];
  if (target !== undefined) {
    move(target);
    if (event.shiftKey && props.onSelect) props.onSelect(Math.max(0, Math.min(props.count - 1, target)), true);
    return true;
  }
  if (props.count === 0) return false;
  switch (event.key) {
    case 'Enter':
      props.onOpen?.(row);
      return props.onOpen !== undefined;
    case ' ':
    case 'x':
      props.onSelect?.(row, false);
      return true;
    case 'i':
      props.onExplain?.(row, rect());
      return props.onExplain !== undefined;
    case 'ArrowRight':
    case 'ArrowLeft': {
      const isExpanded = props.isExpanded?.(row);
      if (isExpanded === undefined || isExpanded === (event.key === 'ArrowRight')) return isExpanded !== undefined;
      props.onExpand?.(row, event.key === 'ArrowRight');
      return true;
    }
    default:
      return false;
  }
}

function Head({ columns, sort, onSort, isHidden }: GridProps & { isHidden: boolean }) {
  return (
    <div role="rowgroup" className={isHidden ? 'hidden-visually' : 'grid-head-group'}>
      <div role="row" className="grid-head" aria-rowindex={1}>
        {columns.map((column) => {
          const isSorted = sort === column.id || sort === `-${column.id}`;
          const isDescending = sort === `-${column.id}`;
          return (
            <div
              key={column.id}
              role="columnheader"
              className={column.isNumber ? 'cell number' : 'cell'}
              style={{ width: column.width }}
              aria-sort={isSorted ? (isDescending ? 'descending' : 'ascending') : undefined}
            >
              {column.isSortable && onSort ? (
                <button
                  type="button"
                  onClick={() =>
                    onSort(
                      isSorted && !isDescending
                        ? `-${column.id}`
                        : isSorted
                          ? ''
                          : column.isNumber
                            ? `-${column.id}`
                            : column.id,
                    )
                  }
                >
                  {column.title}
                  {isSorted && <span aria-hidden="true">{isDescending ? ' ↓' : ' ↑'}</span>}
                </button>
              ) : (
                <span>{column.title || <span className="hidden-visually">{column.id}</span>}</span>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface RowProps extends GridProps {
  row: number;
  /** What stands in the row. */
  identity: string;
  top: number;
  id: string;
  isActive: boolean;
  isCard: boolean;
  firstColumn: number;
  lastColumn: number;
  /** The width of the columns before the first. */
  before: number;
  onActivate: (row: number) => void;
}

/** Keys that were meant for one row must not reach another that took its elements over. */
function useFocusOfOne(identity: string): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  const before = useRef(identity);
  useLayoutEffect(() => {
    const isOther = before.current !== identity;
    before.current = identity;
    const focused = document.activeElement;
    if (isOther && focused && focused !== document.body && element.current?.contains(focused))
      element.current.closest<HTMLElement>('.grid-box')?.focus({ preventScroll: true });
  }, [identity]);
  return element;
}

const Row = memo(function Row({
  columns,
  row,
  identity,
  top,
  id,
  isActive,
  isCard,
  firstColumn,
  lastColumn,
  before,
  onActivate,
  isSelected,
  onSelect,
  level,
  isExpanded,
}: RowProps) {
  const element = useFocusOfOne(identity);
  const selected = isSelected?.(row) ?? false;
  const onClick = (event: MouseEvent<HTMLDivElement>) => {
    onActivate(row);
    const isPlain = !(event.target as HTMLElement).closest('a, button, input');
    if (isPlain && (event.shiftKey || event.ctrlKey || event.metaKey)) onSelect?.(row, event.shiftKey);
  };
  return (
    <div
      ref={element}
      role="row"
      id={id}
      className={`grid-row${isActive ? ' active' : ''}${isCard ? ' card-row' : ''}`}
      style={{
        transform: `translateY(${top}px)`,
        height: isCard ? CARD_HEIGHT : ROW_HEIGHT,
        paddingLeft: isCard ? undefined : before,
      }}
      aria-rowindex={row + 2}
      aria-selected={onSelect ? selected : undefined}
      aria-level={level?.(row)}
      aria-expanded={isExpanded?.(row)}
      onClick={onClick}
    >
      {columns.map((column, i) =>
        (isCard ? !column.isOnCard : i < firstColumn || i > lastColumn) ? null : (
          <div
            key={column.id}
            role="gridcell"
            aria-colindex={i + 1}
            className={`cell${column.isNumber ? ' number' : ''}${column.isTight ? ' tight' : ''}`}
            style={isCard ? undefined : { width: column.width }}
            data-title={isCard ? column.title : undefined}
          >
            {column.render(row)}
          </div>
        ),
      )}
    </div>
  );
});
