// SPDX-License-Identifier: Apache-2.0
// What a rule would have done: how often, when, and for which combinations.
import type { AlertPreview } from '../../core/api/types.ts';
import { counted, formatCount } from '../../core/text/numbers.ts';
import { formatLength } from '../../core/time/format.ts';
import { HOUR, type Span } from '../../core/time/range.ts';
import { useTravel } from '../../app/Recorder.tsx';
import { useTimes } from '../../app/search.tsx';
import { Failure } from '../../ui/Notice.tsx';
import { Timeline, type TimelineRow } from './Timeline.tsx';
import { combinationWords } from './words.ts';

interface PreviewCardProps {
  preview: AlertPreview | undefined;
  error: unknown;
  isWaiting: boolean;
  span: Span;
}

export function PreviewCard({ preview, error, isWaiting, span }: PreviewCardProps) {
  return (
    <section className="card" aria-labelledby="rule-preview">
      <h2 id="rule-preview">
        What it would have done <span className="quiet">in the range {isWaiting ? '…' : ''}</span>
      </h2>
      {Boolean(error) && <Failure error={error} />}
      {!error && preview && preview.faults.length > 0 && <Faults faults={preview.faults} />}
      {!error && preview && preview.faults.length === 0 && <Back preview={preview} span={span} />}
    </section>
  );
}

function Faults({ faults }: Pick<AlertPreview, 'faults'>) {
  return (
    <div>
      <h3>To be mended</h3>
      <ul>
        {faults.map((fault, i) => (
          <li key={i} className="diff">
            {fault.message} <span className="quiet mono">{fault.path}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const FIVE_MINUTES = 300_000;

/** A relative range is cut off at the server's now: of an hour and more some minutes do not matter. */
function rangeWords({ from, to }: AlertPreview): string {
  const length = Date.parse(to) - Date.parse(from);
  return formatLength(length < HOUR ? length : Math.round(length / FIVE_MINUTES) * FIVE_MINUTES);
}

function Back({ preview, span }: { preview: AlertPreview; span: Span }) {
  return (
    <div className="stack">
      <p>{preview.sentence}</p>
      <p className="verdict" role="status">
        {preview.fired === 0 ? (
          <strong>It would not have fired.</strong>
        ) : (
          <strong>
            It would have fired {preview.fired === 1 ? 'once' : `${formatCount(preview.fired)} times`} in{' '}
            {rangeWords(preview)}.
          </strong>
        )}
      </p>
      <p className="quiet">
        {counted(preview.evaluations, 'evaluation')} of {counted(preview.combinations, 'combination')} of{' '}
        {counted(preview.testCount, 'test')}
        {preview.monitors.length > 0 && preview.monitors.length <= 3 && ` of ${preview.monitors.join(', ')}`}.
      </p>
      {preview.warnings.map((warning) => (
        <p key={warning}>Note: {warning}</p>
      ))}
      {preview.alerts.length > 0 && <When preview={preview} span={span} />}
    </div>
  );
}

const DRAWN_MAX = 14;

/** A line for each combination, those that fired most first. */
function rowsOf({ alerts, monitors, to }: AlertPreview): TimelineRow[] {
  const rows = new Map<string, { name: string; bars: { from: number; to: number; isOpen: boolean }[] }>();
  for (const alert of alerts) {
    const combination = combinationWords(alert.dimensions);
    const name = monitors.length > 1 ? `${alert.monitor}: ${combination}` : combination;
    const row = rows.get(name) ?? { name, bars: [] };
    rows.set(name, row);
    const end = alert.resolved ?? to;
    row.bars.push({ from: Date.parse(alert.fired), to: Date.parse(end), isOpen: alert.resolved === null });
  }
  return [...rows.values()].sort((a, b) => b.bars.length - a.bars.length);
}

function When({ preview, span }: { preview: AlertPreview; span: Span }) {
  const { time } = useTimes();
  const { to } = useTravel();
  const rows = rowsOf(preview);
  const hidden = rows.length - DRAWN_MAX;
  return (
    <>
      <Timeline label="When it would have fired" rows={rows.slice(0, DRAWN_MAX)} span={span} />
      {hidden > 0 && <p className="quiet">and {counted(hidden, 'further combination')}.</p>}
      <details>
        <summary>As a table</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label="Would have fired" style={{ maxHeight: 360 }}>
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Fired</th>
                <th scope="col">For</th>
                <th scope="col">Alert</th>
              </tr>
            </thead>
            <tbody>
              {preview.alerts.map((alert, i) => (
                <tr key={i}>
                  <td>
                    <button type="button" className="linklike" onClick={() => to(Date.parse(alert.fired))}>
                      {time(Date.parse(alert.fired))}
                    </button>
                  </td>
                  <td className="nowrap">
                    {alert.resolved === null
                      ? 'goes on'
                      : formatLength(Date.parse(alert.resolved) - Date.parse(alert.fired))}
                  </td>
                  <td>{alert.sentence}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {preview.more && <p className="quiet">There were more than are listed.</p>}
      </details>
    </>
  );
}
