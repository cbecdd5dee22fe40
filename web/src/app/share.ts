// SPDX-License-Identifier: Apache-2.0
import { formatBound, freeze, formatInstant } from '../core/time/range.ts';
import { serverNow } from '../core/time/clock.ts';
import { rangeOf, stringifySearch } from '../core/url/search.ts';
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

/** A link to what is seen, that shows the same tomorrow: the range and, when live, this instant are made absolute. */
export function useFrozenLink(): () => string {
  return () => {
    const url = urlNow();
    const now = serverNow();
    const range = freeze(rangeOf(url), now);
    const at = url.at ?? formatInstant(Math.floor(now / 1000) * 1000);
    return (
      location.origin +
      location.pathname +
      stringifySearch({ ...url, from: formatBound(range.from), to: formatBound(range.to), at })
    );
  };
}

export function useShare(): () => Promise<void> {
  const link = useFrozenLink();
  return () => copyText(link(), 'Link copied. It shows this range and this instant to everybody.');
}
