// SPDX-License-Identifier: Apache-2.0
// The wizard's forms, a step each.
import type { Agent, EndpointDocument, GroupDocument } from '../../core/api/types.ts';
import { Choices, Field } from '../../ui/Field.tsx';
import { CompoundPlace, isCompound } from './CompoundPlace.tsx';
import { faultAt, freeName, isSource, removeEndpoint, renameEndpoint, type Draft } from './draft.ts';

export interface StepProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
  faults: readonly { path: string; message: string }[];
  agents: readonly Agent[];
  isNew: boolean;
}

export const replaced = <T,>(list: readonly T[], index: number, item: T): T[] =>
  list.map((each, i) => (i === index ? item : each));

export function Basics({ draft, onChange, faults, isNew }: StepProps) {
  return (
    <div className="stack">
      <Field
        label="Name"
        value={draft.name}
        isReadOnly={!isNew}
        fault={faultAt(faults, 'name')}
        hint={isNew ? 'Letters, digits, dots, dashes and underscores.' : 'A name stays: tests are known by it.'}
        onChange={(name) => onChange({ ...draft, name })}
      />
      <Field
        label="Notes"
        value={draft.notes ?? ''}
        onChange={(notes) => onChange({ ...draft, notes: notes || undefined })}
        hint="What it watches and for whom."
      />
    </div>
  );
}

export function RemoveButton({ name, onClick }: { name: string; onClick: () => void }) {
  return (
    <button type="button" className="button danger" onClick={onClick}>
      Remove<span className="hidden-visually"> {name}</span>
    </button>
  );
}

export function Endpoints({ draft, onChange, faults, agents }: StepProps) {
  const taken = draft.endpoints.map((each) => each.name);
  const put = (index: number, endpoint: EndpointDocument) =>
    onChange({ ...draft, endpoints: replaced(draft.endpoints, index, endpoint) });
  const add = (endpoint: EndpointDocument) => onChange({ ...draft, endpoints: [...draft.endpoints, endpoint] });
  const unused = agents.filter(
    (agent) => !draft.endpoints.some((each) => each.linewatch?.['agent'] === agent.name || each.name === agent.name),
  );
  return (
    <div>
      {draft.endpoints.map((endpoint, i) => (
        <div key={i} className="item" role="group" aria-label={`Endpoint ${endpoint.name || i + 1}`}>
          <div className="form-row">
            <Field
              label="Endpoint name"
              value={endpoint.name}
              fault={faultAt(faults, `endpoints[${i}].name`)}
              onChange={(name) => onChange(renameEndpoint(draft, i, name))}
            />
            <EndpointPlace
              endpoint={endpoint}
              agents={agents}
              fault={
                faultAt(faults, `endpoints[${i}].address`) ??
                faultAt(faults, `endpoints[${i}].linewatch.agent`) ??
                faultAt(faults, `endpoints[${i}]`)
              }
              onChange={(next) => put(i, next)}
            />
            {isCompound(endpoint) && (
              <CompoundPlace
                endpoint={endpoint}
                fault={
                  faultAt(faults, `endpoints[${i}].scope`) ??
                  faultAt(faults, `endpoints[${i}].linewatch.labels`) ??
                  faultAt(faults, `endpoints[${i}]`)
                }
                onChange={(next) => put(i, next)}
              />
            )}
            <RemoveButton name={endpoint.name} onClick={() => onChange(removeEndpoint(draft, i))} />
          </div>
        </div>
      ))}
      <div className="row">
        <button
          type="button"
          className="button"
          onClick={() => add({ name: freeName('destination', taken), type: 'ExternalAddress', address: '' })}
        >
          Add an address
        </button>
        <button
          type="button"
          className="button"
          onClick={() =>
            add(
              unused[0]
                ? { name: freeName(unused[0].name, taken), type: 'Agent', linewatch: { agent: unused[0].name } }
                : { name: freeName('agent', taken), type: 'Agent', linewatch: { agent: '' } },
            )
          }
        >
          Add an agent
        </button>
        <button
          type="button"
          className="button"
          onClick={() =>
            add({
              name: freeName('agents', taken),
              type: 'AgentGroup',
              linewatch: { labels: {} },
              coverageLevel: 'Average',
            })
          }
        >
          Add agents by label
        </button>
        <button
          type="button"
          className="button"
          onClick={() =>
            add({
              name: freeName('network', taken),
              type: 'AzureArcNetwork',
              scope: { include: [] },
              coverageLevel: 'Average',
            })
          }
        >
          Add a network
        </button>
        {unused.length > 1 && (
          <button
            type="button"
            className="button"
            onClick={() =>
              onChange({
                ...draft,
                endpoints: [
                  ...draft.endpoints,
                  ...unused.map((agent) => ({ name: agent.name, type: 'Agent', linewatch: { agent: agent.name } })),
                ],
              })
            }
          >
            Add all {unused.length} other agents
          </button>
        )}
      </div>
    </div>
  );
}

