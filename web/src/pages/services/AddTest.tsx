// SPDX-License-Identifier: Apache-2.0
// The quick form for a service endpoint: web or network test, target, port, nodes, conditions.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import '../../styles/wizard.css';
import { getAgents, putMonitor } from '../../core/api/endpoints.ts';
import { counted } from '../../core/text/numbers.ts';
import { setUrl } from '../../app/search.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Choice, Choices, Field } from '../../ui/Field.tsx';
import { Failure } from '../../ui/Notice.tsx';
import { toast } from '../../ui/toast.tsx';
import { documentOf, EMPTY_FORM, readTarget, type ServiceForm } from './document.ts';

const FREQUENCIES = [30, 60, 300, 900, 1800].map(
  (seconds) => [String(seconds), seconds < 60 ? `${seconds} s` : `${seconds / 60} min`] as const,
);

interface PartProps {
  form: ServiceForm;
  put: (change: Partial<ServiceForm>) => void;
}

export function AddTest({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState(EMPTY_FORM);
  const put = (change: Partial<ServiceForm>) => setForm((before) => ({ ...before, ...change }));
  const agents = useQuery({ queryKey: ['agents'], queryFn: ({ signal }) => getAgents(signal), staleTime: 10_000 });
  const save = useMutation({
    mutationFn: () => putMonitor(form.name, documentOf(form)),
    onSuccess: (changes) => {
      toast(`${form.name} is created: ${counted(changes.changes[0]?.tests ?? 0, 'test')}.`);
      setUrl({ dst: [readTarget(form.target).host], src: undefined });
      onClose();
    },
  });
  const isWhole = form.name !== '' && form.target !== '' && form.nodes.length > 0;
  return (
    <Dialog title="Add test" className="wide" onClose={onClose}>
      <form
        className="stack dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isWhole) save.mutate();
        }}
      >
        <What form={form} put={put} />
        <Choices
          label="Nodes from which the service is watched"
          options={(agents.data ?? []).map((agent) => agent.name)}
          chosen={form.nodes}
          empty="No agent has joined yet."
          onChange={(nodes) => put({ nodes })}
        />
        {agents.error && <Failure what="The agents could not be fetched" error={agents.error} />}
        <Conditions form={form} put={put} />
        {save.error && <Failure what="It was not saved" error={save.error} />}
        <p className="row">
          <button className="button primary" disabled={!isWhole || save.isPending}>
            Save
          </button>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
        </p>
      </form>
    </Dialog>
  );
}

function What({ form, put }: PartProps) {
  const retarget = (target: string) => {
    const { port } = readTarget(target);
    put({ target, ...(port === undefined ? {} : { port: String(port) }) });
  };
  return (
    <>
      <div className="form-row">
        <Field label="Test name" value={form.name} onChange={(name) => put({ name })} />
        <Field label="Description" value={form.description} onChange={(description) => put({ description })} />
      </div>
      <fieldset className="plain-set">
        <legend className="label">Type of test</legend>
        <label>
          <input type="radio" name="kind" checked={form.kind === 'web'} onChange={() => put({ kind: 'web' })} /> Web
          test: the service answers HTTP or HTTPS
        </label>
        <label>
          <input type="radio" name="kind" checked={form.kind === 'network'} onChange={() => put({ kind: 'network' })} />{' '}
          Network test: the service answers TCP only, such as a database or SSH
        </label>
      </fieldset>
      <label>
        <input
          type="checkbox"
          checked={form.hasNetworkMeasurements}
          onChange={(event) => put({ hasNetworkMeasurements: event.target.checked })}
        />{' '}
        Perform network measurements (latency, loss, the way there): recommended
      </label>
      <div className="form-row">
        <Field
          isWide
          label="Target"
          value={form.target}
          placeholder="https://outlook.office365.com"
          onChange={retarget}
        />
        <Field label="Port" type="number" min={1} max={65535} value={form.port} onChange={(port) => put({ port })} />
        <Choice
          label="Every"
          value={String(form.frequencySec)}
          options={FREQUENCIES}
          onChange={(seconds) => put({ frequencySec: Number(seconds) })}
        />
      </div>
    </>
  );
}

function Conditions({ form, put }: PartProps) {
  return (
    <>
      <label>
        <input
          type="checkbox"
          checked={form.hasHealth}
          onChange={(event) => put({ hasHealth: event.target.checked })}
        />{' '}
        Enable health monitoring on the targets covered by this test
      </label>
      {form.hasHealth && (
        <div className="form-row">
          <Field
            label="Loss above, %"
            type="number"
            min={0}
            max={100}
            value={form.lossPercent}
            onChange={(lossPercent) => put({ lossPercent })}
          />
          <Field
            label="Network latency above, ms"
            type="number"
            min={1}
            placeholder="none"
            value={form.latencyMs}
            onChange={(latencyMs) => put({ latencyMs })}
          />
          {form.kind === 'web' && (
            <Field
              label="Response time above, ms"
              type="number"
              min={1}
              placeholder="none"
              value={form.responseMs}
              onChange={(responseMs) => put({ responseMs })}
            />
          )}
        </div>
      )}
    </>
  );
}
