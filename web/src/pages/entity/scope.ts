// SPDX-License-Identifier: Apache-2.0
// What an entity page is about: a filter for the snapshot and the same filter for the API.
import type { Where } from '../../core/api/endpoints.ts';
import type { Filter } from '../../core/store/filter.ts';
import type { Search } from '../../core/url/search.ts';

export type EntityKind = 'monitor' | 'group' | 'configuration' | 'source' | 'destination';

export interface Entity {
  readonly kind: EntityKind;
  readonly name: string;
  /** For groups and configurations, whose names are unique within a connection monitor only. */
  readonly monitor?: string;
}

export const KIND_NAMES: Record<EntityKind, string> = {
  monitor: 'Connection monitor',
  group: 'Test group',
  configuration: 'Test configuration',
  source: 'Source',
  destination: 'Destination',
};

export function filterOf({ kind, name, monitor }: Entity): Filter {
  return { [kind]: [name], ...(monitor ? { monitor: [monitor] } : {}) };
}

const WHERE: Record<EntityKind, keyof Where> = {
  monitor: 'connectionMonitor',
  group: 'testGroup',
  configuration: 'testConfiguration',
  source: 'source',
  destination: 'destination',
};

export function whereOf({ kind, name, monitor }: Entity): Where {
  return { [WHERE[kind]]: name, ...(monitor ? { connectionMonitor: monitor } : {}) };
}

const KEYS = { monitor: 'monitor', group: 'tgroup', configuration: 'cfg', source: 'src', destination: 'dst' } as const;

/** The overview's list of the entity's tests. */
export function searchOf({ kind, name, monitor }: Entity): Search {
  return { view: 'tests', [KEYS[kind]]: [name], ...(monitor ? { monitor: [monitor] } : {}) };
}

export type Dimension = 'group' | 'source' | 'destination' | 'configuration';
export const DIMENSIONS: readonly { id: Dimension; label: string; by: string }[] = [
  { id: 'group', label: 'Test groups', by: 'testGroup' },
  { id: 'source', label: 'Sources', by: 'source' },
  { id: 'destination', label: 'Destinations', by: 'destination' },
  { id: 'configuration', label: 'Test configurations', by: 'testConfiguration' },
];
