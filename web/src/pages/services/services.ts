// SPDX-License-Identifier: Apache-2.0
// A service is a destination: its HTTP tests give the response time, its other tests latency and loss.
import { wordAt, type Snapshot } from '../../core/api/snapshot.ts';
import { filterRows } from '../../core/store/filter.ts';
import { groupBy, summarise, type Group } from '../../core/store/group.ts';
import { explainNa } from '../../core/verdict/verdict.ts';

export interface Service {
  readonly name: string;
  readonly all: Group;
  readonly web: Group;
  readonly network: Group;
  readonly why: readonly string[];
}

export function isWeb(snapshot: Snapshot, row: number): boolean {
  return wordAt(snapshot.protocol, row) === 'HTTP';
}

function serviceOf(snapshot: Snapshot, group: Group): Service {
  const web = summarise(
    snapshot,
    [group.name],
    group.rows.filter((row) => isWeb(snapshot, row)),
  );
  const network = summarise(
    snapshot,
    [group.name],
    group.rows.filter((row) => !isWeb(snapshot, row)),
  );
  const why = explainNa({
    hasResponse: Number.isFinite(web.rttMs),
    hasNetwork: Number.isFinite(network.rttMs),
    hasWebTest: web.rows.length > 0,
    hasNetworkTest: network.rows.length > 0,
  });
  return { name: group.name, all: group, web, network, why };
}

export function servicesOf(snapshot: Snapshot): Service[] {
  return groupBy(snapshot, filterRows(snapshot, {}), 'destination').map((group) => serviceOf(snapshot, group));
}

/** The same for each source of one service: the seed's Test Nodes. */
export function nodesOf(snapshot: Snapshot, service: Service): Service[] {
  return groupBy(snapshot, service.all.rows, 'source').map((group) => serviceOf(snapshot, group));
}

/** Names of test configurations by what they measure. */
export function configurationsOf(snapshot: Snapshot, service: Service): { web: Set<string>; network: Set<string> } {
  const names = (rows: Uint32Array) => new Set([...rows].map((row) => wordAt(snapshot.configuration, row) ?? ''));
  return { web: names(service.web.rows), network: names(service.network.rows) };
}
