// SPDX-License-Identifier: Apache-2.0
// "Application or network?" as the seed's walk-through asks it: the server decides (src/evaluate/service_verdict.h),
// here are the words for what it says, and why a value is missing.
import type { ServiceVerdict } from '../api/types.ts';

export const VERDICT_NAMES: Record<ServiceVerdict['issue'], string> = {
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
