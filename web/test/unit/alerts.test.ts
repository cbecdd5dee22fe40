// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import type { Alert } from '../../src/core/api/types.ts';
import {
  addCriterion,
  areThresholdsNumbers,
  begin,
  BEGINNINGS,
  durationWords,
  emptyRule,
  otherDimensions,
  removeCriterion,
  scopeOf,
  secondsOf,
  splitOf,
  WINDOWS,
  withActions,
  withCriterion,
  withScope,
  withSplit,
} from '../../src/pages/alerts/rule.ts';
import { combinationWords, fits, testsOf } from '../../src/pages/alerts/words.ts';

const rule = emptyRule('s-1', 'cm1');
const MONITOR_ID =
  '/subscriptions/s-1/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/w/connectionMonitors/cm1';

describe('an alert rule', () => {
  test('begins as Azure wants it, for the monitor that it was asked for', () => {
    expect(rule.scopes).toEqual(['connectionMonitors/cm1']);
    expect(rule.criteria['odata.type']).toMatch(/\.SingleResource/);
    expect(rule.criteria.allOf).toHaveLength(1);
    expect(rule.criteria.allOf[0]).toMatchObject({ metricName: 'TestResult', operator: 'GreaterThan', threshold: 2 });
    expect(splitOf(rule, 'SourceName')).toEqual({ kind: 'each' });
    expect(splitOf(rule, 'SourceAddress')).toEqual({ kind: 'together' });
  });

  test.each(BEGINNINGS.map((_, i) => i))('keeps its scope and times when it begins anew (%i)', (i) => {
    const begun = begin({ ...rule, windowSize: 'PT1H' }, i);
    expect(begun).toMatchObject({ scopes: rule.scopes, windowSize: 'PT1H', severity: BEGINNINGS[i]!.severity });
  });

  test('reads scopes in full and in short, and keeps the ones that were sent', () => {
    const sent = { ...rule, scopes: [MONITOR_ID] };
    expect(scopeOf(sent)).toEqual({ kind: 'monitors', names: ['cm1'] });
    const more = withScope(sent, { kind: 'monitors', names: ['cm1', 'cm2'] }, 's-1');
    expect(more.scopes).toEqual([MONITOR_ID, 'connectionMonitors/cm2']);
    expect(more.criteria['odata.type']).toMatch(/\.MultipleResource/);
    const all = withScope(sent, { kind: 'all' }, 's-1');
    expect(all.scopes).toEqual(['/subscriptions/s-1']);
    expect(scopeOf(all)).toEqual({ kind: 'all' });
    const group = { ...rule, scopes: ['resourceGroups/web'] };
    expect(scopeOf(group)).toEqual({ kind: 'other', scopes: ['resourceGroups/web'] });
    expect(withScope(group, scopeOf(group), 's-1').scopes).toEqual(group.scopes);
  });

  test('takes dimensions apart in four ways, whatever their case, all conditions alike', () => {
    const two = addCriterion(rule);
    for (const split of [
      { kind: 'these', values: ['a', 'b'] },
      { kind: 'others', values: ['c'] },
      { kind: 'each' },
      { kind: 'together' },
    ] as const) {
      const changed = withSplit(two, 'sourcename', split);
      expect(splitOf(changed, 'SourceName')).toEqual(split);
      expect(changed.criteria.allOf[1]!.dimensions).toEqual(changed.criteria.allOf[0]!.dimensions);
      // The others stay as they were.
      expect(splitOf(changed, 'DestinationName')).toEqual({ kind: 'each' });
    }
    expect(splitOf(withSplit(rule, 'SourceAddress', { kind: 'each' }), 'SourceAddress')).toEqual({ kind: 'each' });
  });

  test('keeps what its form does not know', () => {
    const [criterion] = rule.criteria.allOf;
    const strange = { name: 'SourceSubnet', operator: 'Exclude', values: ['10.0.0.0/8'] };
    const sent = {
      ...rule,
      targetResourceRegion: 'local',
      criteria: { ...rule.criteria, allOf: [{ ...criterion!, skipMetricValidation: true, dimensions: [strange] }] },
      actions: [{ actionGroupId: '/G/One', webHookProperties: { team: 'net' } }],
    };
    expect(otherDimensions(sent)).toEqual(['SourceSubnet: not 10.0.0.0/8']);
    const changed = withActions(withCriterion(withSplit(sent, 'SourceName', { kind: 'each' }), 0, { threshold: 5 }), [
      '/g/one',
      '/g/two',
    ]);
    expect(changed['targetResourceRegion']).toBe('local');
    expect(changed.criteria.allOf[0]).toMatchObject({ skipMetricValidation: true, threshold: 5 });
    expect(changed.criteria.allOf[0]!.dimensions).toContainEqual(strange);
    expect(changed.actions).toEqual([sent.actions[0], { actionGroupId: '/g/two' }]);
  });

  test('names conditions apart, also after one was taken away', () => {
    const three = addCriterion(addCriterion(rule));
    expect(three.criteria.allOf.map((each) => each.name)).toEqual(['c1', 'c2', 'c3']);
    const again = addCriterion(removeCriterion(three, 1));
    expect(new Set(again.criteria.allOf.map((each) => each.name)).size).toBe(3);
  });

  test('is not asked about while a threshold is no number', () => {
    expect(areThresholdsNumbers(rule)).toBe(true);
    expect(areThresholdsNumbers(withCriterion(rule, 0, { threshold: NaN }))).toBe(false);
  });

  test('durations are those of ISO 8601', () => {
    expect(WINDOWS.map(secondsOf)).toEqual([60, 300, 900, 1800, 3600, 21_600, 43_200, 86_400]);
    expect(secondsOf('5 minutes')).toBeNaN();
    expect(secondsOf('P')).toBeNaN();
    expect(['PT1M', 'PT5M', 'PT1H', 'P1D', 'nonsense'].map(durationWords)).toEqual([
      '1 minute',
      '5 minutes',
      '1 hour',
      '1 day',
      'nonsense',
    ]);
  });
});

