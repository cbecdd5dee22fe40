// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { explainNa } from '../../src/core/verdict/verdict.ts';
import { toYaml } from '../../src/core/text/yaml.ts';

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
