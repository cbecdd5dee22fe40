// SPDX-License-Identifier: Apache-2.0
export interface PageLink {
  readonly name: string;
  readonly to: string;
  readonly group: 'Monitor' | 'Investigate' | 'Manage';
  /** Second key after g. */
  readonly key?: string;
}

export const PAGES: readonly PageLink[] = [
  { name: 'Overview', to: '/', group: 'Monitor', key: 'o' },
  { name: 'Service endpoints', to: '/services', group: 'Monitor', key: 's' },
  { name: 'Topology', to: '/topology', group: 'Monitor', key: 't' },
  { name: 'Source × destination', to: '/matrix', group: 'Monitor', key: 'm' },
  { name: 'Alerts', to: '/alerts', group: 'Monitor', key: 'e' },
  { name: 'Compare tests', to: '/compare', group: 'Investigate', key: 'c' },
  { name: 'Issues', to: '/issues', group: 'Investigate', key: 'i' },
  { name: 'Metrics', to: '/metrics-explorer', group: 'Investigate', key: 'x' },
  { name: 'Logs (KQL)', to: '/logs', group: 'Investigate', key: 'l' },
  { name: 'Agents', to: '/agents', group: 'Manage', key: 'a' },
  { name: 'Create connection monitor', to: '/monitors/new', group: 'Manage' },
];