const alert: Alert = {
  id: '1',
  rule: { name: 'mail-fails', id: '' },
  severity: 1,
  state: 'Fired',
  fired: '2026-11-21T19:00:00Z',
  resolved: null,
  resolvedBy: null,
  dimensions: [
    { name: 'SourceName', value: 'ams2-agent-03' },
    { name: 'DestinationName', value: 'outlook.office365.com' },
    { name: 'TestConfigurationName', value: 'https' },
    { name: 'SourceAddress', value: '10.1.2.3' },
  ],
  monitors: ['cm-office365'],
  tests: ['00000000000000aa'],
  testCount: 1,
  sentence: 'TestResult was 3.',
};

describe('an alert', () => {
  test('says of what it is', () => {
    expect(combinationWords(alert.dimensions)).toBe('ams2-agent-03 → outlook.office365.com, https, 10.1.2.3');
    expect(combinationWords([])).toBe('all tests together');
    expect(combinationWords([{ name: 'DestinationName', value: 'ldap' }])).toBe('ldap');
  });

  test('leads to its tests as a filter of the overview', () =>
    expect(testsOf(alert)).toEqual({
      view: 'tests',
      monitor: ['cm-office365'],
      src: ['ams2-agent-03'],
      dst: ['outlook.office365.com'],
      cfg: ['https'],
      q: 'src:"10.1.2.3"',
    }));

  test.each([
    [{}, true],
    [{ text: 'MAIL ams2' }, true],
    [{ text: 'mail fra1' }, false],
    [{ severities: ['Sev1'] }, true],
    [{ severities: ['Sev2'] }, false],
    [{ monitors: ['cm-core', 'cm-office365'] }, true],
    [{ monitors: ['cm-core'] }, false],
    [{ ids: ['00000000000000aa'] }, true],
    [{ ids: ['1'] }, true],
    [{ ids: ['00000000000000ab'] }, false],
  ])('is found by %j: %s', (filter, isFound) => expect(fits(alert, filter)).toBe(isFound));
});
