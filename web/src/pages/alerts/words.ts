// SPDX-License-Identifier: Apache-2.0
// Alerts in words, and the tests that they are of as a filter of the overview.
import type { Alert, AlertDimension } from '../../core/api/types.ts';
import type { Search } from '../../core/url/search.ts';

const ENDED: Record<NonNullable<Alert['resolvedBy']>, string> = {
  NoBreach: 'three evaluations without a breach',
  RuleChanged: 'the rule was changed',
  RuleDisabled: 'the rule was switched off',
  RuleGone: 'the rule was deleted',
  TestsGone: 'its tests are gone or do not run',
  Hand: 'resolved by hand',
};

export function endedWords(by: Alert['resolvedBy']): string {
  return by === null ? '' : ENDED[by];
}

/** "web1 → shop, tcp443": the values alone, as they stand in the rule's order. */
export function combinationWords(dimensions: readonly AlertDimension[]): string {
  if (dimensions.length === 0) return 'all tests together';
  const valueOf = (name: string) => dimensions.find((each) => each.name.toLowerCase() === name)?.value;
  const [source, destination] = [valueOf('sourcename'), valueOf('destinationname')];
  const others = dimensions.filter((each) => !/^(source|destination)name$/i.test(each.name)).map((each) => each.value);
  const way = source && destination ? [`${source} → ${destination}`] : [source ?? destination].filter(Boolean);
  return [...way, ...others].join(', ');
}

const FACETS: Record<string, 'src' | 'dst' | 'tgroup' | 'cfg' | 'proto'> = {
  sourcename: 'src',
  destinationname: 'dst',
  testgroupname: 'tgroup',
  testconfigurationname: 'cfg',
  protocol: 'proto',
};

/** The overview's list of the tests that an alert is of. */
export function testsOf({ monitors, dimensions }: Pick<Alert, 'monitors' | 'dimensions'>): Search {
  const search: Search = { view: 'tests', monitor: monitors.length > 0 ? monitors : undefined };
  const terms: string[] = [];
  for (const { name, value } of dimensions) {
    const facet = FACETS[name.toLowerCase()];
    if (facet) search[facet] = [value];
    else if (/^source(address|ip)$/i.test(name)) terms.push(`src:"${value}"`);
    else if (/^destination(address|ip)$/i.test(name)) terms.push(`dst:"${value}"`);
  }
  return { ...search, q: terms.join(' ') || undefined };
}

export interface AlertFilter {
  readonly text?: string;
  readonly severities?: readonly string[];
  readonly monitors?: readonly string[];
  /** Ids of tests, or of alerts. */
  readonly ids?: readonly string[];
}

/** Nothing asked for lets all through. */
export function fits(alert: Alert, { text, severities, monitors, ids }: AlertFilter): boolean {
  const words = [alert.sentence, alert.rule.name, ...alert.monitors, ...alert.dimensions.map((each) => each.value)];
  const hasWord = (word: string) => words.some((each) => each.toLowerCase().includes(word));
  return (
    (text ?? '').toLowerCase().split(/\s+/).filter(Boolean).every(hasWord) &&
    (!severities?.length || severities.includes(`Sev${alert.severity}`)) &&
    (!monitors?.length || alert.monitors.some((each) => monitors.includes(each))) &&
    (!ids?.length || ids.includes(alert.id) || alert.tests.some((each) => ids.includes(each)))
  );
}