function EndpointPlace({
  endpoint,
  agents,
  fault,
  onChange,
}: {
  endpoint: EndpointDocument;
  agents: readonly Agent[];
  fault: string | undefined;
  onChange: (endpoint: EndpointDocument) => void;
}) {
  if (endpoint.type === 'Agent') {
    return (
      <Field
        label="Agent"
        value={String(endpoint.linewatch?.['agent'] ?? endpoint.name)}
        list={agents.map((agent) => agent.name)}
        fault={fault}
        hint="It can be source and destination."
        onChange={(agent) => onChange({ ...endpoint, linewatch: { ...endpoint.linewatch, agent } })}
      />
    );
  }
  if (endpoint.type === 'ExternalAddress' || endpoint.type === undefined) {
    return (
      <Field
        label="Address or host name"
        value={endpoint.address ?? ''}
        fault={fault}
        placeholder="www.example.com"
        onChange={(address) => onChange({ ...endpoint, type: 'ExternalAddress', address })}
      />
    );
  }
  const isForm = endpoint.type === 'AgentGroup' || endpoint.type === 'AzureArcNetwork';
  return isForm ? null : (
    <Field
      label={`${endpoint.type}`}
      value={endpoint.resourceId ?? endpoint.address ?? JSON.stringify(endpoint.linewatch ?? {})}
      isReadOnly
      fault={fault}
      hint="Edit this kind as code."
      onChange={() => {}}
    />
  );
}

export function Groups({ draft, onChange, faults }: StepProps) {
  const put = (index: number, group: GroupDocument) =>
    onChange({ ...draft, testGroups: replaced(draft.testGroups, index, group) });
  const sources = draft.endpoints.filter(isSource).map((each) => each.name);
  const all = draft.endpoints.map((each) => each.name);
  const configurations = draft.testConfigurations.map((each) => each.name);
  return (
    <div>
      {draft.testGroups.map((group, i) => {
        const fault = (key: string) => faultAt(faults, `testGroups[${i}].${key}`);
        return (
          <div key={i} className="item" role="group" aria-label={`Test group ${group.name || i + 1}`}>
            <div className="form-row">
              <Field
                label="Group name"
                value={group.name}
                fault={fault('name')}
                onChange={(name) => put(i, { ...group, name })}
              />
              <label className="row">
                <input
                  type="checkbox"
                  checked={!group.disable}
                  onChange={(event) => put(i, { ...group, disable: event.target.checked ? undefined : true })}
                />{' '}
                Enabled
              </label>
              <RemoveButton
                name={group.name}
                onClick={() => onChange({ ...draft, testGroups: draft.testGroups.filter((_, j) => j !== i) })}
              />
            </div>
            <Choices
              label="Sources"
              options={sources}
              chosen={group.sources}
              fault={fault('sources')}
              empty="Add an agent in step 2."
              onChange={(names) => put(i, { ...group, sources: names })}
            />
            <Choices
              label="Destinations"
              options={all}
              chosen={group.destinations}
              fault={fault('destinations')}
              empty="Add an address in step 2."
              onChange={(names) => put(i, { ...group, destinations: names })}
            />
            <Choices
              label="Test configurations"
              options={configurations}
              chosen={group.testConfigurations}
              fault={fault('testConfigurations')}
              empty="Add one in step 3."
              onChange={(names) => put(i, { ...group, testConfigurations: names })}
            />
          </div>
        );
      })}
      <button
        type="button"
        className="button"
        onClick={() =>
          onChange({
            ...draft,
            testGroups: [
              ...draft.testGroups,
              {
                name: freeName(
                  'group-1',
                  draft.testGroups.map((each) => each.name),
                ),
                sources,
                destinations: [],
                testConfigurations: configurations,
              },
            ],
          })
        }
      >
        Add a test group
      </button>
    </div>
  );
}
