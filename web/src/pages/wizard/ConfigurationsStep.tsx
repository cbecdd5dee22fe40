// SPDX-License-Identifier: Apache-2.0
// The wizard's form of test configurations: protocol, frequency, thresholds.
import type { ConfigurationDocument } from '../../core/api/types.ts';
import { Choice, Field } from '../../ui/Field.tsx';
import { faultAt, freeName, removeConfiguration, renameConfiguration, withProtocol } from './draft.ts';
import { RemoveButton, replaced, type StepProps } from './Steps.tsx';

const PROTOCOLS = [
  ['Icmp', 'ICMP: ping'],
  ['Tcp', 'TCP: handshake'],
  ['Http', 'HTTP: request'],
] as const;
const FREQUENCIES = [5, 10, 30, 60, 300, 900, 1800].map(
  (seconds) => [String(seconds), seconds < 60 ? `${seconds} s` : `${seconds / 60} min`] as const,
);

export function Configurations({ draft, onChange, faults }: StepProps) {
  const taken = draft.testConfigurations.map((each) => each.name);
  const put = (index: number, configuration: ConfigurationDocument) =>
    onChange({ ...draft, testConfigurations: replaced(draft.testConfigurations, index, configuration) });
  return (
    <div>
      {draft.testConfigurations.map((configuration, i) => (
        <div key={i} className="item" role="group" aria-label={`Test configuration ${configuration.name || i + 1}`}>
          <div className="form-row">
            <Field
              label="Configuration name"
              value={configuration.name}
              fault={faultAt(faults, `testConfigurations[${i}].name`)}
              onChange={(name) => onChange(renameConfiguration(draft, i, name))}
            />
            <Choice
              label="Protocol"
              value={configuration.protocol}
              options={PROTOCOLS}
              onChange={(protocol) => put(i, withProtocol(configuration, protocol))}
            />
            <Choice
              label="Every"
              value={String(configuration.testFrequencySec ?? 60)}
              options={FREQUENCIES}
              onChange={(seconds) => put(i, { ...configuration, testFrequencySec: Number(seconds) })}
            />
            <RemoveButton name={configuration.name} onClick={() => onChange(removeConfiguration(draft, i))} />
          </div>
          <ProtocolFields
            configuration={configuration}
            fault={(path) => faultAt(faults, `testConfigurations[${i}].${path}`)}
            onChange={(next) => put(i, next)}
          />
          <Thresholds
            configuration={configuration}
            fault={(path) => faultAt(faults, `testConfigurations[${i}].${path}`)}
            onChange={(next) => put(i, next)}
          />
        </div>
      ))}
      <button
        type="button"
        className="button"
        onClick={() =>
          onChange({
            ...draft,
            testConfigurations: [
              ...draft.testConfigurations,
              withProtocol({ name: freeName('tcp-443', taken), protocol: 'Tcp', testFrequencySec: 30 }, 'Tcp'),
            ],
          })
        }
      >
        Add a test configuration
      </button>
    </div>
  );
}

interface PartProps {
  configuration: ConfigurationDocument;
  fault: (path: string) => string | undefined;
  onChange: (configuration: ConfigurationDocument) => void;
}

const numberOr = (text: string): number | undefined =>
  text.trim() === '' || !Number.isFinite(Number(text)) ? undefined : Number(text);

function ProtocolFields({ configuration, fault, onChange }: PartProps) {
  const { protocol, tcpConfiguration: tcp, httpConfiguration: http } = configuration;
  if (protocol === 'Tcp') {
    return (
      <div className="form-row">
        <Field
          label="Port"
          type="number"
          min={1}
          max={65535}
          value={tcp?.port ?? ''}
          fault={fault('tcpConfiguration.port')}
          onChange={(port) => onChange({ ...configuration, tcpConfiguration: { ...tcp, port: numberOr(port) } })}
        />
      </div>
    );
  }
  if (protocol !== 'Http') return null;
  return (
    <div className="form-row">
      <Field
        label="Port"
        type="number"
        min={1}
        max={65535}
        value={http?.port ?? ''}
        fault={fault('httpConfiguration.port')}
        onChange={(port) => onChange({ ...configuration, httpConfiguration: { ...http, port: numberOr(port) } })}
      />
      <Field
        label="Path"
        value={http?.path ?? '/'}
        fault={fault('httpConfiguration.path')}
        onChange={(path) => onChange({ ...configuration, httpConfiguration: { ...http, path } })}
      />
      <label className="row">
        <input
          type="checkbox"
          checked={http?.preferHTTPS ?? false}
          onChange={(event) =>
            onChange({ ...configuration, httpConfiguration: { ...http, preferHTTPS: event.target.checked } })
          }
        />{' '}
        HTTPS
      </label>
    </div>
  );
}

function Thresholds({ configuration, fault, onChange }: PartProps) {
  const limits = configuration.successThreshold ?? {};
  const put = (change: Partial<typeof limits>) => {
    const next = Object.fromEntries(
      Object.entries({ ...limits, ...change }).filter(([, value]) => value !== undefined),
    );
    const { successThreshold: _, ...rest } = configuration;
    onChange(
      Object.keys(next).length > 0 ? { ...configuration, successThreshold: next } : (rest as ConfigurationDocument),
    );
  };
  return (
    <div className="form-row">
      <Field
        label="Fail above checks failed, %"
        type="number"
        min={0}
        max={100}
        value={limits.checksFailedPercent ?? ''}
        placeholder="when all fail"
        fault={fault('successThreshold.checksFailedPercent')}
        onChange={(text) => put({ checksFailedPercent: numberOr(text) })}
      />
      <Field
        label="Fail above round-trip time, ms"
        type="number"
        min={1}
        value={limits.roundTripTimeMs ?? ''}
        placeholder="none"
        fault={fault('successThreshold.roundTripTimeMs')}
        onChange={(text) => put({ roundTripTimeMs: numberOr(text) })}
      />
    </div>
  );
}
