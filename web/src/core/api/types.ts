// SPDX-License-Identifier: Apache-2.0
// The shapes of api/openapi.yaml that the UI uses. Fields that it does not use are left out.
import type { State } from './snapshot.ts';

export type Role = 'reader' | 'operator' | 'administrator';

export interface Session {
  name: string;
  role: Role;
  expires: string | null;
  serverTime: string;
  version: string;
  subscription: string;
  workspace: string;
  host: string;
}

export interface List<T> {
  value: T[];
}

export interface Reason {
  code: string;
  text: string;
  observed: number | null;
  limit: number | null;
}

export interface PathIssue {
  kind: string;
  path?: string;
  fromTtl: number;
  toTtl: number;
  from?: string;
  to?: string;
  lossPercent?: Share;
  addedMs?: number;
  totalMs?: number;
  confidence: number;
  text: string;
}

export interface Share {
  low: number;
  value: number;
  high: number;
}

export interface Test {
  id: string;
  connectionMonitor: string;
  testGroup: string;
  source: string;
  destination: string;
  testConfiguration: string;
  protocol: string;
  port: number | null;
  destinationAddress?: string;
  frequencySec?: number;
  agent?: string;
  state: State;
  reason: Reason;
  since: string;
  lastRound?: string | null;
  checksTotal?: number;
  checksFailed?: number;
  checksFailedPercent?: number | null;
  roundTripTimeMs?: number | null;
  roundTripTimeMinMs?: number | null;
  roundTripTimeMaxMs?: number | null;
  jitterMs?: number | null;
  checkedAddress?: string;
  httpStatus?: number | null;
  certificateExpires?: string | null;
  pathIssues?: PathIssue[];
}

export interface TestRow {
  id: string;
  /** Null where it is not known for that time. */
  reason: string | null;
  pathIssue: string | null;
  rttMs: (number | null)[];
  checksFailedPercent: (number | null)[];
}

export interface Band {
  from: string;
  stepSec: number;
  pass: number[];
  warning: number[];
  fail: number[];
  indeterminate: number[];
  notRunning: number[];
  changes: number[];
}

export interface StateChange {
  testId?: string;
  time: string;
  from: State;
  to: State;
  reason: Reason;
}

export interface Quantiles {
  from: string;
  stepSec: number;
  time: number[];
  total: number[];
  failed: number[];
  /** p0, 12.5, 25, 37.5, 50, 62.5, 75, 87.5, 100, and p95; a column each. */
  quantiles: (number | null)[][];
}

export interface AggregateSeries {
  name: string;
  rttMs: (number | null)[];
  checksFailedPercent: (number | null)[];
  tests: number;
}

export interface Aggregate {
  time: number[];
  series: AggregateSeries[];
}

export interface ServiceVerdict {
  issue: 'none' | 'application' | 'network' | 'both' | 'unknown';
  text: string;
  correlation: number | null;
}

export interface TopologyNode {
  id: string;
  kind: 'source' | 'hop' | 'silent' | 'destination';
  address?: string | null;
  name?: string | null;
  network?: string | null;
  labels: string[];
  issues: { kind: string; severity?: string; text: string }[];
  tests: number;
  ttl: number;
}

export interface TopologyLink {
  from: string;
  to: string;
  flows: number;
  tests: number;
  addedMs?: number | null;
  forwardingLossPercent?: number | null;
  troubled: boolean;
}

export interface TopologyPath {
  testId: string;
  state: State;
  nodes: string[];
  rttMs: number | null;
  checksFailedPercent: number | null;
}

export interface Topology {
  nodes: TopologyNode[];
  links: TopologyLink[];
  paths: TopologyPath[];
}

export interface PathHop {
  ttl: number;
  address?: string;
  others?: string[];
  name?: string;
  network?: string;
  sent: number;
  answered: number;
  rttMinMs?: number;
  rttLowMs?: number;
  rttMedianMs?: number;
  rttMaxMs?: number;
  forwardingLossPercent: Share;
  addedMs: number;
  labels: string[];
}

