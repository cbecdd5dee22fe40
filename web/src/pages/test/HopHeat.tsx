// SPDX-License-Identifier: Apache-2.0
// A hop over the range, as two lanes of cells with the same in words beside them.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useRef, type ReactNode } from 'react';
import { getPathReports } from '../../core/api/endpoints.ts';
import type { PathReport } from '../../core/api/types.ts';
import { WEEK, type Span } from '../../core/time/range.ts';
import { useSpan } from '../../app/search.tsx';
import { useThemeVersion } from '../../app/theme.ts';
import { drawHopHeat, hopCells, hopWords } from '../../viz/hopheat.ts';
import { currentPalette } from '../../viz/palette.ts';

const CELLS = 48;
const SIZE = { width: 144, height: 24 };
const REPORTS_MAX = 500;

interface Past {
  readonly reports: readonly PathReport[];
  readonly span: Span;
}

const PastContext = createContext<Past | null>(null);

/** Fetches the reports of the range, or of its last week, for all hops inside. */
export function HopPast({ id, children }: { id: string; children: ReactNode }) {
  const whole = useSpan();
  const span = useMemo(() => ({ from: Math.max(whole.from, whole.to - WEEK), to: whole.to }), [whole]);
  const query = useQuery({
    queryKey: ['path-reports', id, span.from, span.to],
    queryFn: ({ signal }) => getPathReports(id, span, REPORTS_MAX, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  const past = useMemo(() => (query.data ? { reports: query.data, span } : null), [query.data, span]);
  return <PastContext value={past}>{children}</PastContext>;
}

export function HopHeat({ address }: { address: string }) {
  const past = useContext(PastContext);
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useThemeVersion();
  const cells = useMemo(() => (past ? hopCells(past.reports, address, past.span, CELLS) : []), [past, address]);
  const words = hopWords(cells);
  useEffect(() => {
    if (canvas.current) drawHopHeat(canvas.current, cells, currentPalette(), SIZE);
  }, [cells, theme]);
  if (words === '') return null;
  return (
    <>
      <canvas ref={canvas} style={{ ...SIZE, display: 'block' }} aria-hidden="true" />
      <span className="quiet">{words}</span>
    </>
  );
}
