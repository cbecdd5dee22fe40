// SPDX-License-Identifier: Apache-2.0
// Which rows of a scrolled list with rows of one height can be seen, and which of their columns.
import { useEffect, useLayoutEffect, useState, useSyncExternalStore, type RefObject } from 'react';

export interface RowWindow {
  /** First and last row to render; last < first when there are none. */
  readonly first: number;
  readonly last: number;
  /** What of the list's width is in sight, in pixels. */
  readonly left: number;
  readonly width: number;
  /** Scrolls as little as needed to have the row in sight. */
  reveal(row: number): void;
}

/** Rows kept beyond both edges, so that slow scrolling shows no gaps. */
const OVERSCAN = 5;

/** They come this much after those that can be seen, which are waited for. */
const OVERSCAN_AFTER_MS = 300;

/** Always as many rows as fit, wherever the list stands, so that rows can be used again for others. */
export function visibleRows(
  scrollTop: number,
  height: number,
  count: number,
  rowHeight: number,
  overscan = OVERSCAN,
): { first: number; last: number } {
  const fitting = Math.min(count, Math.ceil(height / rowHeight) + 1 + 2 * overscan);
  const first = Math.max(0, Math.min(count - fitting, Math.floor(scrollTop / rowHeight) - overscan));
  return { first, last: first + fitting - 1 };
}

/** Columns kept beyond both edges, in pixels. */
const COLUMNS_BEYOND = 200;

/** The columns that can be seen, by their widths; `before` is the width of those that come before them. */
export function visibleColumns(
  widths: readonly number[],
  left: number,
  width: number,
): { first: number; last: number; before: number } {
  let first = 0;
  let before = 0;
  while (first < widths.length - 1 && before + widths[first]! < left - COLUMNS_BEYOND) before += widths[first++]!;
  let last = first;
  let end = before + (widths[first] ?? 0);
  while (last < widths.length - 1 && end < left + width + COLUMNS_BEYOND) end += widths[++last]!;
  return { first, last, before };
}

/** `head` is the height of what stays at the top of the box. */
export function useWindow(
  box: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  head: number,
): RowWindow {
  const [seen, setSeen] = useState({ top: 0, height: 0, left: 0, width: 0 });
  // Before anything is painted, so that the first picture has rows.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () =>
      setSeen((before) => {
        const { scrollTop: top, clientHeight: height, scrollLeft: left, clientWidth: width } = element;
        const isSame = before.top === top && before.height === height && before.left === left && before.width === width;
        return isSame ? before : { top, height, left, width };
      });
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [box]);
  const [overscan, setOverscan] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => setOverscan(OVERSCAN), OVERSCAN_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  const { first, last } = visibleRows(seen.top, seen.height, count, rowHeight, overscan);
  const reveal = (row: number) => {
    const element = box.current;
    if (!element) return;
    const top = row * rowHeight;
    const room = element.clientHeight - head - rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top > element.scrollTop + room) element.scrollTop = top - room;
  };
  return { first, last: seen.height === 0 ? -1 : last, left: seen.left, width: seen.width, reveal };
}

/** Whether the window is as the query says. */
export function useMedia(query: string): boolean {
  const subscribe = (listener: () => void) => {
    const list = matchMedia(query);
    list.addEventListener('change', listener);
    return () => list.removeEventListener('change', listener);
  };
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
