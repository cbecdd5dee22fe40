// SPDX-License-Identifier: Apache-2.0
// The hops of a path as a table, with honest loss: what a hop leaves unanswered is no loss of what it forwards.
import type { PathHop, Path, PathIssue } from '../../core/api/types.ts';
import { formatMs, formatPercent } from '../../core/text/numbers.ts';
import { labelWords } from '../../core/text/reasons.ts';
import { StateShape } from '../../ui/StateTag.tsx';
import { HopHeat } from './HopHeat.tsx';

function lossText({ forwardingLossPercent: share }: PathHop): string {
  return share.value < 0.05
    ? '0 %'
    : `${formatPercent(share.value)} (${formatPercent(share.low)} to ${formatPercent(share.high)})`;
}

/** "22 of 40: limits its own replies". */
function answers(hop: PathHop): string {
  const share = `${hop.answered} of ${hop.sent}`;
  return hop.answered < hop.sent && hop.labels.includes('RateLimited') ? `${share}, reply rate-limited` : share;
}

export function HopTable({
  path,
  issues,
  index,
  count,
}: {
  path: Path;
  issues: readonly PathIssue[];
  index: number;
  count: number;
}) {
  const name = count > 1 ? `Path ${index + 1} of ${count}` : 'Path';
  const flows = path.flows.length;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={`${name}: hops`}>
      <table className="plain">
        <caption className="hidden-visually">{name}</caption>
        <thead>
          <tr>
            <th scope="col">Hop</th>
            <th scope="col">
              {name}, {flows} {flows === 1 ? 'flow' : 'flows'}
              {path.reached ? '' : ', does not reach the destination'}
            </th>
            <th scope="col">Network</th>
            <th scope="col" className="number">
              Lost on the way to it
            </th>
            <th scope="col" className="number">
              Adds
            </th>
            <th scope="col" className="number">
              Best
            </th>
            <th scope="col" className="number">
              Median
            </th>
            <th scope="col" className="number">
              Worst
            </th>
            <th scope="col">Answered</th>
            <th scope="col">In range: loss, delay</th>
            <th scope="col">Notes</th>
          </tr>
        </thead>
        <tbody>
          {path.hops.map((hop) => (
            <HopRow
              key={hop.ttl}
              hop={hop}
              issues={issues.filter(
                (issue) => issue.toTtl === hop.ttl && (issue.path === path.id || issue.to === hop.address),
              )}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function HopRow({ hop, issues }: { hop: PathHop; issues: readonly PathIssue[] }) {
  const notes = [
    ...issues.map((issue) => issue.text),
    ...hop.labels.map(labelWords),
    ...(hop.others?.length ? [`also ${hop.others.join(', ')}`] : []),
  ];
  return (
    <tr>
      <td className="number">{hop.ttl}</td>
      <td>
        <span className="state">
          {issues.length > 0 && <StateShape state="Fail" />}
          {hop.address ? <span className="mono">{hop.address}</span> : <span className="quiet">does not answer</span>}
        </span>
        {hop.name && hop.name !== hop.address && <div className="quiet">{hop.name}</div>}
      </td>
      <td>{hop.network ?? ''}</td>
      <td className={issues.some((issue) => issue.kind === 'ForwardingLoss') ? 'number diff' : 'number'}>
        {lossText(hop)}
      </td>
      <td className={issues.some((issue) => issue.kind === 'AddedLatency') ? 'number diff' : 'number'}>
        {hop.address ? formatMs(hop.addedMs) : 'NA'}
      </td>
      <td className="number">{formatMs(hop.rttMinMs)}</td>
      <td className="number">{formatMs(hop.rttMedianMs)}</td>
      <td className="number">{formatMs(hop.rttMaxMs)}</td>
      <td>{answers(hop)}</td>
      <td>{hop.address && <HopHeat address={hop.address} />}</td>
      <td>{notes.join('; ')}</td>
    </tr>
  );
}
