// SPDX-License-Identifier: Apache-2.0
// What stands between the reader and the truth: no connection, another clock, a newer server.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { clockOffset, onClockOffset } from '../core/time/clock.ts';
import { formatClock, formatLength } from '../core/time/format.ts';
import { useInstant, useTimes } from './search.tsx';
import { useSession } from './session.tsx';
import { useSnapshot } from './snapshot.tsx';

/** Differences of clocks that nobody needs to hear of. */
const CLOCK_OFF_MS = 60_000;

/** After an absence all that failed is asked for again at once, and who serves us. */
function useRecovery(status: string): void {
  const client = useQueryClient();
  const wasLost = useRef(false);
  useEffect(() => {
    if (status === 'lost') wasLost.current = true;
    if (status !== 'open' || !wasLost.current) return;
    wasLost.current = false;
    void client.refetchQueries({ predicate: (query) => query.state.status === 'error' });
    void client.invalidateQueries({ queryKey: ['session'] });
  }, [status, client]);
}

export function Connection() {
  const { snapshot, status } = useSnapshot();
  const isLive = useInstant() === null;
  const { zone } = useTimes();
  useRecovery(status);
  return (
    <>
      {isLive && status === 'lost' && (
        <span className="diff" title="The connection to the server is lost. The page connects again by itself.">
          {' '}
          reconnecting…{snapshot && ` (as of ${formatClock(snapshot.at, zone, true)})`}
        </span>
      )}
      <ClockNote />
      <VersionNote />
    </>
  );
}

function ClockNote() {
  const offset = useSyncExternalStore(onClockOffset, clockOffset);
  if (Math.abs(offset) < CLOCK_OFF_MS) return null;
  const minutes = Math.round(Math.abs(offset) / 60_000);
  const words = `this computer's clock is ${formatLength(minutes * 60_000)} ${offset > 0 ? 'behind' : 'ahead'}`;
  return (
    <span className="quiet" title="All times on this page are by the server's clock.">
      {' · '}
      {words}
    </span>
  );
}

/** The pages of a server that was replaced may not fit its answers. */
function VersionNote() {
  const { version } = useSession();
  const [first] = useState(version);
  if (version === first) return null;
  return (
    <button type="button" className="button" onClick={() => location.reload()}>
      linewatch is now {version}: reload
    </button>
  );
}
