// SPDX-License-Identifier: Apache-2.0
// The one place that calls fetch. The session is a cookie; anything that changes something carries
// X-Linewatch, which a form of another site cannot send. Failures are ApiError objects with a sentence for people.
import { learnServerTimeCoarsely } from '../time/clock.ts';

export interface FaultDetail {
  readonly message: string;
  readonly path?: string;
  readonly text?: string;
  /** Where in a query, from 1 and from 0. */
  readonly line?: number;
  readonly pos?: number;
}

export class ApiError extends Error {
  /** HTTP status; 0 when the server could not be reached. */
  readonly status: number;
  readonly code: string;
  readonly details: readonly FaultDetail[];

  constructor(status: number, code: string, message: string, details: readonly FaultDetail[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

/** What must hold of what is written over (RFC 9110, 13.1). */
export interface Condition {
  ifMatch?: string;
  ifNoneMatch?: '*';
}

export interface CallOptions extends Condition {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  /** The header Prefer (RFC 7240). */
  prefer?: string;
  /** How long to wait for the whole answer. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
const signedOutListeners = new Set<() => void>();

/** Called whenever the server says that there is no session (any more). */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

export function withQuery(path: string, query: Query | undefined): string {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') parts.set(key, String(value));
  }
  const text = parts.toString();
  return text ? `${path}?${text}` : path;
}

interface ErrorBody {
  code?: unknown;
  message?: unknown;
  details?: unknown;
  innererror?: ErrorBody;
}

/** The query API puts the precise cause inside general ones. */
function innermost(error: ErrorBody): string {
  const inner = error.innererror && typeof error.innererror === 'object' ? innermost(error.innererror) : '';
  return inner || (typeof error.message === 'string' ? error.message : '');
}

/** What a failed answer says; bodies that are not ours (a proxy's) give the status in words. */
export function errorOf(status: number, body: unknown): ApiError {
  const error = (body as { error?: ErrorBody } | null)?.error;
  const details = Array.isArray(error?.details) ? (error.details as FaultDetail[]) : [];
  if (typeof error?.message === 'string') {
    const cause = innermost(error);
    // A refusal is best said by its precise cause; of a failure, the general words say more than a number.
    const words = status === 400 || cause === error.message ? cause : `${error.message} (${cause})`;
    return new ApiError(status, String(error.code ?? ''), words, details);
  }
  return new ApiError(status, 'Unexpected', `The server answered with status ${status} and no explanation.`);
}

declare global {
  interface Window {
    /** Answers that public/early.js asked for, by path and query. */
    linewatchEarly?: Map<string, Promise<Response>> | undefined;
  }
}

/** An answer that is on its way already; each is good for one call. */
function takeEarly(method: string, href: string): Promise<Response> | undefined {
  const early = typeof window === 'undefined' ? undefined : window.linewatchEarly;
  const answer = method === 'GET' ? early?.get(href) : undefined;
  early?.delete(href);
  return answer;
}

async function send(method: string, path: string, accept: string, options: CallOptions): Promise<Response> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const headers: Record<string, string> = { Accept: accept };
  if (method !== 'GET') headers['X-Linewatch'] = '1';
  if (options.prefer) headers['Prefer'] = options.prefer;
  if (options.ifMatch) headers['If-Match'] = options.ifMatch;
  if (options.ifNoneMatch) headers['If-None-Match'] = options.ifNoneMatch;
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  const href = withQuery(path, options.query);
  try {
    const early = takeEarly(method, href);
    if (early) return await early;
    return await fetch(href, {
      method,
      headers,
      credentials: 'same-origin',
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    const words = timeout.aborted
      ? 'The server took too long to answer.'
      : 'The server cannot be reached. The page tries again by itself.';
    throw new ApiError(0, timeout.aborted ? 'TimedOut' : 'Unreachable', words);
  }
}

async function checked(response: Response): Promise<Response> {
  learnTime(response);
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  if (response.status === 401) for (const listener of signedOutListeners) listener();
  throw errorOf(response.status, body);
}

/** An answer that the browser may have kept has the date of long ago. */
function learnTime(response: Response): void {
  const date = response.headers.get('Date');
  if (date && !/max-age/.test(response.headers.get('Cache-Control') ?? '')) learnServerTimeCoarsely(Date.parse(date));
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const response = await checked(await send(method, path, 'application/json', options));
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError(response.status, 'Unexpected', 'The server answered with something that is not JSON.');
  }
}

export async function callBytes(path: string, options: CallOptions = {}): Promise<ArrayBuffer> {
  const response = await checked(await send('GET', path, 'application/octet-stream', options));
  return response.arrayBuffer();
}
