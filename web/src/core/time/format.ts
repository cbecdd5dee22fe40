// SPDX-License-Identifier: Apache-2.0
// Times for people. UTC unless the reader chose another zone; the zone is always written.

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, hasSeconds: boolean): Intl.DateTimeFormat {
  const key = `${zone} ${hasSeconds}`;
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone === 'browser' ? undefined : zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: hasSeconds ? '2-digit' : undefined,
      hourCycle: 'h23',
    });
    formatters.set(key, found);
  }
  return found;
}

/** Whether the browser knows the zone; a link may name any. */
export function isZone(zone: string): boolean {
  if (zone === 'browser' || zone === 'UTC') return true;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}

function parts(ms: number, zone: string, hasSeconds: boolean): Record<string, string> {
  if (zone === 'UTC') {
    // As Intl would say it, a hundred times faster.
    const [, year, month, day, hour, minute, second] =
      /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/.exec(new Date(ms).toISOString()) ?? [];
    if (year) return { year, month: month!, day: day!, hour: hour!, minute: minute!, second: second! };
  }
  const found: Record<string, string> = {};
  for (const part of formatter(zone, hasSeconds).formatToParts(ms)) found[part.type] = part.value;
  return found;
}

/** "2026-11-21 11:55Z", or "2026-11-21 12:55" in another zone. Missing times are "–". */
export function formatTime(ms: number | null | undefined, zone = 'UTC', hasSeconds = false): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–';
  const p = parts(ms, zone, hasSeconds);
  const seconds = hasSeconds ? `:${p['second']}` : '';
  return `${p['year']}-${p['month']}-${p['day']} ${p['hour']}:${p['minute']}${seconds}${zone === 'UTC' ? 'Z' : ''}`;
}

/** "11:55Z": for a time of today beside others. */
export function formatClock(ms: number, zone = 'UTC', hasSeconds = false): string {
  const p = parts(ms, zone, hasSeconds);
  return `${p['hour']}:${p['minute']}${hasSeconds ? `:${p['second']}` : ''}${zone === 'UTC' ? 'Z' : ''}`;
}

const LENGTHS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** "3 d 4 h", "12 min": the two largest units. */
export function formatLength(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  let rest = Math.max(0, ms);
  const words: string[] = [];
  for (const [length, name] of LENGTHS) {
    const count = Math.floor(rest / length);
    if (count > 0 || (name === 's' && words.length === 0)) words.push(`${count} ${name}`);
    rest -= count * length;
    if (words.length === 2 || (words.length === 1 && count === 0)) break;
  }
  return words.join(' ');
}
