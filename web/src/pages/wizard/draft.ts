// SPDX-License-Identifier: Apache-2.0
// The document that the wizard edits. What it does not know of stays as it is: only named fields change.
import type { ConfigurationDocument, EndpointDocument, GroupDocument, MonitorDocument } from '../../core/api/types.ts';

export interface Draft extends MonitorDocument {
  name: string;
  endpoints: EndpointDocument[];
  testConfigurations: ConfigurationDocument[];
  testGroups: GroupDocument[];
}

export function draftOf(document: MonitorDocument, name: string): Draft {
  return {
    ...document,
    name,
    endpoints: document.endpoints ?? [],
    testConfigurations: document.testConfigurations ?? [],
    testGroups: document.testGroups ?? [],
  };
}

/** A first draft: the connected agent, ping and a group, so that little is left to say. */
export function emptyDraft(agent: string | undefined): Draft {
  return {
    name: '',
    endpoints: agent ? [{ name: agent, type: 'Agent', linewatch: { agent } }] : [],
    testConfigurations: [{ name: 'ping', protocol: 'Icmp', testFrequencySec: 30 }],
    testGroups: [{ name: 'group-1', sources: agent ? [agent] : [], destinations: [], testConfigurations: ['ping'] }],
  };
}

export const isSource = (endpoint: EndpointDocument): boolean => endpoint.type !== 'ExternalAddress';

/** The first free name of the form "base-2". */
export function freeName(base: string, taken: readonly string[]): string {
  if (!taken.includes(base)) return base;
  for (let i = 2; ; i++) if (!taken.includes(`${base}-${i}`)) return `${base}-${i}`;
}

const rename = (names: readonly string[], before: string, after: string) =>
  names.map((name) => (name === before ? after : name));

/** A new name for an endpoint goes into the groups that use it. */
export function renameEndpoint(draft: Draft, index: number, name: string): Draft {
  const before = draft.endpoints[index]!.name;
  return {
    ...draft,
    endpoints: draft.endpoints.map((each, i) => {
      if (i !== index) return each;
      // An agent endpoint that was named after its agent goes on naming it.
      const isAgent = each.type === 'Agent' && each.linewatch?.['agent'] === undefined;
      return { ...each, name, ...(isAgent ? { linewatch: { ...each.linewatch, agent: before } } : {}) };
    }),
    testGroups: draft.testGroups.map((group) => ({
      ...group,
      sources: rename(group.sources, before, name),
      destinations: rename(group.destinations, before, name),
    })),
  };
}

export function renameConfiguration(draft: Draft, index: number, name: string): Draft {
  const before = draft.testConfigurations[index]!.name;
  return {
    ...draft,
    testConfigurations: draft.testConfigurations.map((each, i) => (i === index ? { ...each, name } : each)),
    testGroups: draft.testGroups.map((group) => ({
      ...group,
      testConfigurations: rename(group.testConfigurations, before, name),
    })),
  };
}

export function removeEndpoint(draft: Draft, index: number): Draft {
  const { name } = draft.endpoints[index]!;
  const without = (names: readonly string[]) => names.filter((each) => each !== name);
  return {
    ...draft,
    endpoints: draft.endpoints.filter((_, i) => i !== index),
    testGroups: draft.testGroups.map((group) => ({
      ...group,
      sources: without(group.sources),
      destinations: without(group.destinations),
    })),
  };
}

export function removeConfiguration(draft: Draft, index: number): Draft {
  const { name } = draft.testConfigurations[index]!;
  return {
    ...draft,
    testConfigurations: draft.testConfigurations.filter((_, i) => i !== index),
    testGroups: draft.testGroups.map((group) => ({
      ...group,
      testConfigurations: group.testConfigurations.filter((each) => each !== name),
    })),
  };
}

/** A configuration with another protocol: settings of the one before go. */
export function withProtocol(configuration: ConfigurationDocument, protocol: string): ConfigurationDocument {
  const { tcpConfiguration, httpConfiguration, icmpConfiguration, ...rest } = configuration;
  const port = tcpConfiguration?.port ?? httpConfiguration?.port ?? 443;
  if (protocol === 'Tcp') return { ...rest, protocol, tcpConfiguration: { ...tcpConfiguration, port } };
  if (protocol === 'Http')
    return { ...rest, protocol, httpConfiguration: { path: '/', preferHTTPS: true, ...httpConfiguration, port } };
  return icmpConfiguration === undefined ? { ...rest, protocol } : { ...rest, protocol, icmpConfiguration };
}

/** The fault of a field: the server's paths may begin with "connectionMonitors[0].". */
export function faultAt(faults: readonly { path: string; message: string }[], path: string): string | undefined {
  return faults.find((fault) => fault.path.replace(/^connectionMonitors\[\d+\]\./, '') === path)?.message;
}

const KEY = 'linewatch-draft';

export function loadDraft(): Draft | null {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Draft | null;
    return found &&
      Array.isArray(found.endpoints) &&
      Array.isArray(found.testConfigurations) &&
      Array.isArray(found.testGroups)
      ? found
      : null;
  } catch {
    return null;
  }
}

export function keepDraft(draft: Draft | null): void {
  try {
    if (draft) localStorage.setItem(KEY, JSON.stringify(draft));
    else localStorage.removeItem(KEY);
  } catch {
    // Without storage the draft lives as long as the page.
  }
}
