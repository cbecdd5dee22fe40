// SPDX-License-Identifier: Apache-2.0
// The mark of an alert: a bell, coloured by severity, and always the severity as a word.
import { ALERTS } from '../core/api/snapshot.ts';

/** By the severity's number, as Azure names them. */
export const SEVERITIES = ['Critical', 'Error', 'Warning', 'Informational', 'Verbose'] as const;

const FILLS = ['var(--fail)', 'var(--fail)', 'var(--warning)', 'var(--accent)', 'var(--not-running)'];
const LINES = ['var(--fail)', 'var(--fail)', 'var(--warning-line)', 'var(--accent)', 'var(--not-running-line)'];

/** A hollow one is over. */
export function Bell({ severity, isOver = false }: { severity: number; isOver?: boolean }) {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path
        d="M8 1.3a4.4 4.4 0 0 0-4.4 4.4c0 3.3-1 4.6-1.9 5.7h12.6c-.9-1.1-1.9-2.4-1.9-5.7A4.4 4.4 0 0 0 8 1.3ZM6.3 13.2a1.8 1.8 0 0 0 3.4 0Z"
        fill={isOver ? 'none' : FILLS[severity]}
        stroke={LINES[severity]}
        strokeWidth="1.2"
        strokeLinejoin="round"
      />
    </svg>
  );
}

export function Severity({ severity, isOver }: { severity: number; isOver?: boolean }) {
  return (
    <span className="state" title={SEVERITIES[severity]}>
      <Bell severity={severity} isOver={isOver} /> Sev{severity}
    </span>
  );
}

/** By index into ALERTS, as snapshots hold it; nothing where none fires. */
export function AlertAt({ code }: { code: number }) {
  return code > 0 && code < ALERTS.length ? <Severity severity={code - 1} /> : null;
}
