// SPDX-License-Identifier: Apache-2.0
// The recorder strip: where in the range something happened, and time travel. Dragging, clicking and keys set
// the instant at which everything else is shown.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { getBand, getStateChanges } from '../core/api/endpoints.ts';
import { serverNow } from '../core/time/clock.ts';
import { DAY, formatInstant, HOUR, stepLength } from '../core/time/range.ts';
import { instantOf } from '../core/url/search.ts';
import { drawBand, troubleAt } from '../viz/band.ts';
import { currentPalette } from '../viz/palette.ts';
import { Icon } from '../ui/icons.tsx';
import { toast } from '../ui/toast.tsx';
import { Connection } from './Connection.tsx';
import { setUrl, urlNow, useInstant, useSpan, useTimes } from './search.tsx';
import { useSnapshot } from './snapshot.tsx';
import { useThemeVersion } from './theme.ts';

const STEPS = 288;

/** Moves the chosen instant; the recorder's buttons and the global keys use it. */
export function useTravel() {
  const span = useSpan();
  const at = useInstant();
  const step = stepLength(span, STEPS);
  const to = (ms: number | null) => {
    const isLive = ms === null || ms >= serverNow() - 1000;
    setUrl({ at: isLive ? undefined : formatInstant(Math.round(ms / 1000) * 1000) }, { replace: true });
  };
  // By the newest instant, which may not be shown yet: keys come faster than pages.
  const here = () => instantOf(urlNow()) ?? serverNow();
  const by = (ms: number) => to(here() + ms);
  // On a grid, so that going back and forth meets the same instants, which are there already.
  const toStep = (direction: -1 | 1) => to(Math.round((here() + direction * step) / step) * step);
  const toChange = async (direction: -1 | 1) => {
    const now = here();
    const reach =
      direction < 0
        ? { from: now - 2 * DAY, to: now - 500 }
        : { from: now + 500, to: Math.min(now + 2 * DAY, serverNow()) };
    try {
      const changes = reach.from < reach.to ? await getStateChanges(reach, {}, 1000) : [];
      const times = changes.map((change) => Date.parse(change.time));
      const next = direction < 0 ? Math.max(...times) : Math.min(...times);
      if (Number.isFinite(next)) to(Math.ceil(next / 1000) * 1000);
      else toast(direction < 0 ? 'No state changed in the two days before.' : 'No state has changed since then.');
    } catch (error) {
      toast(error instanceof Error ? error.message : 'The changes could not be fetched.', true);
    }
  };
  return { at, span, step, to, toStep, hour: (direction: -1 | 1) => by(direction * HOUR), toChange };
}

export function Recorder() {
  const { at, span, step, to, toStep, toChange } = useTravel();
  const { isStale } = useSnapshot();
  const { time } = useTimes();
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useThemeVersion();
  const band = useQuery({
    queryKey: ['band', span.from, span.to],
    queryFn: ({ signal }) => getBand(span, STEPS, signal),
    placeholderData: keepPreviousData,
    staleTime: 20_000,
  });
  const place = at === null ? null : (at - span.from) / (span.to - span.from);
  useEffect(() => {
    const element = canvas.current;
    // Without anything to draw a canvas is left alone: it is dear, and rows of tables come first.
    if (!element || !band.data) return;
    // Called at once, and then with each other size.
    const observer = new ResizeObserver(() => drawBand(element, band.data, place, currentPalette()));
    observer.observe(element);
    return () => observer.disconnect();
  }, [band.data, place, theme]);
  const index = place === null ? STEPS : Math.max(0, Math.min(STEPS, Math.round(place * STEPS)));
  return (
    <section className={at === null ? 'strip' : 'strip past'} aria-label="Time travel">
      <span className="when" role="status">
        {at === null ? (
          <strong>Live</strong>
        ) : (
          <>
            <strong>Past</strong> {time(at, step < 60_000)}
          </>
        )}
        <Connection />
        {isStale && <span className="quiet"> loading…</span>}
      </span>
      <div className="track">
        <canvas ref={canvas} />
        <input
          type="range"
          min={0}
          max={STEPS}
          value={index}
          aria-label="Instant that is shown"
          aria-valuetext={sentence(band.data, index, at, time)}
          title="Drag or click to see everything as it was then (keys , . < > [ ] l)"
          onChange={(event) => {
            const value = Number(event.target.value);
            to(
              value >= STEPS && span.to >= serverNow() - 60_000
                ? null
                : span.from + (value / STEPS) * (span.to - span.from),
            );
          }}
        />
      </div>
      <button
        type="button"
        className="button bare icon"
        aria-label="Previous change"
        title="Previous change ([)"
        onClick={() => void toChange(-1)}
      >
        «
      </button>
      <button
        type="button"
        className="button bare icon"
        aria-label="One step back"
        title="One step back (,)"
        onClick={() => toStep(-1)}
      >
        <Icon name="left" />
      </button>
      <button
        type="button"
        className="button bare icon"
        aria-label="One step forth"
        title="One step forth (.)"
        onClick={() => toStep(1)}
        disabled={at === null}
      >
        <Icon name="right" />
      </button>
      <button
        type="button"
        className="button bare icon"
        aria-label="Next change"
        title="Next change (])"
        onClick={() => void toChange(1)}
        disabled={at === null}
      >
        »
      </button>
      <button type="button" className="button" onClick={() => to(null)} disabled={at === null} title="Go live (l)">
        Go live
      </button>
    </section>
  );
}

function sentence(
  band: Parameters<typeof troubleAt>[0] | undefined,
  index: number,
  at: number | null,
  time: (ms: number | null) => string,
): string {
  if (at === null) return 'live';
  const step = Math.min(index, STEPS - 1);
  const trouble = band ? troubleAt(band, step) : null;
  return `${time(at)}${trouble && trouble.total > 0 ? `, ${Math.round((trouble.percent * trouble.total) / 100)} of ${trouble.total} tests not passing` : ''}`;
}
