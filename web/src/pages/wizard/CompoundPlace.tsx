// SPDX-License-Identifier: Apache-2.0
// The form of a compound endpoint: which machines it stands for, and how many of them are monitored.
import { useId } from 'react';
import type { EndpointDocument } from '../../core/api/types.ts';

/** The seed's coverage levels with the shares of the server (docs/glossary.md). */
export const COVERAGE = [
  { level: 'Low', name: 'Low', percent: 10 },
  { level: 'BelowAverage', name: 'Below average', percent: 25 },
  { level: 'Average', name: 'Average', percent: 50 },
  { level: 'AboveAverage', name: 'Above average', percent: 75 },
  { level: 'Full', name: 'Full', percent: 100 },
] as const;
const USUAL = 2;

interface PartProps {
  endpoint: EndpointDocument;
  fault: string | undefined;
  onChange: (endpoint: EndpointDocument) => void;
}

export const isCompound = ({ type }: EndpointDocument): boolean =>
  ['AgentGroup', 'AzureArcNetwork', 'AzureVNet', 'AzureSubnet', 'AzureVMSS', 'MMAWorkspaceNetwork'].includes(
    type ?? '',
  );

export function CompoundPlace(props: PartProps) {
  return (
    <>
      {props.endpoint.type === 'AgentGroup' && <Labels {...props} />}
      {props.endpoint.type === 'AzureArcNetwork' && <Addresses {...props} />}
      <Coverage {...props} />
    </>
  );
}

const parseList = (text: string) => text.split(/[\s,]+/).filter(Boolean);

function Labels({ endpoint, fault, onChange }: PartProps) {
  const labels = (endpoint.linewatch?.['labels'] ?? {}) as Record<string, string>;
  const text = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return (
    <ListField
      label="Agents with the labels"
      hint="key=value, with blanks between; all must match."
      placeholder="site=fra1"
      items={text}
      fault={fault}
      onChange={(items) => {
        const pairs = items.map((item) => [item.split('=')[0]!, item.split('=').slice(1).join('=')]);
        onChange({ ...endpoint, linewatch: { ...endpoint.linewatch, labels: Object.fromEntries(pairs) } });
      }}
    />
  );
}

function Addresses({ endpoint, fault, onChange }: PartProps) {
  const scope = (endpoint['scope'] ?? {}) as { include?: { address: string }[] };
  return (
    <ListField
      label="Subnets or addresses"
      hint="With blanks between. Agents in a subnet, and each address that is listed by itself."
      placeholder="10.1.0.0/24 10.2.0.5"
      items={(scope.include ?? []).map((each) => each.address)}
      fault={fault}
      onChange={(items) =>
        onChange({ ...endpoint, scope: { ...scope, include: items.map((address) => ({ address })) } })
      }
    />
  );
}

/** A list in one line. What is being typed stays as it is; the document has what it means. */
function ListField({
  items,
  onChange,
  ...rest
}: {
  label: string;
  hint: string;
  placeholder: string;
  items: readonly string[];
  fault: string | undefined;
  onChange: (items: string[]) => void;
}) {
  const id = useId();
  return (
    <label className="field">
      <span className="label">{rest.label}</span>
      <input
        className="input"
        defaultValue={items.join(' ')}
        placeholder={rest.placeholder}
        aria-invalid={rest.fault !== undefined}
        aria-describedby={id}
        onChange={(event) => onChange(parseList(event.target.value))}
      />
      <span id={id} className={rest.fault ? 'fault' : 'hint'}>
        {rest.fault ?? rest.hint}
      </span>
    </label>
  );
}

function Coverage({ endpoint, onChange }: PartProps) {
  const found = COVERAGE.findIndex(({ level }) => level === endpoint['coverageLevel']);
  const index = found < 0 ? USUAL : found;
  const { name, percent } = COVERAGE[index]!;
  const words = `${name}: ${percent} % of its machines, at least one`;
  return (
    <label className="field">
      <span className="label">Coverage level</span>
      <input
        type="range"
        min={0}
        max={COVERAGE.length - 1}
        value={index}
        aria-valuetext={words}
        onChange={(event) => onChange({ ...endpoint, coverageLevel: COVERAGE[Number(event.target.value)]!.level })}
      />
      <span className="hint">{words}</span>
    </label>
  );
}
