// SPDX-License-Identifier: Apache-2.0
// A state: shape first, colour second, always a word.
import { STATES, type State } from '../core/api/snapshot.ts';

const COMMON = { width: 16, height: 16, viewBox: '0 0 16 16', 'aria-hidden': true, focusable: false } as const;
const mark = {
  fill: 'none',
  stroke: 'var(--canvas)',
  strokeWidth: 1.8,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const;

export function StateShape({ state }: { state: State }) {
  switch (state) {
    case 'Pass':
      return (
        <svg {...COMMON}>
          <circle cx="8" cy="8" r="7" fill="var(--pass)" />
          <path d="M4.8 8.3l2.2 2.2 4.2-4.7" {...mark} />
        </svg>
      );
    case 'Warning':
      return (
        <svg {...COMMON}>
          <path d="M8 1.2 15.2 14.5H.8Z" fill="var(--warning)" stroke="var(--warning-line)" strokeLinejoin="round" />
          <path d="M8 6v4M8 12.2v.2" fill="none" stroke="#1b1d21" strokeWidth="1.7" strokeLinecap="round" />
        </svg>
      );
    case 'Fail':
      return (
        <svg {...COMMON}>
          <path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1Z" fill="var(--fail)" />
          <path d="M5.5 5.5l5 5M10.5 5.5l-5 5" {...mark} stroke="#fff" />
        </svg>
      );
    case 'Indeterminate':
      return (
        <svg {...COMMON}>
          <path d="M8 .5 15.5 8 8 15.5.5 8Z" fill="var(--indeterminate)" />
          <path d="M6.3 6.3a1.8 1.8 0 1 1 2.4 1.7c-.5.2-.7.5-.7 1.1M8 11.3v.2" {...mark} strokeWidth={1.5} />
        </svg>
      );
    case 'Not Running':
      return (
        <svg {...COMMON}>
          <rect
            x="1.5"
            y="1.5"
            width="13"
            height="13"
            rx="2"
            fill="none"
            stroke="var(--not-running-line)"
            strokeWidth="1.6"
          />
          <path
            d="M6 5.2v5.6M10 5.2v5.6"
            fill="none"
            stroke="var(--not-running-line)"
            strokeWidth="1.8"
            strokeLinecap="round"
          />
        </svg>
      );
  }
}

export function StateTag({ state }: { state: State }) {
  return (
    <span className="state">
      <StateShape state={state} />
      {state}
    </span>
  );
}

/** By index into STATES, as snapshots hold it. */
export function StateAt({ index }: { index: number }) {
  return <StateTag state={STATES[index] ?? 'Indeterminate'} />;
}