export interface Path {
  id: string;
  flows: number[];
  reached: boolean;
  hops: PathHop[];
}

export interface PathReport {
  testId: string;
  from: string;
  to: string;
  cause: string;
  protocol: string;
  source: string;
  destination: string;
  port?: number;
  traces: number;
  paths: Path[];
  issues: PathIssue[];
  changes: string[];
  pathMtu?: number;
  problem?: string;
}

export interface Check {
  outcome: string;
  roundTripTimeMs: number | null;
  offsetMs: number;
}

export interface Round {
  started: string;
  state: State;
  reason: Reason;
  checksTotal: number;
  checksFailed: number;
  checksVoid: number;
  roundTripTimeMs?: number | null;
  roundTripTimeMinMs?: number | null;
  roundTripTimeMaxMs?: number | null;
  jitterMs?: number | null;
  address?: string;
  detail?: string;
  httpStatus?: number | null;
  http?: {
    dnsMs?: number | null;
    connectMs?: number | null;
    tlsMs?: number | null;
    requestMs?: number | null;
    firstByteMs?: number | null;
    transferMs?: number | null;
    version?: string;
    redirects?: number;
    url?: string;
    bodyBytes?: number;
  };
  tls?: {
    subject?: string;
    issuer?: string;
    notBefore?: string;
    notAfter?: string;
    version?: string;
    cipher?: string;
    key?: string;
    chain?: string[];
    verified?: boolean;
  };
  name?: {
    outcome: string;
    tookMs: number;
    server: string;
    ttlSec: number | null;
    addresses: string[];
    detail: string;
  };
  checks: Check[];
}

export interface MonitorDocument {
  name?: string;
  notes?: string;
  endpoints?: EndpointDocument[];
  testConfigurations?: ConfigurationDocument[];
  testGroups?: GroupDocument[];
  [key: string]: unknown;
}

export interface EndpointDocument {
  name: string;
  type?: string;
  address?: string;
  resourceId?: string;
  linewatch?: Record<string, unknown>;
  [key: string]: unknown;
}

export interface ConfigurationDocument {
  name: string;
  protocol: string;
  testFrequencySec?: number;
  tcpConfiguration?: { port?: number; [key: string]: unknown };
  httpConfiguration?: { port?: number; path?: string; preferHTTPS?: boolean; [key: string]: unknown };
  successThreshold?: { checksFailedPercent?: number; roundTripTimeMs?: number };
  [key: string]: unknown;
}

export interface GroupDocument {
  name: string;
  disable?: boolean;
  sources: string[];
  destinations: string[];
  testConfigurations: string[];
}

export interface ConnectionMonitor {
  name: string;
  state: State;
  reason: Reason | null;
  worstTest?: string | null;
  tests: number;
  etag: string;
  created: string;
  updated: string;
  document: MonitorDocument;
}

export interface ListeningPort {
  port: number;
  outcome: 'Listening' | 'PortInUse' | 'Failed';
  /** Empty if it listens. */
  problem: string;
}

export interface Agent {
  id: string;
  name: string;
  connected: boolean;
  lastSeen: string | null;
  labels?: Record<string, string>;
  resourceId?: string;
  addresses?: string[];
  joined: string;
  connectedSince?: string;
  version?: string;
  assignmentInForce?: boolean;
  roundsWaiting?: number;
  roundsDropped?: number;
  intervalsMissed?: number;
  clockOffsetMs?: number | null;
  problem?: string;
  pathProblem?: string;
  listening?: ListeningPort[];
  selfTest?: { hasRawSockets?: boolean; stamps?: string; errorUs?: number; checksPerSecond?: number | null };
}

export interface NetworkFault {
  text: string;
  confidence: number;
  addedMs?: number;
  lossPercent?: Share;
  candidates: number;
  failingTestsCrossing?: number;
  failingTests?: number;
  tests: string[];
}

export interface Preview {
  faults: { path: string; message: string }[];
  warnings: string[];
  tests: number;
  matrix: { testGroup: string; sources: string[]; destinations: string[]; configurations: string[]; tests: number }[];
  checksPerSecond: number;
}

