// SPDX-License-Identifier: Apache-2.0
// Connection monitors: read, preview, change.
import { Refusal } from './http.mjs';

export function planRoutes(mock) {
  const view = (document) => {
    const tests = mock.tests.filter((test) => test.monitor === document.name);
    return {
      name: document.name,
      state: 'Pass',
      reason: null,
      tests: tests.length,
      etag: '"1"',
      created: new Date(mock.now() - 9e8).toISOString(),
      updated: new Date(mock.now() - 9e7).toISOString(),
      document,
    };
  };
  const find = (name) => {
    const found = mock.documents.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (!found) throw new Refusal(404, 'NotFound', `There is no connection monitor ${name}.`);
    return found;
  };
  return [
    ['GET', /^\/api\/v1\/connection-monitors$/, () => ({ value: mock.documents.map(view) })],
    ['GET', /^\/api\/v1\/connection-monitors\/([^/]+)$/, ({ parts }) => view(find(parts[0]))],
    [
      'PUT',
      /^\/api\/v1\/connection-monitors\/([^/]+)$/,
      ({ parts, body }) => {
        const faults = faultsOf(body ?? {});
        if (faults.length)
          throw new Refusal(
            400,
            'InvalidInput',
            faults[0].message,
            faults.map((fault) => ({ ...fault, text: fault.message })),
          );
        mock.documents = [...mock.documents.filter((each) => each.name !== parts[0]), { ...body, name: parts[0] }];
        mock.replan();
        const tests = mock.tests.filter((each) => each.monitor === parts[0]).length;
        return {
          dryRun: false,
          changes: [{ name: parts[0], change: 'created', tests, testsAdded: tests, testsRemoved: 0, differences: [] }],
          warnings: [],
        };
      },
    ],
    [
      'DELETE',
      /^\/api\/v1\/connection-monitors\/([^/]+)$/,
      ({ parts }) => {
        find(parts[0]);
        mock.documents = mock.documents.filter((each) => each.name !== parts[0]);
        mock.replan();
      },
    ],
    ['POST', /^\/api\/v1\/preview$/, ({ body }) => previewOf(body ?? {})],
  ];
}

function faultsOf(document) {
  const faults = [];
  const fault = (path, message) => faults.push({ path, message });
  if (!document.name) fault('name', 'a connection monitor needs a name');
  (document.endpoints ?? []).forEach((each, i) => {
    if (!each.name) fault(`endpoints[${i}].name`, 'an endpoint needs a name');
    if (each.type === 'ExternalAddress' && !each.address)
      fault(`endpoints[${i}].address`, 'an external address needs an address or a host name');
  });
  (document.testGroups ?? []).forEach((group, i) => {
    for (const key of ['sources', 'destinations', 'testConfigurations'])
      if (!group[key]?.length) fault(`testGroups[${i}].${key}`, `the test group needs ${key}`);
  });
  if (!document.testGroups?.length) fault('testGroups', 'a connection monitor needs a test group');
  return faults;
}

function previewOf(document) {
  const matrix = (document.testGroups ?? []).map((group) => ({
    testGroup: group.name,
    sources: group.sources ?? [],
    destinations: group.destinations ?? [],
    configurations: group.testConfigurations ?? [],
    tests: (group.sources?.length ?? 0) * (group.destinations?.length ?? 0) * (group.testConfigurations?.length ?? 0),
  }));
  const tests = matrix.reduce((sum, group) => sum + group.tests, 0);
  return { faults: faultsOf(document), warnings: [], tests, matrix, checksPerSecond: tests / 6 };
}
