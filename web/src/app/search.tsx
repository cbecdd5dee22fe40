// SPDX-License-Identifier: Apache-2.0
// The URL's state for components, and links that keep the time.
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useState,
  type AnchorHTMLAttributes,
  type MouseEvent,
  type ReactNode,
} from 'react';
import { formatTime } from '../core/time/format.ts';
import { resolve, type Span } from '../core/time/range.ts';
import { serverNow } from '../core/time/clock.ts';
import { pathOf } from '../core/url/routes.ts';
import { instantOf, normalise, rangeOf, stringifySearch, timeOf, type Search } from '../core/url/search.ts';
import { open, openHref, placeNow, useUrl } from './place.tsx';

export { useUrl };

const TableContext = createContext<Pick<Search, 'sort' | 'sel'>>({});

/** How a table is sorted and what of it is chosen. */
export function useTableUrl(): Pick<Search, 'sort' | 'sel'> {
  return useContext(TableContext);
}

/** The URL's state when it is asked for: for what acts, and need not be rendered anew when the URL changes. */
export function urlNow(): Search {
  return placeNow().search;
}

/** Changes parts of the URL on this page. Filters push history; typing, scrubbing and selection replace it. */
export function setUrl(patch: Search, options?: { replace?: boolean }): void {
  const { path, search } = placeNow();
  open(path, normalise({ ...search, ...patch }), options);
}

interface GoProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> {
  to: string;
  params?: Record<string, string>;
  search?: Search;
  children: ReactNode;
}

const TimeContext = createContext<{ search: Search; text: string }>({ search: {}, text: '' });

/** What links keep, and what charts and times need; and what tables need. Contexts of their own, so that typing in a filter leaves the hundreds of links of a table alone. */
export function TimeProvider({ children }: { children: ReactNode }) {
  const { from, to, at, tz, sort, sel } = useUrl();
  const time = useMemo(() => {
    const search = timeOf({ from, to, at, tz });
    return { search, text: stringifySearch(search) };
  }, [from, to, at, tz]);
  const table = useMemo(() => ({ sort, sel }), [sort, sel]);
  return (
    <TimeContext value={time}>
      <TableContext value={table}>{children}</TableContext>
    </TimeContext>
  );
}

function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

/** A link inside the app that keeps range, instant and zone. */
export function Go({ to, params, search, children, onClick, ...rest }: GoProps) {
  const time = useContext(TimeContext);
  const href = pathOf(to, params) + (search ? stringifySearch({ ...time.search, ...search }) : time.text);
  const click = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || !isPlainClick(event)) return;
    event.preventDefault();
    if (rest['aria-disabled'] !== true) openHref(href);
  };
  return (
    <a href={href} onClick={click} {...rest}>
      {children}
    </a>
  );
}

/** Goes to another page; range, instant and zone stay. */
export function go(to: string, params?: Record<string, string>, search?: Search): void {
  open(pathOf(to, params), normalise({ ...timeOf(urlNow()), ...search }));
}

/** Range, instant and zone: what all pages have in the URL. */
export function useTimeUrl(): Search {
  return useContext(TimeContext).search;
}

/** How often a relative range moves on: some hundredths of its length, 10 to 60 s. */
function tickOf(length: number): number {
  return Math.min(60_000, Math.max(10_000, Math.round(length / 300)));
}

/** The range as instants. A relative one moves on in steps, so that charts are asked for anew now and then. */
export function useSpan(): Span {
  const { from, to } = useTimeUrl();
  const [, beat] = useState(0);
  const range = rangeOf({ from, to });
  const now = serverNow();
  const open = resolve(range, now);
  const tick = tickOf(open.to - open.from);
  const isRelative = range.to.kind === 'relative' || range.from.kind === 'relative';
  useEffect(() => {
    if (!isRelative) return;
    const timer = setInterval(() => beat((count) => count + 1), tick);
    return () => clearInterval(timer);
  }, [isRelative, tick]);
  // Upwards, so that the newest rounds are inside: a server of two minutes has nothing else to show.
  const step = isRelative ? Math.ceil(now / tick) * tick : now;
  // Resolved anew when the step changes, not on each render.
  return useMemo(() => resolve(rangeOf({ from, to }), isRelative ? step : 0), [from, to, isRelative ? step : 0]);
}

export function useInstant(): number | null {
  const { at } = useTimeUrl();
  return useMemo(() => instantOf({ at }), [at]);
}

/** Formats times in the zone that the reader chose. */
export function useTimes(): { zone: string; time: (ms: number | null | undefined, hasSeconds?: boolean) => string } {
  const zone = useTimeUrl().tz ?? 'UTC';
  return useMemo(() => ({ zone, time: (ms, hasSeconds) => formatTime(ms, zone, hasSeconds) }), [zone]);
}
