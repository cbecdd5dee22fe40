// SPDX-License-Identifier: Apache-2.0
import { formatBound, freeze, formatInstant } from '../core/time/range.ts';
import { serverNow } from '../core/time/clock.ts';
import { rangeOf, stringifySearch } from '../core/url/search.ts';
import { makeLink } from '../core/api/endpoints.ts';
import { toast } from '../ui/toast.tsx';
import { urlNow } from './search.tsx';

export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast(`The browser did not allow copying. Here it is: ${text}`, true);
  }
}

/** What is seen, so that it is the same tomorrow: the range and, when live, this instant are made absolute. */
export function frozenTarget(): string {
  const url = urlNow();
  const now = serverNow();
  const range = freeze(rangeOf(url), now);
  const at = url.at ?? formatInstant(Math.floor(now / 1000) * 1000);
  return location.pathname + stringifySearch({ ...url, from: formatBound(range.from), to: formatBound(range.to), at });
}

const SAME = 'It shows this range and this instant to everybody.';

/** A short link; or the long one, which says all by itself, when the server has none. */
export async function share(): Promise<void> {
  const target = frozenTarget();
  try {
    const { id } = await makeLink(target);
    await copyText(`${location.origin}/l/${id}`, `Link copied. ${SAME}`);
  } catch {
    await copyText(location.origin + target, `Link copied; it is long, since the server gave no short one. ${SAME}`);
  }
}
