// SPDX-License-Identifier: Apache-2.0
// An alert rule as its form changes it: Azure's properties themselves, so that what the form does not know stays.
import type { AlertCriterion, AlertRuleProperties } from '../../core/api/types.ts';
import type { WordColumnName } from '../../core/api/snapshot.ts';

type Properties = AlertRuleProperties;

const NAMESPACE = 'Microsoft.Network/networkWatchers/connectionMonitors';
const ONE = 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria';
const MANY = 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria';

export const METRICS = [
  { name: 'ChecksFailedPercent', words: 'Checks failed', unit: '%' },
  { name: 'RoundTripTimeMs', words: 'Round-trip time', unit: 'ms' },
  { name: 'TestResult', words: 'Test result: 1 pass, 2 warning, 3 fail', unit: '' },
] as const;

export const AGGREGATIONS = ['Average', 'Maximum', 'Minimum', 'Total', 'Count'] as const;

export const OPERATORS = [
  ['GreaterThan', 'above'],
  ['GreaterThanOrEqual', 'at least'],
  ['LessThan', 'below'],
  ['LessThanOrEqual', 'at most'],
  ['Equals', 'equal to'],
] as const;

export const FREQUENCIES = ['PT1M', 'PT5M', 'PT15M', 'PT30M', 'PT1H'] as const;
export const WINDOWS = [...FREQUENCIES, 'PT6H', 'PT12H', 'P1D'] as const;

