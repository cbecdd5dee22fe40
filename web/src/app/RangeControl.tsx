// SPDX-License-Identifier: Apache-2.0
// The range of charts: back, label with quick and absolute ranges, forth, zoom out, freeze.
import { formatBound, freeze, isRelative, rangeLabel, shift, zoomOut, type Range } from '../core/time/range.ts';
import { serverNow } from '../core/time/clock.ts';
import { rangeOf } from '../core/url/search.ts';
import { Icon } from '../ui/icons.tsx';
import { part } from '../ui/part.tsx';
import { Popover } from '../ui/Popover.tsx';
import { setUrl, useTimes, useTimeUrl } from './search.tsx';

const RangeMenu = part(async () => (await import('./RangeMenu.tsx')).RangeMenu, { waiting: '…' });

/** The ways to change the range, for buttons and keys alike. */
export function useRange() {
  const url = useTimeUrl();
  const range = rangeOf(url);
  const put = (next: Range) => setUrl({ from: formatBound(next.from), to: formatBound(next.to) });
  return {
    range,
    put,
    back: () => put(shift(range, -1, serverNow())),
    forth: () => put(shift(range, 1, serverNow())),
    out: () => put(zoomOut(range, serverNow())),
    freeze: () => put(freeze(range, serverNow())),
  };
}

export function RangeControl() {
  const { range, put, back, forth, out, freeze } = useRange();
  const { time } = useTimes();
  return (
    <div className="row" role="group" aria-label="Time range of charts">
      <button type="button" className="button bare icon" onClick={back} aria-label="Earlier" title="Earlier (t ←)">
        <Icon name="left" />
      </button>
      <Popover
        label="Time range"
        button={
          <>
            <Icon name="clock" /> {rangeLabel(range, time, serverNow())}
          </>
        }
      >
        {(close) => <RangeMenu range={range} onChoose={(next) => (put(next), close())} />}
      </Popover>
      <button type="button" className="button bare icon" onClick={forth} aria-label="Later" title="Later (t →)">
        <Icon name="right" />
      </button>
      <button type="button" className="button bare icon" onClick={out} aria-label="Zoom out" title="Zoom out (t -)">
        <Icon name="zoomOut" />
      </button>
      <button
        type="button"
        className="button bare"
        onClick={freeze}
        disabled={!isRelative(range)}
        title="Make the range absolute (t a)"
      >
        Freeze
      </button>
    </div>
  );
}
