// SPDX-License-Identifier: Apache-2.0
// Who is told: action groups with their webhooks, and whether messages arrive.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import '../../styles/wizard.css';
import { getActionGroups, putActionGroup, removeActionGroup, testActionGroup } from '../../core/api/endpoints.ts';
import type { ActionGroup, ActionGroupDocument, Delivery } from '../../core/api/types.ts';
import { counted, formatMs } from '../../core/text/numbers.ts';
import { every } from '../../app/query.ts';
import { useTimes } from '../../app/search.tsx';
import { useMayOperate } from '../../app/session.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { Empty, Failure, Loading, messageOf } from '../../ui/Notice.tsx';
import { StateShape } from '../../ui/StateTag.tsx';
import { toast } from '../../ui/toast.tsx';

const AGAIN_MS = 30_000;

export function useActionGroups() {
  return useQuery({
    queryKey: ['action-groups'],
    queryFn: ({ signal }) => getActionGroups(signal),
    refetchInterval: every(AGAIN_MS),
  });
}

export function ActionGroups() {
  const mayOperate = useMayOperate();
  const query = useActionGroups();
  const [edited, setEdited] = useState<ActionGroup | 'new' | null>(null);
  return (
    <section className="card" aria-label="Action groups" style={{ marginTop: 10 }}>
      {mayOperate && (
        <p className="row" style={{ marginBottom: 8 }}>
          <button type="button" className="button" onClick={() => setEdited('new')}>
            Create action group
          </button>
        </p>
      )}
      {query.isPending && <Loading />}
      {query.error && (
        <Failure what="The groups could not be fetched" error={query.error} onRetry={() => void query.refetch()} />
      )}
      {query.data?.length === 0 && (
        <Empty title="There is no action group yet.">
          <p>An action group is a list of webhooks that are told when an alert fires and when it is resolved.</p>
        </Empty>
      )}
      {query.data && query.data.length > 0 && <Table groups={query.data} onEdit={setEdited} />}
      {edited && <GroupForm group={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
    </section>
  );
}

function Table({ groups, onEdit }: { groups: readonly ActionGroup[]; onEdit: (group: ActionGroup) => void }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Groups">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Group</th>
            <th scope="col">Webhooks</th>
            <th scope="col">Used by</th>
            <th scope="col" className="number">
              Waiting
            </th>
            <th scope="col">
              <span className="hidden-visually">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <Row key={group.id} group={group} onEdit={onEdit} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Webhook({ webhook }: { webhook: ActionGroup['webhooks'][number] }) {
  const { time } = useTimes();
  const delivered = webhook.lastDelivered === null ? null : Date.parse(webhook.lastDelivered);
  const [shape, words] = webhook.problem
    ? (['Fail', webhook.problem] as const)
    : delivered !== null
      ? (['Pass', `last told ${time(delivered, true)}`] as const)
      : (['Not Running', 'nothing was to be told since the server started'] as const);
  return (
    <li>
      <strong>{webhook.name}</strong> <span className="mono">{webhook.uri}</span>
      <div>
        <span className="state" style={{ whiteSpace: 'normal' }}>
          <StateShape state={shape} /> {words}
        </span>
      </div>
      {webhook.restsUntil && (
        <div className="quiet">
          After five tries in vain it is left alone until {time(Date.parse(webhook.restsUntil))}.
        </div>
      )}
    </li>
  );
}

function Row({ group, onEdit }: { group: ActionGroup; onEdit: (group: ActionGroup) => void }) {
  const mayOperate = useMayOperate();
  return (
    <tr>
      <td>
        <strong>{group.name}</strong>
        <div className="quiet">{group.enabled ? group.shortName : `${group.shortName}, switched off`}</div>
      </td>
      <td>
        <ul className="stack">
          {group.webhooks.map((webhook) => (
            <Webhook key={webhook.name} webhook={webhook} />
          ))}
        </ul>
        {group.notServed.map((text) => (
          <div key={text} className="quiet">
            {text}
          </div>
        ))}
      </td>
      <td>{group.usedBy.join(', ') || 'no rule'}</td>
      <td className="number">{group.waiting}</td>
      <td>{mayOperate && <Changes group={group} onEdit={onEdit} />}</td>
    </tr>
  );
}

function Changes({ group, onEdit }: { group: ActionGroup; onEdit: (group: ActionGroup) => void }) {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const refresh = () => void client.invalidateQueries({ queryKey: ['action-groups'] });
  const send = useMutation({ mutationFn: () => testActionGroup(group.name), onSettled: refresh });
  const remove = useMutation({
    mutationFn: () => removeActionGroup(group.name),
    onSuccess: () => (toast(`${group.name} is deleted.`), setAsking(false)),
    onError: (error) => toast(messageOf(error), true),
    onSettled: refresh,
  });
  const name = <span className="hidden-visually"> {group.name}</span>;
  return (
    <span className="row" style={{ flexWrap: 'nowrap' }}>
      <button
        type="button"
        className="button"
        disabled={send.isPending || group.webhooks.length === 0}
        onClick={() => send.mutate()}
      >
        {send.isPending ? 'Sending…' : 'Send a test'}
        {name}
      </button>
      <button type="button" className="button" onClick={() => onEdit(group)}>
        Edit{name}
      </button>
      <button type="button" className="button danger" onClick={() => setAsking(true)}>
        Delete{name}
      </button>
      {(send.data || send.error) && (
        <Dialog title={`Test of ${group.name}`} onClose={() => send.reset()}>
          <Outcome deliveries={send.data ?? []} error={send.error} />
          <p className="row" style={{ marginTop: 12 }}>
            <button type="button" className="button" autoFocus onClick={() => send.reset()}>
              Close
            </button>
          </p>
        </Dialog>
      )}
      {isAsking && (
        <Dialog title={`Delete ${group.name}?`} onClose={() => setAsking(false)}>
          <p>
            {group.usedBy.length > 0
              ? `${counted(group.usedBy.length, 'rule')} (${group.usedBy.join(', ')}) would tell nobody of it any more.`
              : 'No rule names it.'}
          </p>
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

/** What each webhook answered. */
function Outcome({ deliveries, error }: { deliveries: readonly Delivery[]; error: Error | null }) {
  if (error) return <Failure what="The test could not be sent" error={error} />;
  return (
    <ul className="stack" style={{ marginTop: 8 }}>
      {deliveries.map((each) => (
        <li key={each.receiver}>
          <span className="state" style={{ whiteSpace: 'normal' }}>
            <StateShape state={each.delivered ? 'Pass' : 'Fail'} /> <strong>{each.receiver}</strong> {each.outcome}
          </span>
          <div className="quiet">
            {each.uri}, {formatMs(each.tookMs)}
          </div>
        </li>
      ))}
    </ul>
  );
}

const EMPTY: ActionGroupDocument = {
  location: 'Global',
  properties: { groupShortName: '', enabled: true, webhookReceivers: [{ name: 'webhook', serviceUri: '' }] },
};
const SHORT_NAME_LONGEST = 12;

type Receiver = NonNullable<ActionGroupDocument['properties']['webhookReceivers']>[number];

function GroupForm({ group, onClose }: { group: ActionGroup | null; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(group?.name ?? '');
  const [document, setDocument] = useState(group?.document ?? EMPTY);
  const { properties } = document;
  const receivers = properties.webhookReceivers ?? [];
  const put = (change: Partial<ActionGroupDocument['properties']>) =>
    setDocument({ ...document, properties: { ...properties, ...change } });
  const change = (index: number, next: Partial<Receiver>) =>
    put({ webhookReceivers: receivers.map((each, i) => (i === index ? { ...each, ...next } : each)) });
  const short = properties.groupShortName || name.slice(0, SHORT_NAME_LONGEST);
  const save = useMutation({
    mutationFn: () => {
      const whole = { ...document, properties: { ...properties, groupShortName: short } };
      return putActionGroup(name, whole, group ? { ifMatch: group.etag } : { ifNoneMatch: '*' });
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['action-groups'] });
      toast(`${name} is saved.`);
      onClose();
    },
  });
  const isWhole = name !== '' && receivers.every((each) => each.name !== '' && each.serviceUri !== '');
  return (
    <Dialog title={group ? `Edit ${group.name}` : 'Create action group'} className="wide" onClose={onClose}>
      <form
        className="stack dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isWhole) save.mutate();
        }}
      >
        <div className="form-row">
          <Field label="Name" value={name} isReadOnly={group !== null} onChange={setName} />
          <Field
            label="Short name"
            hint={`In messages; ${SHORT_NAME_LONGEST} characters at most.`}
            value={properties.groupShortName}
            placeholder={short}
            onChange={(text) => put({ groupShortName: text.slice(0, SHORT_NAME_LONGEST) })}
          />
        </div>
        <label>
          <input
            type="checkbox"
            checked={properties.enabled}
            onChange={(event) => put({ enabled: event.target.checked })}
          />{' '}
          Enabled
        </label>
        {receivers.map((each, i) => (
          <div key={i} className="form-row">
            <Field label="Webhook" value={each.name} onChange={(text) => change(i, { name: text })} />
            <Field
              isWide
              label="URL"
              placeholder="https://example.com/hook"
              value={each.serviceUri}
              onChange={(text) => change(i, { serviceUri: text })}
            />
            <button
              type="button"
              className="button"
              onClick={() => put({ webhookReceivers: receivers.filter((_, j) => j !== i) })}
            >
              Remove<span className="hidden-visually"> webhook {each.name}</span>
            </button>
          </div>
        ))}
        <p className="row">
          <button
            type="button"
            className="button"
            onClick={() =>
              put({
                webhookReceivers: [
                  ...receivers,
                  { name: `webhook${receivers.length + 1}`, serviceUri: '', useCommonAlertSchema: true },
                ],
              })
            }
          >
            Add a webhook
          </button>
          <span className="quiet">It gets the common alert schema by POST, and is tried up to five times.</span>
        </p>
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