/** "PT5M" in seconds; NaN for what is none of the durations that Azure's rules have. */
export function secondsOf(duration: string): number {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration);
  if (!match || duration.length < 3) return NaN;
  const [days, hours, minutes, seconds] = match.slice(1).map((text) => Number(text ?? 0));
  return ((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!;
}

/** "PT5M" to "5 minutes". */
export function durationWords(duration: string): string {
  const seconds = secondsOf(duration);
  if (Number.isNaN(seconds)) return duration;
  const [count, unit] =
    seconds % 86_400 === 0
      ? [seconds / 86_400, 'day']
      : seconds % 3600 === 0
        ? [seconds / 3600, 'hour']
        : seconds % 60 === 0
          ? [seconds / 60, 'minute']
          : [seconds, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** What tests are told apart by, and where their names stand in a snapshot. */
export const DIMENSIONS: readonly { name: string; words: string; column: WordColumnName }[] = [
  { name: 'SourceName', words: 'Source', column: 'source' },
  { name: 'DestinationName', words: 'Destination', column: 'destination' },
  { name: 'TestGroupName', words: 'Test group', column: 'group' },
  { name: 'TestConfigurationName', words: 'Test configuration', column: 'configuration' },
  { name: 'SourceAddress', words: 'Source address', column: 'sourceAddress' },
  { name: 'DestinationAddress', words: 'Destination address', column: 'address' },
];

const EACH_TEST = ['SourceName', 'DestinationName', 'TestGroupName', 'TestConfigurationName'];

function criterion(change: Partial<AlertCriterion>): AlertCriterion {
  return {
    criterionType: 'StaticThresholdCriterion',
    name: 'c1',
    metricName: 'TestResult',
    metricNamespace: NAMESPACE,
    timeAggregation: 'Maximum',
    operator: 'GreaterThan',
    threshold: 2,
    dimensions: EACH_TEST.map((name) => ({ name, operator: 'Include', values: ['*'] })),
    ...change,
  };
}

/** What rules usually look for; thresholds as Microsoft's baseline for connection monitors has them. */
export const BEGINNINGS: readonly { words: string; severity: number; change: Partial<AlertCriterion> }[] = [
  { words: 'A test fails', severity: 3, change: {} },
  {
    words: 'Many checks of a test fail',
    severity: 1,
    change: { metricName: 'ChecksFailedPercent', timeAggregation: 'Average', threshold: 50 },
  },
  {
    words: 'A test is slow',
    severity: 3,
    change: { metricName: 'RoundTripTimeMs', timeAggregation: 'Average', threshold: 500 },
  },
];

export function begin(properties: Properties, index: number): Properties {
  const beginning = BEGINNINGS[index]!;
  return {
    ...properties,
    severity: beginning.severity,
    criteria: { ...properties.criteria, allOf: [criterion(beginning.change)] },
  };
}

export type RuleScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'monitors'; readonly names: readonly string[] }
  /** Something that the form has no words for. */
  | { readonly kind: 'other'; readonly scopes: readonly string[] };

export function emptyRule(subscription: string, monitor?: string): Properties {
  const bare: Properties = {
    description: '',
    severity: 3,
    enabled: true,
    scopes: [],
    evaluationFrequency: 'PT1M',
    windowSize: 'PT5M',
    autoMitigate: true,
    criteria: { 'odata.type': ONE, allOf: [] },
    actions: [],
  };
  const scope: RuleScope = monitor === undefined ? { kind: 'all' } : { kind: 'monitors', names: [monitor] };
  return begin(withScope(bare, scope, subscription), 0);
}

/** The name of the connection monitor that a scope is; null if it is something larger. */
function monitorOf(scope: string): string | null {
  const found = /(?:^|\/)connectionMonitors\/([^/]+)\/?$/i.exec(scope);
  if (!found) return null;
  try {
    return decodeURIComponent(found[1]!);
  } catch {
    return found[1]!;
  }
}

export function scopeOf({ scopes }: Properties): RuleScope {
  const names = scopes.map(monitorOf);
  if (names.every((name) => name !== null)) return { kind: 'monitors', names: names as string[] };
  const isAll = scopes.length === 1 && /^\/subscriptions\/[^/]+\/?$/i.test(scopes[0]!);
  return isAll ? { kind: 'all' } : { kind: 'other', scopes };
}

export function withScope(properties: Properties, scope: RuleScope, subscription: string): Properties {
  if (scope.kind === 'other') return { ...properties, scopes: [...scope.scopes] };
  const before = new Map(properties.scopes.map((each) => [monitorOf(each), each]));
  const scopes =
    scope.kind === 'all'
      ? [`/subscriptions/${subscription}`]
      : scope.names.map((name) => before.get(name) ?? `connectionMonitors/${name}`);
  const isOne = scope.kind === 'monitors' && scopes.length <= 1;
  return { ...properties, scopes, criteria: { ...properties.criteria, 'odata.type': isOne ? ONE : MANY } };
}

/** How a rule takes a dimension: tests put together whatever their value, each value apart, or some only. */
export type Split =
  | { readonly kind: 'together' }
  | { readonly kind: 'each' }
  | { readonly kind: 'these'; readonly values: readonly string[] }
  | { readonly kind: 'others'; readonly values: readonly string[] };

const isNamed = (name: string) => (each: { name: string }) => each.name.toLowerCase() === name.toLowerCase();

/** Of the first condition: Azure wants those of all conditions to be the same. */
export function splitOf({ criteria }: Properties, name: string): Split {
  const found = criteria.allOf[0]?.dimensions?.find(isNamed(name));
  if (!found) return { kind: 'together' };
  const isExcluded = found.operator.toLowerCase() === 'exclude';
  if (!isExcluded && found.values.includes('*')) return { kind: 'each' };
  return { kind: isExcluded ? 'others' : 'these', values: found.values };
}

export function withSplit(properties: Properties, name: string, split: Split): Properties {
  const dimension = {
    name,
    operator: split.kind === 'others' ? 'Exclude' : 'Include',
    values: split.kind === 'these' || split.kind === 'others' ? [...split.values] : ['*'],
  };
  const change = (before: NonNullable<AlertCriterion['dimensions']>) => {
    if (split.kind === 'together') return before.filter((each) => !isNamed(name)(each));
    if (!before.some(isNamed(name))) return [...before, dimension];
    return before.map((each) => (isNamed(name)(each) ? dimension : each));
  };
  const first = change(properties.criteria.allOf[0]?.dimensions ?? []);
  const allOf = properties.criteria.allOf.map((each) => ({ ...each, dimensions: first }));
  return { ...properties, criteria: { ...properties.criteria, allOf } };
}

/** Dimensions that the rule names and the form does not offer: they are shown and kept. */
export function otherDimensions({ criteria }: Properties): string[] {
  return (criteria.allOf[0]?.dimensions ?? [])
    .filter((each) => !DIMENSIONS.some(({ name }) => isNamed(name)(each)))
    .map((each) => `${each.name}: ${each.operator === 'Exclude' ? 'not ' : ''}${each.values.join(', ')}`);
}

export const CRITERIA_MAX = 5;

export function withCriterion(properties: Properties, index: number, change: Partial<AlertCriterion>): Properties {
  const allOf = properties.criteria.allOf.map((each, i) => (i === index ? { ...each, ...change } : each));
  return { ...properties, criteria: { ...properties.criteria, allOf } };
}

export function addCriterion(properties: Properties): Properties {
  const { allOf } = properties.criteria;
  const names = new Set(allOf.map((each) => each.name));
  let number = allOf.length + 1;
  while (names.has(`c${number}`)) number++;
  const added = criterion({
    name: `c${number}`,
    metricName: 'RoundTripTimeMs',
    timeAggregation: 'Average',
    threshold: 100,
    dimensions: allOf[0]?.dimensions ?? [],
  });
  return { ...properties, criteria: { ...properties.criteria, allOf: [...allOf, added] } };
}

export function removeCriterion(properties: Properties, index: number): Properties {
  const allOf = properties.criteria.allOf.filter((_, i) => i !== index);
  return { ...properties, criteria: { ...properties.criteria, allOf } };
}

/** Whether a field's text is a number; a rule is asked for only with thresholds that are. */
export function areThresholdsNumbers({ criteria }: Properties): boolean {
  return criteria.allOf.every((each) => typeof each.threshold === 'number' && Number.isFinite(each.threshold));
}

export function withActions(properties: Properties, ids: readonly string[]): Properties {
  const before = properties.actions ?? [];
  const isSame = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const actions = ids.map((id) => before.find((each) => isSame(each.actionGroupId, id)) ?? { actionGroupId: id });
  return { ...properties, actions };
}
