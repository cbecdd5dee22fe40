// SPDX-License-Identifier: Apache-2.0
// "Application or network?" as the seed's walk-through asks it: response time and network latency of one
// service beside each other. The numbers that lead to the sentence are part of the answer, so that a reader
// can check it. Belongs to the server; stands here until its API has it (no state depends on it).

export interface Verdict {
  readonly kind: 'application' | 'network' | 'both' | 'none' | 'unknown';
  /** One sentence for people. */
  readonly text: string;
  /** Pearson's correlation of the two series over the steps where both are known; NaN if it has no meaning. */
  readonly correlation: number;
  /** Latest quarter against the usual: 3.4 is "3.4 times as long". */
  readonly responseRise: number;
  readonly latencyRise: number;
}

type Series = readonly (number | null)[];

/** A rise counts from here on: 30 % more than usual and at least 10 ms. */
const RISE = 1.3;
const RISE_MS = 10;
const PAIRS_MIN = 12;

export function median(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function correlation(a: Series, b: Series): number {
  const pairs = a.flatMap((x, i) => (x !== null && b[i] !== null && b[i] !== undefined ? [[x, b[i]] as const] : []));
  if (pairs.length < PAIRS_MIN) return NaN;
  const mean = (index: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[index], 0) / pairs.length;
  const [ma, mb] = [mean(0), mean(1)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [x, y] of pairs) {
    ab += (x - ma) * (y - mb);
    aa += (x - ma) ** 2;
    bb += (y - mb) ** 2;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : NaN;
}

const known = (values: Series) => values.filter((value): value is number => value !== null);

/** Usual is the lower quartile of all steps, which an incident of some hours does not move; now is the median of the last ones. */
function rise(values: Series, recent: number): { times: number; usual: number; now: number } {
  const all = known(values).sort((a, b) => a - b);
  const usual = all[Math.floor(all.length / 4)] ?? NaN;
  const now = median(known(values.slice(-recent)));
  return { times: now / usual, usual, now };
}

function hasRisen({ times, usual, now }: { times: number; usual: number; now: number }): boolean {
  return times >= RISE && now - usual >= RISE_MS;
}

const ms = (value: number) => `${Math.round(value)} ms`;

/** `recent` is how many of the last steps are "now". */
export function judge(response: Series, latency: Series, recent: number): Verdict {
  const app = rise(response, recent);
  const net = rise(latency, recent);
  const base = { correlation: correlation(response, latency), responseRise: app.times, latencyRise: net.times };
  const isUnknown = Number.isNaN(app.times) || Number.isNaN(net.times);
  if (isUnknown) return { ...base, kind: 'unknown', text: unknownText(app.now, net.now) };
  const [slowApp, slowNet] = [hasRisen(app), hasRisen(net)];
  if (!slowApp) {
    const text = slowNet
      ? `Network latency went up from ${ms(net.usual)} to ${ms(net.now)}, and the response time does not show it.`
      : `Neither has gone up: response time ${ms(app.now)}, network latency ${ms(net.now)}.`;
    return { ...base, kind: slowNet ? 'network' : 'none', text };
  }
  const up = `The response time went up from ${ms(app.usual)} to ${ms(app.now)}`;
  if (!slowNet)
    return {
      ...base,
      kind: 'application',
      text: `${up}, while the network latency stayed at ${ms(net.now)} (usually ${ms(net.usual)}).`,
    };
  const [more, share] = [app.now - app.usual, net.now - net.usual];
  // A request crosses the network several times, so even a third of the rise explains all of it.
  const isExplained = share * 3 >= more;
  const text = `${up}, and the network latency with it from ${ms(net.usual)} to ${ms(net.now)}.`;
  return isExplained
    ? { ...base, kind: 'network', text }
    : { ...base, kind: 'both', text: `${text} That explains a part only.` };
}

function unknownText(response: number, latency: number): string {
  if (Number.isNaN(response) && Number.isNaN(latency)) return 'Nothing was measured lately.';
  return Number.isNaN(response)
    ? 'There is no response time to compare with the network latency.'
    : 'There is no network latency to compare the response time with.';
}

export const VERDICT_NAMES: Record<Verdict['kind'], string> = {
  application: 'Application issue',
  network: 'Network issue',
  both: 'Network and application issue',
  none: 'No issue',
  unknown: 'Cannot be told',
};

/** Why a value is NA, after the seed's Diagnostics section. */
export function explainNa(value: {
  hasResponse: boolean;
  hasNetwork: boolean;
  hasWebTest: boolean;
  hasNetworkTest: boolean;
}): string[] {
  if (value.hasResponse && value.hasNetwork) return [];
  const reasons: string[] = [];
  if (!value.hasWebTest)
    reasons.push('Response time is NA: no HTTP test configuration watches this service, only network tests do.');
  if (!value.hasNetworkTest)
    reasons.push('Network latency and loss are NA: no TCP or ICMP test configuration measures the network to it.');
  const [isWebDown, isNetworkDown] = [
    value.hasWebTest && !value.hasResponse,
    value.hasNetworkTest && !value.hasNetwork,
  ];
  const doesAnythingAnswer = value.hasResponse || value.hasNetwork;
  if (!doesAnythingAnswer && (isWebDown || isNetworkDown)) {
    reasons.push(
      'Nothing answers: the application is down, the target is wrong, or the agent is down or has no network.',
    );
  } else if (isWebDown) {
    reasons.push(
      'The network reaches the target, yet no HTTP answer comes: it may be no web application, or the application is down.',
    );
  } else if (isNetworkDown) {
    reasons.push('The application answers, yet network checks do not: a firewall on the way or the target drops them.');
  }
  return reasons;
}
