// SPDX-License-Identifier: Apache-2.0
// Words for codes, while the server's sentence for a row is still on its way and for its popover. No
// rule is decided here: code, observed value and limit come from the server.
import { formatMs, formatPercent } from './numbers.ts';

interface Words {
  readonly label: string;
  readonly unit?: 'percent' | 'ms';
  /** What to look at next. */
  readonly hint: string;
}

const REASONS: Record<string, Words> = {
  None: { label: 'within limits', hint: 'Nothing to do.' },
  ChecksFailedThreshold: {
    label: 'checks failed above the threshold',
    unit: 'percent',
    hint: 'The threshold is set in the test configuration. The path shows where packets are lost.',
  },
  RoundTripThreshold: {
    label: 'round-trip time above the threshold',
    unit: 'ms',
    hint: 'The threshold is set in the test configuration. The path shows which link adds the time.',
  },
  AllChecksFailed: {
    label: 'all checks failed',
    unit: 'percent',
    hint: 'Nothing got through. The last checks say with which error, the path how far packets come.',
  },
  ChecksFailedDefault: {
    label: 'checks failed above the usual limit',
    unit: 'percent',
    hint: 'No threshold is set, so more than 10 % of checks failing gives a Warning.',
  },
  RoundTripDefault: {
    label: 'round-trip time above the usual limit',
    unit: 'ms',
    hint: 'No threshold is set, so more than 750 ms gives a Warning.',
  },
  NameResolutionFailed: {
    label: 'name does not resolve',
    hint: 'Checks went to the last known address. Ask the name servers that the agent uses.',
  },
  TestGroupDisabled: {
    label: 'test group is disabled',
    hint: 'Enable the test group in the connection monitor to run its tests.',
  },
  NoAgent: {
    label: 'no agent for the source',
    hint: 'No agent that has joined fits the source. Join one, or correct the source endpoint.',
  },
  AgentDisconnected: {
    label: 'agent is not connected',
    hint: 'Results are missing because the agent is silent. It keeps them and sends them when it is back.',
  },
  NotYetRun: {
    label: 'first round to come',
    hint: 'The test was just created; its first round is due within one interval.',
  },
  NoData: {
    label: 'no results arrive',
    hint: 'The agent is connected but sends no rounds of this test. See its problem on the Agents page.',
  },
  LocalFault: {
    label: 'fault on the agent itself',
    hint: "Every check was void through the agent's own fault, such as overload or a missing permission. It is not counted as network loss.",
  },
};

export function reasonWords(code: string | null): Words {
  return REASONS[code ?? 'None'] ?? { label: code ?? '', hint: '' };
}

export function reasonValue(code: string | null, value: number | null): string {
  const unit = reasonWords(code).unit;
  if (value === null || !Number.isFinite(value)) return 'NA';
  if (unit === 'percent') return formatPercent(value);
  return unit === 'ms' ? formatMs(value) : String(value);
}

/** "checks failed above the threshold: 22 % > 10 %". */
export function shortReason(code: string | null, observed: number, limit: number): string {
  const { label } = reasonWords(code);
  if (!Number.isFinite(observed)) return label;
  const seen = reasonValue(code, observed);
  return Number.isFinite(limit) ? `${label}: ${seen}, limit ${reasonValue(code, limit)}` : `${label}: ${seen}`;
}

const ISSUES: Record<string, string> = {
  ForwardingLoss: 'a link loses packets',
  AddedLatency: 'a link adds delay',
  Broken: 'the path breaks off',
  Loop: 'packets go in a circle',
  Prohibited: 'a router or firewall forbids it',
  Unreachable: 'a router knows no way',
  MtuTooSmall: 'large packets do not pass',
  PerPacketBalancing: 'balanced packet by packet',
  LocalError: 'probes do not leave the host',
};

export function issueWords(kind: string): string {
  return ISSUES[kind] ?? kind;
}

const LABELS: Record<string, string> = {
  RateLimited: 'limits its own replies: what it forwards is not lost',
  Silent: 'never answers, but traffic passes',
  SlowAnswers: 'answers slowly itself: later hops are faster',
  PerPacketBalanced: 'several routers share this place, packet by packet',
  Translated: 'addresses or ports are rewritten from here on',
  DscpRewritten: 'rewrites the traffic class (DSCP)',
  EcnRewritten: 'rewrites ECN bits',
  InTunnel: 'inside an MPLS tunnel',
  TunnelSuspected: 'a tunnel probably hides routers here',
  Loop: 'came before: a loop',
  Prohibited: 'said "administratively prohibited"',
  Assumed: 'not asked just now: known from other tests or earlier',
  AsymmetricReturn: 'its answers come back another way',
  Logical: 'logical hop, not measurable',
};

export function labelWords(label: string): string {
  return LABELS[label] ?? label;
}