export interface Changes {
  dryRun: boolean;
  changes: { name: string; change: string; tests: number; testsAdded: number; testsRemoved: number }[];
  warnings: string[];
}

export interface ServerStatus {
  version: string;
  started: string;
  dataDirectory?: string;
  connectionMonitors?: number;
  tests?: number;
  agents?: number;
  agentsConnected?: number;
  problems: string[];
}

export interface LogTable {
  name: string;
  columns: { name: string; type: string }[];
  rows: unknown[][];
}

export interface LogAnswer {
  tables: LogTable[];
  render?: { visualization?: string };
  statistics?: { query?: { executionTime?: number } };
  /** With rows all the same: there were more than may be sent. */
  error?: { message?: string };
}

/** A place under a name: everybody's, or one's own. */
export interface SavedView {
  name: string;
  target: string;
  shared: boolean;
  author: string;
  updated: string;
}

export interface ShortLink {
  id: string;
  target: string;
  author: string;
  created: string;
}

export interface AlertDimension {
  name: string;
  value: string;
}

export interface Alert {
  id: string;
  rule: { name: string; id: string };
  /** 0 critical to 4 verbose. */
  severity: number;
  state: 'Fired' | 'Resolved';
  fired: string;
  resolved: string | null;
  resolvedBy: 'NoBreach' | 'RuleChanged' | 'RuleDisabled' | 'RuleGone' | 'TestsGone' | 'Hand' | null;
  dimensions: AlertDimension[];
  monitors: string[];
  /** Ids, 1,000 at most. */
  tests: string[];
  testCount: number;
  sentence: string;
}

export interface Alerts {
  value: Alert[];
  more: boolean;
}

export interface AlertCriterion {
  criterionType: string;
  name: string;
  metricName: string;
  metricNamespace?: string;
  timeAggregation: string;
  operator: string;
  threshold: number;
  dimensions?: { name: string; operator: string; values: string[] }[];
  [key: string]: unknown;
}

/** Azure's, kept as it was sent. */
export interface AlertRuleProperties {
  description?: string;
  severity: number;
  enabled: boolean;
  scopes: string[];
  evaluationFrequency: string;
  windowSize: string;
  autoMitigate?: boolean;
  criteria: { 'odata.type': string; allOf: AlertCriterion[]; [key: string]: unknown };
  actions?: { actionGroupId: string; [key: string]: unknown }[];
  [key: string]: unknown;
}

export interface AlertRuleDocument {
  properties: AlertRuleProperties;
  [key: string]: unknown;
}

export interface AlertRule {
  name: string;
  id: string;
  etag: string;
  severity: number;
  enabled: boolean;
  sentence: string;
  monitors: string[];
  testCount: number;
  lastEvaluated: string | null;
  problem: string;
  firing: number;
  notServed: string[];
  created: string;
  updated: string;
  document: AlertRuleDocument;
}

export interface AlertPreview {
  faults: { path: string; message: string }[];
  warnings: string[];
  from: string;
  to: string;
  sentence: string;
  monitors: string[];
  testCount: number;
  evaluations: number;
  combinations: number;
  fired: number;
  alerts: {
    monitor: string;
    dimensions: AlertDimension[];
    fired: string;
    resolved: string | null;
    value: number;
    sentence: string;
    testCount: number;
  }[];
  more: boolean;
}

export interface ActionGroupDocument {
  properties: {
    groupShortName: string;
    enabled: boolean;
    webhookReceivers?: { name: string; serviceUri: string; [key: string]: unknown }[];
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

export interface ActionGroup {
  name: string;
  id: string;
  etag: string;
  shortName: string;
  enabled: boolean;
  webhooks: {
    name: string;
    uri: string;
    problem: string;
    restsUntil: string | null;
    lastDelivered: string | null;
  }[];
  notServed: string[];
  waiting: number;
  usedBy: string[];
  created: string;
  updated: string;
  document: ActionGroupDocument;
}

export interface Delivery {
  receiver: string;
  uri: string;
  delivered: boolean;
  status: number | null;
  outcome: string;
  tookMs: number;
}
