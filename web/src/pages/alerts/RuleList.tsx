// SPDX-License-Identifier: Apache-2.0
// The rules: what each looks for, whether it is judged, and what of it fires.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { getAlertRules, putAlertRule, removeAlertRule } from '../../core/api/endpoints.ts';
import type { AlertRule } from '../../core/api/types.ts';
import { counted } from '../../core/text/numbers.ts';
import { every } from '../../app/query.ts';
import { Go, setUrl, useTimes } from '../../app/search.tsx';
import { useMayOperate } from '../../app/session.tsx';
import { Severity } from '../../ui/AlertMark.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Empty, Failure, Loading, messageOf } from '../../ui/Notice.tsx';
import { StateShape } from '../../ui/StateTag.tsx';
import { toast } from '../../ui/toast.tsx';

const AGAIN_MS = 30_000;

export function RuleList() {
  const query = useQuery({
    queryKey: ['alert-rules'],
    queryFn: ({ signal }) => getAlertRules(signal),
    refetchInterval: every(AGAIN_MS),
  });
  return (
    <section className="card" aria-label="Alert rules" style={{ marginTop: 10 }}>
      {query.isPending && <Loading />}
      {query.error && (
        <Failure what="The rules could not be fetched" error={query.error} onRetry={() => void query.refetch()} />
      )}
      {query.data?.length === 0 && (
        <Empty title="There is no alert rule yet.">
          <p>A rule looks at a metric of tests each minute, fires when it is breached, and tells whom you choose.</p>
        </Empty>
      )}
      {query.data && query.data.length > 0 && <Table rules={query.data} />}
    </section>
  );
}

function Table({ rules }: { rules: readonly AlertRule[] }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Rules">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col">Severity</th>
            <th scope="col">Looks for</th>
            <th scope="col">Of</th>
            <th scope="col">Health</th>
            <th scope="col">Fires</th>
            <th scope="col">
              <span className="hidden-visually">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <Row key={rule.id} rule={rule} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const NAMED_MAX = 3;

function scopeWords({ monitors }: AlertRule): string {
  if (monitors.length === 0) return 'no connection monitor';
  const rest = monitors.length - NAMED_MAX;
  return monitors.slice(0, NAMED_MAX).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function Health({ rule }: { rule: AlertRule }) {
  const { time } = useTimes();
  const evaluated = rule.lastEvaluated === null ? null : Date.parse(rule.lastEvaluated);
  const [shape, words] = !rule.enabled
    ? (['Not Running', 'switched off'] as const)
    : rule.problem
      ? (['Fail', rule.problem] as const)
      : evaluated === null
        ? (['Indeterminate', 'not evaluated yet'] as const)
        : (['Pass', 'evaluated'] as const);
  return (
    <>
      <span className="state" style={{ whiteSpace: 'normal' }}>
        <StateShape state={shape} /> {words}
      </span>
      {evaluated !== null && <div className="quiet">last {time(evaluated, true)}</div>}
      {rule.notServed.map((text) => (
        <div key={text} className="quiet">
          {text}
        </div>
      ))}
    </>
  );
}

function Row({ rule }: { rule: AlertRule }) {
  const mayOperate = useMayOperate();
  return (
    <tr>
      <td>
        <Go to="/alerts/rules/$name" params={{ name: rule.name }}>
          {rule.name}
        </Go>
        {rule.document.properties.description && <div className="quiet">{rule.document.properties.description}</div>}
      </td>
      <td>
        <Severity severity={rule.severity} isOver={!rule.enabled} />
      </td>
      <td>{rule.sentence}</td>
      <td>
        {scopeWords(rule)}
        <div className="quiet">{counted(rule.testCount, 'test')}</div>
      </td>
      <td>
        <Health rule={rule} />
      </td>
      <td className="nowrap">
        {rule.firing > 0 ? (
          <button
            type="button"
            className="linklike"
            onClick={() => setUrl({ tab: undefined, q: rule.name, alert: undefined, monitor: undefined })}
          >
            {counted(rule.firing, 'alert')}
            <span className="hidden-visually"> of {rule.name}</span>
          </button>
        ) : (
          'no'
        )}
      </td>
      <td>{mayOperate && <Changes rule={rule} />}</td>
    </tr>
  );
}

function Changes({ rule }: { rule: AlertRule }) {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ['alert-rules'] });
    void client.invalidateQueries({ queryKey: ['alerts'] });
  };
  const isOn = rule.enabled;
  const flip = useMutation({
    mutationFn: () => {
      const { properties } = rule.document;
      const document = { ...rule.document, properties: { ...properties, enabled: !isOn } };
      return putAlertRule(rule.name, document, { ifMatch: rule.etag });
    },
    onSuccess: () => toast(isOn ? `${rule.name} is off; what it fired is resolved.` : `${rule.name} is on.`),
    onError: (error) => toast(messageOf(error), true),
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: () => removeAlertRule(rule.name),
    onSuccess: () => (toast(`${rule.name} is deleted; what it fired is resolved.`), setAsking(false)),
    onError: (error) => toast(messageOf(error), true),
    onSettled: refresh,
  });
  return (
    <span className="row" style={{ flexWrap: 'nowrap' }}>
      <button type="button" className="button" disabled={flip.isPending} onClick={() => flip.mutate()}>
        {isOn ? 'Switch off' : 'Switch on'}
        <span className="hidden-visually"> {rule.name}</span>
      </button>
      <button type="button" className="button danger" onClick={() => setAsking(true)}>
        Delete<span className="hidden-visually"> {rule.name}</span>
      </button>
      {isAsking && (
        <Dialog title={`Delete ${rule.name}?`} onClose={() => setAsking(false)}>
          <p>What it fired is resolved, and nobody is told of anything by it any more. Its past alerts stay.</p>
          <p className="row" style={{ marginTop: 12 }}>
            <button type="button" className="button danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
              Delete
            </button>
            <button type="button" className="button" autoFocus onClick={() => setAsking(false)}>
              Keep it
            </button>
          </p>
        </Dialog>
      )}
    </span>
  );
}
