// SPDX-License-Identifier: Apache-2.0
// Parts of the app that are files of their own, fetched when they are needed. A part whose file cannot be had says
// so in its own place, and comes back: by itself if it is a page, at a click if it is not.
import { createElement, useCallback, useEffect, useState, type ComponentType, type ReactNode } from 'react';
import { ApiError } from '../core/api/client.ts';
import { Failure, Loading } from './Notice.tsx';

const AGAIN_MS = 5_000;
/** A page that the server does not have is fetched by loading everything anew, but not over and over. */
const RELOAD_REST_MS = 60_000;
const RELOADED = 'linewatch-reloaded';

const loads: (() => Promise<void>)[] = [];

/** Fetches all parts, once there is nothing better to do: they are there then when the server is not. */
export function loadAllParts(): void {
  for (const load of loads) load().catch(() => undefined);
}

async function isServerThere(): Promise<boolean> {
  try {
    return (await fetch('/', { method: 'HEAD', cache: 'no-store', headers: { Accept: 'text/html' } })).ok;
  } catch {
    return false;
  }
}

/** Whether this page may load itself anew unasked; tells of it at once, since it ends with that. */
function takeReload(): boolean {
  try {
    const rested = Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0);
    if (rested < RELOAD_REST_MS) return false;
    sessionStorage.setItem(RELOADED, String(Date.now()));
    return true;
  } catch {
    return false;
  }
}

function faultOf(isThere: boolean): ApiError {
  return isThere
    ? new ApiError(404, 'NotFound', 'The server does not have it. It may be another version by now: load it anew.')
    : new ApiError(0, 'Unreachable', 'The server cannot be reached. The page tries again by itself.');
}

export interface PartOptions {
  /** Stands for a whole page: its style sheets come with it, so that it comes back by loading everything anew. */
  isPage?: boolean;
  /** What is there until the part is. */
  waiting?: ReactNode;
}

export function part<P extends object>(
  load: () => Promise<ComponentType<P>>,
  { isPage = false, waiting = <Loading /> }: PartOptions = {},
): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  const fetchPart = async () => {
    loaded ??= await load();
  };
  loads.push(fetchPart);
  return function Part(props: P) {
    const [isLoaded, setLoaded] = useState(loaded !== null);
    const [error, setError] = useState<ApiError | null>(null);
    const attempt = useCallback(async (isAgain: boolean, isAsked: boolean) => {
      try {
        // Style sheets that failed are not asked for again by an import.
        if (isAgain && isPage && loaded === null) throw new Error('to be loaded anew');
        await fetchPart();
        setLoaded(true);
      } catch {
        const isThere = await isServerThere();
        if (isThere && (isAsked || (isPage && takeReload()))) location.reload();
        else setError(faultOf(isThere));
      }
    }, []);
    useEffect(() => {
      if (!isLoaded) void attempt(false, false);
    }, [isLoaded, attempt]);
    useEffect(() => {
      if (!error || isLoaded || !isPage) return;
      const timer = setInterval(() => void attempt(true, false), AGAIN_MS);
      return () => clearInterval(timer);
    }, [error, isLoaded, attempt]);
    if (loaded) return createElement(loaded, props);
    if (!error) return waiting;
    const onRetry = () => void attempt(true, true);
    if (!isPage) return <Failure what="This part of the page could not be loaded" error={error} onRetry={onRetry} />;
    return (
      <>
        <div className="page-head">
          <h1>This page could not be loaded</h1>
        </div>
        <Failure error={error} onRetry={onRetry} />
      </>
    );
  };
}
