// SPDX-License-Identifier: Apache-2.0
// One function for each call of the API. Times are milliseconds here and ISO 8601 on the wire.
import { formatInstant, type Span } from '../time/range.ts';
import { call, callBytes, type Condition, type Query } from './client.ts';
import { decodeSnapshot, type Snapshot } from './snapshot.ts';
import type * as api from './types.ts';

export interface Where {
  connectionMonitor?: string;
  testGroup?: string;
  source?: string;
  destination?: string;
  testConfiguration?: string;
}

type Signal = AbortSignal | undefined;
const base = '/api/v1';
const spanQuery = (span: Span): Query => ({ from: formatInstant(span.from), to: formatInstant(span.to) });
const atQuery = (at: number | null): Query => (at === null ? {} : { at: formatInstant(at) });
const part = encodeURIComponent;

export const getSession = (signal?: Signal) => call<api.Session>('GET', `${base}/session`, { signal });
export const signIn = (token: string) => call<api.Session>('POST', `${base}/session`, { body: { token } });
export const signOut = () => call<{ continueAt: string } | undefined>('DELETE', `${base}/session`);

export async function getSnapshot(at: number | null, signal?: Signal): Promise<Snapshot> {
  return decodeSnapshot(await callBytes(`${base}/snapshot`, { query: atQuery(at), signal, timeoutMs: 60_000 }));
}

/** Of now: all tests, or if there are more than `first` so many rows and the numbers of all. */
export async function getFirstRows(first: number): Promise<Snapshot> {
  return decodeSnapshot(await callBytes(`${base}/snapshot`, { query: { first } }));
}

export async function getTestRows(ids: string[], span: Span, at: number | null, points: number, signal?: Signal) {
  const query = { ids: ids.join(','), ...spanQuery(span), ...atQuery(at), points };
  return (await call<api.List<api.TestRow>>('GET', `${base}/test-rows`, { query, signal })).value;
}

export const getBand = (span: Span, steps: number, signal?: Signal) =>
  call<api.Band>('GET', `${base}/band`, { query: { ...spanQuery(span), steps }, signal });

export async function getStateChanges(span: Span, where: Where, limit: number, signal?: Signal) {
  const query = { ...spanQuery(span), ...where, limit };
  return (await call<api.List<api.StateChange>>('GET', `${base}/state-changes`, { query, signal })).value;
}

export const getQuantiles = (id: string, span: Span, points: number, signal?: Signal) =>
  call<api.Quantiles>('GET', `${base}/tests/${id}/quantiles`, { query: { ...spanQuery(span), points }, signal });

export const getAggregate = (span: Span, points: number, by: string, where: Where, signal?: Signal) =>
  call<api.Aggregate>('GET', `${base}/aggregate`, { query: { ...spanQuery(span), points, by, ...where }, signal });

export const getVerdict = (span: Span, points: number, where: Where, signal?: Signal) =>
  call<api.ServiceVerdict>('GET', `${base}/verdict`, { query: { ...spanQuery(span), points, ...where }, signal });

export const getTopology = (where: Where & { ids?: string }, at: number | null, signal?: Signal) =>
  call<api.Topology>('GET', `${base}/topology`, { query: { ...where, ...atQuery(at) }, signal });

export const getTest = (id: string, signal?: Signal) => call<api.Test>('GET', `${base}/tests/${id}`, { signal });

export async function getRounds(id: string, span: Span, limit: number, signal?: Signal) {
  const query = { ...spanQuery(span), limit };
  return (await call<api.List<api.Round>>('GET', `${base}/tests/${id}/rounds`, { query, signal })).value;
}

export async function getTestChanges(id: string, span: Span, limit: number, signal?: Signal) {
  const query = { ...spanQuery(span), limit };
  return (await call<api.List<api.StateChange>>('GET', `${base}/tests/${id}/changes`, { query, signal })).value;
}

export const getPaths = (id: string, at: number | null, signal?: Signal) =>
  call<api.PathReport>('GET', `${base}/tests/${id}/paths`, { query: atQuery(at), signal });

/** Oldest first. */
export async function getPathReports(id: string, span: Span, limit: number, signal?: Signal) {
  const query = { ...spanQuery(span), limit };
  return (await call<api.List<api.PathReport>>('GET', `${base}/tests/${id}/path-reports`, { query, signal })).value;
}

export const traceNow = (id: string) => call<{ requested: string }>('POST', `${base}/tests/${id}/trace`);
export const runNow = (id: string) => call<api.Round>('POST', `${base}/tests/${id}/run`, { timeoutMs: 90_000 });

export async function getMonitors(signal?: Signal) {
  return (await call<api.List<api.ConnectionMonitor>>('GET', `${base}/connection-monitors`, { signal })).value;
}
export const getMonitor = (name: string, signal?: Signal) =>
  call<api.ConnectionMonitor>('GET', `${base}/connection-monitors/${part(name)}`, { signal });
