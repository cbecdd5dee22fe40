// SPDX-License-Identifier: Apache-2.0
// The URL is the state: everything that a colleague must see is in it, and nothing else is.
// Lists are written with commas, `\` escapes a comma or itself. Unknown keys are dropped, bad values
// fall back to the default, and defaults are left out.
import { formatBound, formatInstant, parseBound, type Range } from '../time/range.ts';
import { isZone } from '../time/format.ts';

export type View = 'monitors' | 'groups' | 'tests';
export type Scope = 'all' | 'monitors' | 'groups' | 'sources' | 'destinations' | 'configurations' | 'reasons';

export interface Search {
  from?: string;
  to?: string;
  at?: string;
  tz?: string;
  view?: View;
  q?: string;
  scope?: Scope;
  state?: string[];
  alert?: string[];
  monitor?: string[];
  tgroup?: string[];
  src?: string[];
  dst?: string[];
  cfg?: string[];
  proto?: string[];
  sort?: string;
  sel?: string[];
  open?: string[];
  tab?: string;
  hop?: string;
  by?: string;
  loss?: string;
  delay?: string;
  fold?: string;
  bad?: string;
  cmp?: string;
  metric?: string;
  kql?: string;
}

export const VIEWS: readonly View[] = ['monitors', 'groups', 'tests'];
export const SCOPES: readonly Scope[] = [
  'all',
  'monitors',
  'groups',
  'sources',
  'destinations',
  'configurations',
  'reasons',
];
const LISTS = ['state', 'alert', 'monitor', 'tgroup', 'src', 'dst', 'cfg', 'proto', 'sel', 'open'] as const;
const TEXTS = ['q', 'tab', 'hop', 'by', 'loss', 'delay', 'fold', 'bad', 'cmp', 'metric', 'kql'] as const;
const SORT = /^[+-]?[A-Za-z]{1,40}(,[+-]?[A-Za-z]{1,40}){0,3}$/;
const TEXT_LONGEST = 4000;
const LIST_LONGEST = 500;

export const DEFAULT_FROM = 'now-24h';
export const DEFAULT_TO = 'now';

export function joinList(items: readonly string[]): string {
  return items.map((item) => item.replace(/[\\,]/g, (character) => `\\${character}`)).join(',');
}

export function splitList(text: string): string[] {
  const items: string[] = [];
  let item = '';
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === '\\' && i + 1 < text.length) item += text[++i]!;
    else if (character === ',') {
      items.push(item);
      item = '';
    } else item += character;
  }
  items.push(item);
  return items.filter((each) => each !== '').slice(0, LIST_LONGEST);
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' && value.length <= TEXT_LONGEST ? value : undefined;
}

function asList(value: unknown): string[] | undefined {
  const items = Array.isArray(value) ? value.map(asText) : splitList(asText(value) ?? '');
  const texts = items.filter((item): item is string => item !== undefined).slice(0, LIST_LONGEST);
  return texts.length > 0 ? [...new Set(texts)] : undefined;
}

function asBound(value: unknown, usual: string): string | undefined {
  const bound = parseBound(asText(value) ?? '');
  if (!bound) return undefined;
  const text = formatBound(bound);
  return text === usual ? undefined : text;
}

function asInstant(value: unknown): string | undefined {
  const bound = parseBound(asText(value) ?? '');
  return bound?.kind === 'absolute' ? formatInstant(bound.ms) : undefined;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], usual: T): T | undefined {
  const found = allowed.find((each) => each === value);
  return found === usual ? undefined : found;
}

/** Anything in, a valid search out: what is wrong is left out. */
export function normalise(raw: Record<string, unknown>): Search {
  const search: Search = {
    from: asBound(raw['from'], DEFAULT_FROM),
    to: asBound(raw['to'], DEFAULT_TO),
    at: asInstant(raw['at']),
    view: oneOf(raw['view'], VIEWS, 'monitors'),
    scope: oneOf(raw['scope'], SCOPES, 'all'),
  };
  const zone = asText(raw['tz']);
  if (zone && zone !== 'UTC' && isZone(zone)) search.tz = zone;
  const sort = asText(raw['sort']);
  if (sort && SORT.test(sort)) search.sort = sort;
  for (const key of TEXTS) search[key] = asText(raw[key]);
  for (const key of LISTS) search[key] = asList(raw[key]);
  for (const key of Object.keys(search) as (keyof Search)[]) if (search[key] === undefined) delete search[key];
  return search;
}

export function parseSearch(text: string): Search {
  const raw: Record<string, unknown> = {};
  for (const [key, value] of new URLSearchParams(text.replace(/^\?/, ''))) raw[key] = value;
  return normalise(raw);
}

/** "?from=now-7d&state=Fail,Warning", or nothing when all is as usual. Commas and colons stay readable. */
export function stringifySearch(search: Search): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(normalise(search as Record<string, unknown>))) {
    const text = Array.isArray(value) ? joinList(value) : String(value);
    const encoded = encodeURIComponent(text).replace(/%2C/g, ',').replace(/%3A/g, ':').replace(/%20/g, '+');
    parts.push(`${key}=${encoded}`);
  }
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

function isEqual(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** `next` with the lists of `before` where they are equal, or `before` itself if all is: what depends on them stays. */
export function keepEqual(before: Search, next: Search): Search {
  const keys = Object.keys(next) as (keyof Search)[];
  const kept = Object.fromEntries(keys.map((key) => [key, isEqual(before[key], next[key]) ? before[key] : next[key]]));
  const isSame = keys.length === Object.keys(before).length && keys.every((key) => kept[key] === before[key]);
  return isSame ? before : (kept as Search);
}

/** The range that the URL names. */
export function rangeOf(search: Search): Range {
  return {
    from: parseBound(search.from ?? DEFAULT_FROM) ?? parseBound(DEFAULT_FROM)!,
    to: parseBound(search.to ?? DEFAULT_TO) ?? parseBound(DEFAULT_TO)!,
  };
}

export function withRange(search: Search, range: Range): Search {
  return normalise({ ...search, from: formatBound(range.from), to: formatBound(range.to) });
}

/** The instant of time travel, or null when live. */
export function instantOf(search: Search): number | null {
  const bound = search.at ? parseBound(search.at) : null;
  return bound?.kind === 'absolute' ? bound.ms : null;
}

/** What every link keeps: the time, and how it is shown. */
export function timeOf(search: Search): Search {
  const { from, to, at, tz } = search;
  return normalise({ from, to, at, tz });
}
