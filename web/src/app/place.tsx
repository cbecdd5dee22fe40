// SPDX-License-Identifier: Apache-2.0
// Where the reader is: the page's path and the URL's state. Changes are transitions, so that keys and clicks
// never wait for a page that is rendered.
import { createContext, startTransition, useContext, useEffect, useState, type ReactNode } from 'react';
import { keepEqual, parseSearch, stringifySearch, type Search } from '../core/url/search.ts';

export interface Place {
  readonly path: string;
  readonly search: Search;
}

function readPlace(before?: Place): Place {
  const search = parseSearch(location.search);
  return { path: location.pathname, search: before ? keepEqual(before.search, search) : search };
}

const listeners = new Set<() => void>();
let current: Place | null = null;

/** The newest place, which may not have been rendered yet. */
export function placeNow(): Place {
  return (current ??= readPlace());
}

function arrive(next: Place): void {
  const isOtherPage = next.path !== placeNow().path;
  current = next;
  for (const listener of listeners) listener();
  if (isOtherPage) scrollTo(0, 0);
}

function write(href: string, isReplaced: boolean): void {
  try {
    if (isReplaced) history.replaceState(null, '', href);
    else history.pushState(null, '', href);
  } catch {
    // Browsers refuse more than some hundred changes in half a minute. The page goes on; the next one is written.
  }
}

/** Goes to a path of the app with its search; the place that is shown already is not entered twice. */
export function open(path: string, search: Search, options: { replace?: boolean } = {}): void {
  const href = path + stringifySearch(search);
  if (href === location.pathname + location.search) return;
  write(href, options.replace ?? false);
  arrive({ path, search: keepEqual(placeNow().search, search) });
}

/** "/tests/1?at=…" of a link of ours. */
export function openHref(href: string, options?: { replace?: boolean }): void {
  const [path = '/', query = ''] = href.split('?');
  open(path, parseSearch(query), options);
}

// Two contexts, so that the shell is left alone while filters change.
const PathContext = createContext('/');
const SearchContext = createContext<Search>({});

export function usePath(): string {
  return useContext(PathContext);
}

export function useUrl(): Search {
  return useContext(SearchContext);
}

export function PlaceProvider({ children }: { children: ReactNode }) {
  const [place, setPlace] = useState(placeNow);
  useEffect(() => {
    const { path, search } = placeNow();
    // Unknown and bad parts of the URL go out of it.
    write(path + stringifySearch(search) + location.hash, true);
    const follow = () => startTransition(() => setPlace(placeNow()));
    const onHistory = () => arrive(readPlace(placeNow()));
    follow();
    listeners.add(follow);
    addEventListener('popstate', onHistory);
    return () => {
      listeners.delete(follow);
      removeEventListener('popstate', onHistory);
    };
  }, []);
  return (
    <PathContext value={place.path}>
      <SearchContext value={place.search}>{children}</SearchContext>
    </PathContext>
  );
}

export const ParamsContext = createContext<Readonly<Record<string, string>>>({});

/** What the page's path says in the places of its pattern. */
export function useParams(): Readonly<Record<string, string>> {
  return useContext(ParamsContext);
}
