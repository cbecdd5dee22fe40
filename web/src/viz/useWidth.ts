// SPDX-License-Identifier: Apache-2.0
import { useLayoutEffect, useState, type RefObject } from 'react';

/** The width of what is drawn into, in pixels: known before the browser paints, and followed. */
export function useWidth(host: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (!host.current) return;
    setWidth(Math.floor(host.current.clientWidth));
    const observer = new ResizeObserver((entries) => setWidth(Math.floor(entries[0]!.contentRect.width)));
    observer.observe(host.current);
    return () => observer.disconnect();
  }, [host]);
  return width;
}
