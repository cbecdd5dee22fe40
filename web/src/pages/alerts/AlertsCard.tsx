// SPDX-License-Identifier: Apache-2.0
// What fires for some tests, on the page that is about them. Not there when nothing does.
import '../../styles/alerts.css';
import { hexId, type Snapshot } from '../../core/api/snapshot.ts';
import { AlertTable } from './AlertLists.tsx';
import { useFiringAlerts } from './useAlerts.ts';

export function AlertsCard({
  snapshot,
  rows,
  connectionMonitor,
}: {
  snapshot: Snapshot;
  rows: Uint32Array;
  connectionMonitor?: string;
}) {
  const ids = new Set([...rows].filter((row) => snapshot.alert[row]! > 0).map((row) => hexId(snapshot.id[row]!)));
  const query = useFiringAlerts(snapshot, connectionMonitor, ids.size > 0);
  const alerts = (query.data?.value ?? []).filter((alert) => alert.tests.some((id) => ids.has(id)));
  if (ids.size === 0 || alerts.length === 0) return null;
  return (
    <section className="card span-12" aria-labelledby="alerts">
      <h2 id="alerts">
        Alerts <span className="quiet">that fire {snapshot.live ? 'now' : 'at the chosen time'}</span>
      </h2>
      <AlertTable label="Alerts" alerts={alerts} snapshot={snapshot} />
    </section>
  );
}
