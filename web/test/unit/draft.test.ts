// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { firstMonitor } from '../../src/pages/overview/FirstRun.tsx';
import {
  draftOf,
  emptyDraft,
  faultAt,
  freeName,
  removeEndpoint,
  renameConfiguration,
  renameEndpoint,
  withProtocol,
} from '../../src/pages/wizard/draft.ts';
import { expand } from '../../mock-api/world.mjs';

const draft = draftOf(
  {
    outputs: [{ type: 'Workspace' }],
    endpoints: [
      { name: 'a', type: 'Agent', coverageLevel: 'Full' },
      { name: 'd', type: 'ExternalAddress', address: 'd.example' },
    ],
    testConfigurations: [{ name: 'ping', protocol: 'Icmp' }],
    testGroups: [{ name: 'g', sources: ['a'], destinations: ['d', 'a'], testConfigurations: ['ping'] }],
  },
  'm',
);

describe('the draft', () => {
  test('keeps what it does not know', () =>
    expect(draft).toMatchObject({ name: 'm', outputs: [{ type: 'Workspace' }] }));

  test('a new name of an endpoint goes into the groups, and the agent stays the same one', () => {
    const renamed = renameEndpoint(draft, 0, 'b');
    expect(renamed.testGroups[0]).toMatchObject({ sources: ['b'], destinations: ['d', 'b'] });
    expect(renamed.endpoints[0]).toMatchObject({ name: 'b', coverageLevel: 'Full', linewatch: { agent: 'a' } });
  });

  test('what is removed or renamed leaves no trace in groups', () => {
    expect(removeEndpoint(draft, 0).testGroups[0]).toMatchObject({ sources: [], destinations: ['d'] });
    expect(renameConfiguration(draft, 0, 'p2').testGroups[0]!.testConfigurations).toEqual(['p2']);
  });

  test('another protocol has its own settings only', () => {
    const tcp = withProtocol({ name: 'x', protocol: 'Icmp', successThreshold: { roundTripTimeMs: 5 } }, 'Tcp');
    expect(tcp).toEqual({
      name: 'x',
      protocol: 'Tcp',
      tcpConfiguration: { port: 443 },
      successThreshold: { roundTripTimeMs: 5 },
    });
    const http = withProtocol({ ...tcp, tcpConfiguration: { port: 8080 } }, 'Http');
    expect(http.httpConfiguration?.port).toBe(8080);
    expect(http).not.toHaveProperty('tcpConfiguration');
  });

  test('faults stand at their own field', () => {
    const faults = [
      { path: 'connectionMonitors[0].endpoints[2].name', message: 'x' },
      { path: 'name', message: 'y' },
    ];
    expect(faultAt(faults, 'name')).toBe('y');
    expect(faultAt(faults, 'endpoints[2].name')).toBe('x');
    expect(faultAt(faults.slice(0, 1), 'name')).toBeUndefined();
  });

  test('free names count up', () => {
    expect(freeName('a', ['b'])).toBe('a');
    expect(freeName('a', ['a', 'a-2'])).toBe('a-3');
    expect(emptyDraft(undefined).endpoints).toEqual([]);
  });
});

test('the first monitor makes two tests for each target', () => {
  const document = firstMonitor('first', 'local', [
    'www.example.com',
    '10.0.0.1',
    'https://db.internal:5432/x',
    '[2001:db8::1]:22',
  ]);
  const tests = expand(document).map(
    (each: { destination: string; configuration: string }) => `${each.destination} ${each.configuration}`,
  );
  expect(tests).toEqual([
    'www.example.com ping',
    'www.example.com tcp-443',
    '10.0.0.1 ping',
    '10.0.0.1 tcp-443',
    'db.internal ping',
    'db.internal tcp-5432',
    '2001:db8::1 ping',
    '2001:db8::1 tcp-22',
  ]);
});