export const putMonitor = (name: string, document: api.MonitorDocument) =>
  call<api.Changes>('PUT', `${base}/connection-monitors/${part(name)}`, { body: document });
export const deleteMonitor = (name: string) => call<void>('DELETE', `${base}/connection-monitors/${part(name)}`);
export const preview = (document: api.MonitorDocument, signal?: Signal) =>
  call<api.Preview>('POST', `${base}/preview`, { body: document, signal });

export async function getFaults(signal?: Signal) {
  return (await call<api.List<api.NetworkFault>>('GET', `${base}/faults`, { signal })).value;
}
export async function getAgents(signal?: Signal) {
  return (await call<api.List<api.Agent>>('GET', `${base}/agents`, { signal })).value;
}
export const removeAgent = (name: string) => call<void>('DELETE', `${base}/agents/${part(name)}`);
export const createJoinToken = (uses: number) =>
  call<{ token: string; expires: string; uses: number; installCommand?: string }>('POST', `${base}/join-tokens`, {
    body: { uses },
  });
export const getStatus = (signal?: Signal) => call<api.ServerStatus>('GET', `${base}/status`, { signal });

export const queryLogs = (workspace: string, query: string, signal?: Signal) =>
  call<api.LogAnswer>('POST', `/v1/workspaces/${part(workspace)}/query`, {
    body: { query },
    signal,
    timeoutMs: 180_000,
    prefer: 'include-render=true,include-statistics=true,wait=170',
  });
export const getLogSchema = (signal?: Signal) => call<unknown>('GET', `${base}/kql/schema`, { signal });
export const getLogCapabilities = (signal?: Signal) => call<unknown>('GET', `${base}/kql/capabilities`, { signal });

export async function getSavedViews(signal?: Signal) {
  return (await call<api.List<api.SavedView>>('GET', `${base}/saved-views`, { signal })).value;
}
export const putSavedView = (name: string, target: string, shared: boolean) =>
  call<api.SavedView>('PUT', `${base}/saved-views/${part(name)}`, { body: { target, shared } });
export const removeSavedView = (name: string, shared: boolean) =>
  call<void>('DELETE', `${base}/saved-views/${part(name)}`, { query: shared ? { shared } : {} });
export const makeLink = (target: string) => call<api.ShortLink>('POST', `${base}/links`, { body: { target } });
export const getLink = (id: string, signal?: Signal) =>
  call<api.ShortLink>('GET', `${base}/links/${part(id)}`, { signal });

export interface AlertQuestion {
  state: 'firing' | 'resolved' | 'all';
  connectionMonitor?: string;
  rule?: string;
}
/** What fired at any time of the span. */
export const getAlertsOf = (question: AlertQuestion, span: Span, signal?: Signal) =>
  call<api.Alerts>('GET', `${base}/alerts`, { query: { ...question, ...spanQuery(span) }, signal });
/** What fired at the instant, or fires now. */
export const getAlertsAt = (question: Omit<AlertQuestion, 'state'>, at: number | null, signal?: Signal) =>
  call<api.Alerts>('GET', `${base}/alerts`, { query: { state: 'firing', ...question, ...atQuery(at) }, signal });
export const resolveAlert = (id: string) => call<api.Alert>('POST', `${base}/alerts/${part(id)}/resolve`);
export async function getAlertRules(signal?: Signal) {
  return (await call<api.List<api.AlertRule>>('GET', `${base}/alert-rules`, { signal })).value;
}
export const getAlertRule = (name: string, signal?: Signal) =>
  call<api.AlertRule>('GET', `${base}/alert-rules/${part(name)}`, { signal });
/** `ifMatch`: the ETag of what is replaced; `*` in `ifNoneMatch`: only if there is none of that name. */
export const putAlertRule = (name: string, body: api.AlertRuleDocument, condition: Condition) =>
  call<api.AlertRule>('PUT', `${base}/alert-rules/${part(name)}`, { body, ...condition });
export const removeAlertRule = (name: string) => call<void>('DELETE', `${base}/alert-rules/${part(name)}`);
export const previewAlertRule = (properties: api.AlertRuleProperties, span: Span, signal?: Signal) =>
  call<api.AlertPreview>('POST', `${base}/alert-rules/preview`, {
    body: { properties, ...spanQuery(span) },
    signal,
    timeoutMs: 60_000,
  });
export async function getActionGroups(signal?: Signal) {
  return (await call<api.List<api.ActionGroup>>('GET', `${base}/action-groups`, { signal })).value;
}
export const putActionGroup = (name: string, body: api.ActionGroupDocument, condition: Condition) =>
  call<api.ActionGroup>('PUT', `${base}/action-groups/${part(name)}`, { body, ...condition });
export const removeActionGroup = (name: string) => call<void>('DELETE', `${base}/action-groups/${part(name)}`);
/** Sends it, once, and waits for what comes of it. */
export async function testActionGroup(name: string) {
  const path = `${base}/action-groups/${part(name)}/test`;
  return (await call<api.List<api.Delivery>>('POST', path, { timeoutMs: 60_000 })).value;
}
