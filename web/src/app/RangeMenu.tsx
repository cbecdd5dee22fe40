// SPDX-License-Identifier: Apache-2.0
// Quick ranges, absolute ones, and the zone of times.
import { useState, type FormEvent } from 'react';
import { formatBound, parseBound, QUICK_RANGES, type Range } from '../core/time/range.ts';
import { DEFAULT_FROM, DEFAULT_TO } from '../core/url/search.ts';
import { setUrl, useUrl } from './search.tsx';

export function RangeMenu({ range, onChoose }: { range: Range; onChoose: (range: Range) => void }) {
  const url = useUrl();
  const [from, setFrom] = useState(formatBound(range.from));
  const [to, setTo] = useState(formatBound(range.to));
  const parsed = { from: parseBound(from), to: parseBound(to) };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (parsed.from && parsed.to) onChoose({ from: parsed.from, to: parsed.to });
  };
  return (
    <div className="range-menu">
      <ul aria-label="Quick ranges">
        {QUICK_RANGES.map((quick) => (
          <li key={quick.from}>
            <button
              type="button"
              className="button"
              aria-pressed={formatBound(range.from) === quick.from && formatBound(range.to) === 'now'}
              onClick={() => onChoose({ from: parseBound(quick.from)!, to: parseBound('now')! })}
            >
              {quick.label}
            </button>
          </li>
        ))}
      </ul>
      <form className="stack" onSubmit={submit}>
        <label className="field">
          <span className="label">From</span>
          <input
            className="input"
            value={from}
            aria-invalid={!parsed.from}
            onChange={(event) => setFrom(event.target.value)}
          />
        </label>
        <label className="field">
          <span className="label">To</span>
          <input
            className="input"
            value={to}
            aria-invalid={!parsed.to}
            onChange={(event) => setTo(event.target.value)}
          />
        </label>
        <p className="quiet">now-90m, 2026-11-21 06:12 (UTC), or seconds since 1970</p>
        <button className="button primary" disabled={!parsed.from || !parsed.to}>
          Use this range
        </button>
        <label className="field">
          <span className="label">Times in</span>
          <select
            className="input"
            value={url.tz ?? 'UTC'}
            onChange={(event) => setUrl({ tz: event.target.value }, { replace: true })}
          >
            <option value="UTC">UTC</option>
            <option value="browser">this browser&apos;s zone</option>
            {url.tz && !['UTC', 'browser'].includes(url.tz) && <option value={url.tz}>{url.tz}</option>}
          </select>
        </label>
        <button
          type="button"
          className="linklike"
          onClick={() => onChoose({ from: parseBound(DEFAULT_FROM)!, to: parseBound(DEFAULT_TO)! })}
        >
          Back to the last 24 hours
        </button>
      </form>
    </div>
  );
}
