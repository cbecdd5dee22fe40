// SPDX-License-Identifier: Apache-2.0
// The mock's world: connection monitors as documents, expanded to tests. Everything follows from names
// and time, so that two runs with the same clock answer the same.

/** 32-bit FNV-1a of a text. */
export function hash(text) {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

/** A number in [0, 1) that depends on its arguments only. */
export function chance(...parts) {
  let h = hash(parts.join('|'));
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}

export const SITES = ['fra1', 'ams2', 'lon1', 'nyc3', 'sea1', 'iad2', 'sin1', 'syd1', 'gru1', 'bom1', 'nrt2', 'jnb1'];

const DESTINATIONS = [
  { name: 'outlook.office365.com', address: 'office.live.com' },
  { name: 'sql-prod-01', address: 'sql-prod-01.corp.example' },
  { name: 'api.payments', address: 'api.payments.example' },
  { name: 'vpn-gw', address: '203.0.113.7' },
  { name: 'ldap', address: 'ldap.corp.example' },
  { name: 'storage', address: 'storage.blob.example' },
];

const CONFIGURATIONS = [
  {
    name: 'ping',
    protocol: 'Icmp',
    testFrequencySec: 30,
    successThreshold: { checksFailedPercent: 10, roundTripTimeMs: 100 },
  },
  {
    name: 'tcp-1433',
    protocol: 'Tcp',
    testFrequencySec: 30,
    tcpConfiguration: { port: 1433 },
    successThreshold: { checksFailedPercent: 10, roundTripTimeMs: 100 },
  },
  {
    name: 'https',
    protocol: 'Http',
    testFrequencySec: 60,
    httpConfiguration: { port: 443, path: '/', preferHTTPS: true },
    successThreshold: { checksFailedPercent: 20, roundTripTimeMs: 400 },
  },
];

function sources(count) {
  return Array.from({ length: count }, (_, i) => {
    const site = SITES[i % SITES.length];
    return { name: `${site}-agent-${String(Math.floor(i / SITES.length)).padStart(2, '0')}`, type: 'Agent' };
  });
}

function monitor(name, notes, sourceList, destinations, configurations, groups) {
  return {
    name,
    notes,
    endpoints: [...sourceList, ...destinations.map((each) => ({ type: 'ExternalAddress', ...each }))],
    testConfigurations: configurations,
    testGroups: groups,
  };
}

/** Documents with about `count` tests. */
export function documents(count) {
  const perMonitor = Math.max(2, Math.ceil(count / 13));
  const all = sources(perMonitor * 2);
  const near = all.slice(0, perMonitor);
  const far = all.slice(perMonitor);
  const [ping, tcp, https] = CONFIGURATIONS;
  const [outlook, sql, payments, vpn, ldap, storage] = DESTINATIONS;
  const names = (list) => list.map((each) => each.name);
  return [
    monitor(
      'cm-office365',
      'Offices to Microsoft 365.',
      near,
      [outlook, storage],
      [https, ping],
      [
        { name: 'mail', sources: names(near), destinations: [outlook.name], testConfigurations: ['https', 'ping'] },
        { name: 'files', sources: names(near), destinations: [storage.name], testConfigurations: ['https', 'ping'] },
      ],
    ),
    monitor(
      'cm-core',
      'Branches to the data centre.',
      all,
      [sql, ldap, vpn],
      [tcp, ping],
      [
        { name: 'database', sources: names(all), destinations: [sql.name], testConfigurations: ['tcp-1433', 'ping'] },
        { name: 'directory', sources: names(far), destinations: [ldap.name, vpn.name], testConfigurations: ['ping'] },
      ],
    ),
    monitor(
      'cm-payments',
      'The payment provider as users see it.',
      far,
      [payments, vpn],
      [https, ping, tcp],
      [
        { name: 'api', sources: names(far), destinations: [payments.name], testConfigurations: ['https', 'ping'] },
        {
          name: 'backup',
          sources: names(far),
          destinations: [vpn.name],
          testConfigurations: ['tcp-1433'],
          disable: true,
        },
      ],
    ),
  ];
}

/** The source's own address. One of them is the address of the seed's walk-through. */
export function sourceAddress(name) {
  if (name === 'fra1-agent-00') return '10.192.64.56';
  return `10.${192 + (hash(name) % 8)}.${hash(name + 'b') % 250}.${1 + (hash(name + 'c') % 250)}`;
}

export function protocolOf(configuration) {
  return { icmp: 'ICMP', tcp: 'TCP', http: 'HTTP' }[String(configuration.protocol).toLowerCase()];
}

export function portOf(configuration) {
  return (
    configuration.tcpConfiguration?.port ??
    (protocolOf(configuration) === 'HTTP' ? (configuration.httpConfiguration?.port ?? 443) : 0)
  );
}

function idOf(...names) {
  const text = names.join('\u0000');
  // The second half must not follow from the first, or ids are alike among 100,000 tests.
  return (BigInt(hash(text)) << 32n) | BigInt(hash('2' + text));
}

/** The tests that a document defines. */
export function expand(document) {
  const endpoint = new Map((document.endpoints ?? []).map((each) => [each.name, each]));
  const configuration = new Map((document.testConfigurations ?? []).map((each) => [each.name, each]));
  return (document.testGroups ?? []).flatMap((group) =>
    group.sources.flatMap((source) =>
      group.destinations.flatMap((destination) =>
        group.testConfigurations.map((name) => {
          const id = idOf(document.name, group.name, source, destination, name);
          return {
            id,
            hex: id.toString(16).padStart(16, '0'),
            monitor: document.name,
            group: group.name,
            source,
            destination,
            configuration: name,
            isDisabled: group.disable === true,
            document: configuration.get(name) ?? { name, protocol: 'Icmp' },
            address: endpoint.get(destination)?.address ?? destination,
            sourceAddress: sourceAddress(source),
            checkedAddress: `198.51.100.${1 + (hash(destination) % 250)}`,
            agent: source,
          };
        }),
      ),
    ),
  );
}
