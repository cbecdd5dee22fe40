// SPDX-License-Identifier: Apache-2.0
// What the form "Add test" says, as a connection monitor: a web test asks for a page, a network test opens a TCP
// connection, and network measurements are a TCP test with its path beside a web test.
import type { ConfigurationDocument } from '../../core/api/types.ts';
import type { Draft } from '../wizard/draft.ts';

export interface ServiceForm {
  readonly name: string;
  readonly description: string;
  readonly kind: 'web' | 'network';
  /** URL, host name or address. */
  readonly target: string;
  readonly port: string;
  readonly frequencySec: number;
  readonly nodes: readonly string[];
  /** Network latency, packet loss, path. */
  readonly hasNetworkMeasurements: boolean;
  /** Whether thresholds decide on its health. */
  readonly hasHealth: boolean;
  readonly responseMs: string;
  readonly latencyMs: string;
  readonly lossPercent: string;
}

export const EMPTY_FORM: ServiceForm = {
  name: '',
  description: '',
  kind: 'web',
  target: '',
  port: '443',
  frequencySec: 60,
  nodes: [],
  hasNetworkMeasurements: true,
  hasHealth: true,
  responseMs: '',
  latencyMs: '',
  lossPercent: '10',
};

export interface Target {
  readonly host: string;
  readonly path: string;
  readonly port: number | undefined;
  readonly isHttps: boolean;
}

/** What is typed into the target: a URL says more than a host name does. */
export function readTarget(text: string): Target {
  const match = /^(https?):\/\/(\[[^\]]*\]|[^/:?#]*)(?::(\d+))?([/?][^#]*)?/i.exec(text.trim());
  if (!match) return { host: text.trim(), path: '/', port: undefined, isHttps: true };
  const isHttps = match[1]!.toLowerCase() === 'https';
  const path = match[4] ?? '/';
  return {
    host: match[2]!.replace(/^\[|\]$/g, ''),
    path: path.startsWith('/') ? path : `/${path}`,
    port: match[3] ? Number(match[3]) : isHttps ? 443 : 80,
    isHttps,
  };
}

const numberOf = (text: string): number | undefined =>
  text.trim() === '' || !Number.isFinite(Number(text)) ? undefined : Number(text);

/** The limits that are set, or nothing. */
function limits(form: ServiceForm, roundTripTimeMs: string): Pick<ConfigurationDocument, 'successThreshold'> {
  if (!form.hasHealth) return {};
  const [ms, percent] = [numberOf(roundTripTimeMs), numberOf(form.lossPercent)];
  const found = {
    ...(percent === undefined ? {} : { checksFailedPercent: percent }),
    ...(ms === undefined ? {} : { roundTripTimeMs: ms }),
  };
  return Object.keys(found).length > 0 ? { successThreshold: found } : {};
}

export function documentOf(form: ServiceForm): Draft {
  const { host, path, isHttps } = readTarget(form.target);
  const port = numberOf(form.port);
  const testFrequencySec = form.frequencySec;
  const web: ConfigurationDocument = {
    name: 'web',
    protocol: 'Http',
    testFrequencySec,
    httpConfiguration: { port, path, preferHTTPS: isHttps && port !== 80 },
    ...limits(form, form.responseMs),
  };
  const network: ConfigurationDocument = {
    name: 'network',
    protocol: 'Tcp',
    testFrequencySec,
    tcpConfiguration: { port, ...(form.hasNetworkMeasurements ? {} : { disableTraceRoute: true }) },
    ...limits(form, form.latencyMs),
  };
  const configurations = form.kind === 'network' ? [network] : form.hasNetworkMeasurements ? [web, network] : [web];
  return {
    name: form.name,
    ...(form.description ? { notes: form.description } : {}),
    endpoints: [
      ...form.nodes.map((agent) => ({ name: agent, type: 'Agent', linewatch: { agent } })),
      { name: host, type: 'ExternalAddress', address: host },
    ],
    testConfigurations: configurations,
    testGroups: [
      {
        name: form.name,
        sources: [...form.nodes],
        destinations: [host],
        testConfigurations: configurations.map((each) => each.name),
      },
    ],
  };
}
