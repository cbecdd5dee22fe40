// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { correlation, explainNa, judge } from '../../src/core/verdict/verdict.ts';
import { toYaml } from '../../src/core/text/yaml.ts';
import { random } from './random.ts';

const series = (usual: number, now: number) => Array.from({ length: 100 }, (_, i) => (i < 85 ? usual : now) + (i % 3));

describe('application or network?', () => {
  test('response time up, latency consistent: application issue', () => {
    const verdict = judge(series(100, 340), series(30, 31), 12);
    expect(verdict.kind).toBe('application');
    expect(verdict.text).toContain('from 100 ms to 341 ms');
    expect(verdict.responseRise).toBeCloseTo(3.4, 1);
  });
  test('both up together: network issue', () => {
    const verdict = judge(series(100, 230), series(20, 70), 12);
    expect(verdict.kind).toBe('network');
    expect(verdict.correlation).toBeGreaterThan(0.95);
  });
  test('both up, the network by far too little: both', () =>
    expect(judge(series(100, 900), series(20, 60), 12).kind).toBe('both'));
  test('neither up: no issue', () => expect(judge(series(100, 104), series(20, 21), 12).kind).toBe('none'));
  test('without one of them nothing can be told', () => {
    expect(
      judge(
        series(100, 300),
        series(1, 1).map(() => null),
        12,
      ),
    ).toMatchObject({ kind: 'unknown', text: expect.stringContaining('no network latency') });
    expect(judge([], [], 12).text).toBe('Nothing was measured lately.');
  });
  test('correlation is that of the definition and ignores gaps', () => {
    const next = random(6);
    const a = Array.from({ length: 50 }, () => next());
    expect(
      correlation(
        a,
        a.map((x) => 3 - 2 * x),
      ),
    ).toBeCloseTo(-1, 12);
    expect(correlation([...a, null], [...a, 5])).toBeCloseTo(1, 12);
    expect(
      correlation(
        a,
        a.map(() => 7),
      ),
    ).toBeNaN();
    expect(correlation([1, 2], [1, 2])).toBeNaN();
  });
});

test('NA is explained as the seed does', () => {
  const all = { hasResponse: true, hasNetwork: true, hasWebTest: true, hasNetworkTest: true };
  expect(explainNa(all)).toEqual([]);
  expect(explainNa({ ...all, hasResponse: false })[0]).toContain('no web application');
  expect(explainNa({ ...all, hasNetwork: false })[0]).toContain('firewall');
  // Without an HTTP test nobody can say that the application answers.
  const networkOnly = { hasResponse: false, hasNetwork: false, hasWebTest: false, hasNetworkTest: true };
  expect(explainNa(networkOnly).join(' ')).toMatch(/no HTTP test.*Nothing answers/);
  expect(explainNa({ ...all, hasResponse: false, hasNetwork: false })[0]).toContain('application is down');
  expect(explainNa({ ...all, hasResponse: false, hasWebTest: false })[0]).toContain('no HTTP test configuration');
});

test('YAML of a monitor is what a person would write, and quotes what would be read otherwise', () => {
  const text = toYaml({
    connectionMonitors: [
      {
        name: 'a',
        notes: 'yes',
        endpoints: [{ name: 'b', address: '1.1.1.1', linewatch: { agent: 'x: y' } }],
        testGroups: [{ sources: ['a', 'no', '10'], disable: false, empty: [] }],
      },
    ],
  });
  expect(text).toBe(
    'connectionMonitors:\n  - name: a\n    notes: "yes"\n    endpoints:\n      - name: b\n        address: "1.1.1.1"\n        linewatch:\n          agent: "x: y"\n    testGroups:\n      - sources: [a, "no", "10"]\n        disable: false\n        empty: []\n',
  );
});
