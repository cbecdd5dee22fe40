// SPDX-License-Identifier: Apache-2.0
// Which rows of a scrolled list with rows of one height can be seen.
import { useEffect, useState, useSyncExternalStore, type RefObject } from 'react';

export interface RowWindow {
  /** First and last row to render; last < first when there are none. */
  readonly first: number;
  readonly last: number;
  /** Scrolls as little as needed to have the row in sight. */
  reveal(row: number): void;
}

/** Rows kept beyond both edges, so that slow scrolling shows no gaps. */
const OVERSCAN = 5;

/** Always as many rows as fit, wherever the list stands, so that rows can be used again for others. */
export function visibleRows(
  scrollTop: number,
  height: number,
  count: number,
  rowHeight: number,
): { first: number; last: number } {
  const fitting = Math.min(count, Math.ceil(height / rowHeight) + 1 + 2 * OVERSCAN);
  const first = Math.max(0, Math.min(count - fitting, Math.floor(scrollTop / rowHeight) - OVERSCAN));
  return { first, last: first + fitting - 1 };
}

/** `head` is the height of what stays at the top of the box. */
export function useWindow(
  box: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  head: number,
): RowWindow {
  const [seen, setSeen] = useState({ top: 0, height: 0 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () =>
      setSeen((before) =>
        before.top === element.scrollTop && before.height === element.clientHeight
          ? before
          : { top: element.scrollTop, height: element.clientHeight },
      );
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [box]);
  const { first, last } = visibleRows(seen.top, seen.height, count, rowHeight);
  const reveal = (row: number) => {
    const element = box.current;
    if (!element) return;
    const top = row * rowHeight;
    const room = element.clientHeight - head - rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top > element.scrollTop + room) element.scrollTop = top - room;
  };
  return { first, last: seen.height === 0 ? -1 : last, reveal };
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
