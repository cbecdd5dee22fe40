// SPDX-License-Identifier: Apache-2.0
// Creates and changes a connection monitor. The server looks at the draft as it is typed: its faults stand at
// their fields, and what it would expand to beside the form.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import '../../styles/wizard.css';
import { ApiError } from '../../core/api/client.ts';
import { getAgents, getMonitor, preview, putMonitor } from '../../core/api/endpoints.ts';
import type { Preview } from '../../core/api/types.ts';
import { counted } from '../../core/text/numbers.ts';
import { toYaml } from '../../core/text/yaml.ts';
import { useParams } from '../../app/place.tsx';
import { Go, go } from '../../app/search.tsx';
import { useSnapshot } from '../../app/snapshot.tsx';
import { useMayOperate, useSession } from '../../app/session.tsx';
import { Empty, Failure, Loading } from '../../ui/Notice.tsx';
import { toast } from '../../ui/toast.tsx';
import { usePage } from '../../ui/usePage.ts';
import { AlertChoice, createAlertRules, NO_ALERTS } from './AlertChoice.tsx';
import { draftOf, emptyDraft, keepDraft, loadDraft, type Draft } from './draft.ts';
import { Configurations } from './ConfigurationsStep.tsx';
import { Basics, Endpoints, Groups, type StepProps } from './Steps.tsx';

const STEPS = [
  { name: 'Basics', Step: Basics },
  { name: 'Endpoints', Step: Endpoints },
  { name: 'Test configurations', Step: Configurations },
  { name: 'Test groups', Step: Groups },
  { name: 'Review', Step: Review },
] as const;

function useAgents() {
  return useQuery({ queryKey: ['agents'], queryFn: ({ signal }) => getAgents(signal), staleTime: 10_000 });
}

export function CreatePage() {
  usePage('Create connection monitor');
  const agents = useAgents();
  // An error counts as an answer: asking again must not take the form away.
  if (!agents.isFetched) return <Loading />;
  const first = loadDraft() ?? emptyDraft(agents.data?.find((agent) => agent.connected)?.name);
  return <Wizard first={first} isNew />;
}

export function EditPage() {
  const { name = '' } = useParams();
  usePage(`Edit ${name}`);
  const query = useQuery({
    queryKey: ['monitor', name],
    queryFn: ({ signal }) => getMonitor(name, signal),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnMount: 'always',
  });
  if (!query.isFetchedAfterMount) return <Loading />;
  if (!query.data) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <>
      <GoneNote name={name} />
      <Wizard key={name} first={draftOf(query.data.document, query.data.name)} isNew={false} />
    </>
  );
}

/** Somebody may delete what is being edited; saving would make it anew. */
function GoneNote({ name }: { name: string }) {
  const { snapshot } = useSnapshot();
  const ids = snapshot?.id;
  const plan = useMemo(() => (ids ? performance.now() : 0), [ids]);
  const still = useQuery({
    queryKey: ['monitor', name, 'still there', plan],
    queryFn: ({ signal }) => getMonitor(name, signal),
    staleTime: Infinity,
  });
  if (!(still.error instanceof ApiError) || still.error.status !== 404) return null;
  return (
    <p className="notice warn" role="alert">
      {name} has been deleted meanwhile. Saving makes it anew.
    </p>
  );
}

/** The draft once typing rests, so that not each key asks the server. */
function useRested<T>(value: T, waitMs: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), waitMs);
    return () => clearTimeout(timer);
  }, [value, waitMs]);
  return rested;
}

function Wizard({ first, isNew }: { first: Draft; isNew: boolean }) {
  const mayOperate = useMayOperate();
  const [draft, setDraft] = useState(first);
  const [step, setStep] = useState(0);
  const [alerts, setAlerts] = useState(NO_ALERTS);
  const { subscription } = useSession();
  const agents = useAgents();
  const client = useQueryClient();
  const rested = useRested(draft, 350);
  const looked = useQuery({
    queryKey: ['preview', JSON.stringify(rested)],
    queryFn: ({ signal }) => preview(rested, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    retry: false,
  });
  useEffect(() => {
    if (isNew) keepDraft(draft);
  }, [draft, isNew]);
  const save = useMutation({
    mutationFn: async () => {
      const changes = await putMonitor(draft.name, draft);
      // The monitor is there by now: a rule that is refused is told of, and takes nothing back.
      return { changes, refused: await createAlertRules(draft.name, subscription, alerts) };
    },
    onSuccess: ({ changes, refused }) => {
      keepDraft(null);
      void client.invalidateQueries({ queryKey: ['monitor', draft.name] });
      const change = changes.changes[0];
      toast(change ? `${draft.name}: ${change.change}, ${counted(change.tests, 'test')}.` : `${draft.name} is saved.`);
      for (const warning of changes.warnings.slice(0, 3)) toast(warning);
      for (const words of refused) toast(`This alert rule was not made. ${words}`, true);
      go('/monitors/$name', { name: draft.name });
    },
  });
  if (!mayOperate)
    return <Empty title="Your token may only read.">Ask an operator to create or change connection monitors.</Empty>;
  const { Step, name } = STEPS[step]!;
  const props: StepProps = {
    draft,
    onChange: setDraft,
    faults: looked.data?.faults ?? [],
    agents: agents.data ?? [],
    isNew,
  };
  const isLast = step === STEPS.length - 1;
  return (
    <>
      <div className="page-head">
        <h1>{isNew ? 'Create connection monitor' : `Edit ${draft.name}`}</h1>
        {isNew && (
          <button
            type="button"
            className="button"
            onClick={() => (
              keepDraft(null),
              setDraft(emptyDraft(agents.data?.find((agent) => agent.connected)?.name)),
              setStep(0)
            )}
          >
            Start over
          </button>
        )}
        <Go to={isNew ? '/' : '/monitors/$name'} params={isNew ? undefined : { name: draft.name }} className="button">
          Cancel
        </Go>
      </div>
      <nav className="steps" aria-label="Steps">
        {STEPS.map((each, i) => (
          <button
            key={each.name}
            type="button"
            className="button"
            aria-current={i === step ? 'step' : undefined}
            aria-pressed={i === step}
            onClick={() => setStep(i)}
          >
            {i + 1} {each.name}
          </button>
        ))}
      </nav>
      {agents.error && (
        <Failure what="The agents could not be fetched" error={agents.error} onRetry={() => void agents.refetch()} />
      )}
      <div className="wizard">
        <section className="card" aria-label={name}>
          <Step {...props} />
          {isLast && isNew && <AlertChoice chosen={alerts} onChange={setAlerts} />}
          {save.error && <Failure what="It was not saved" error={save.error} />}
          <p className="row" style={{ marginTop: 14 }}>
            {step > 0 && (
              <button type="button" className="button" onClick={() => setStep(step - 1)}>
                Back
              </button>
            )}
            {!isLast && (
              <button type="button" className="button primary" onClick={() => setStep(step + 1)}>
                Next: {STEPS[step + 1]!.name}
              </button>
            )}
            {isLast && (
              <button
                type="button"
                className="button primary"
                disabled={save.isPending || !draft.name || (looked.data?.faults.length ?? 1) > 0}
                onClick={() => save.mutate()}
              >
                {isNew ? 'Create' : 'Save'}
              </button>
            )}
          </p>
        </section>
        <PreviewCard looked={looked.data} error={looked.error} isWaiting={looked.isFetching || rested !== draft} />
      </div>
    </>
  );
}

function Review({ draft }: StepProps) {
  return (
    <div className="stack">
      <p>
        The same as a file, for <code>linewatch apply -f</code> and a repository:
      </p>
      <pre
        className="command scroll"
        tabIndex={0}
        role="region"
        aria-label="Monitor file"
        style={{ maxHeight: '50vh' }}
      >
        {toYaml({ connectionMonitors: [draft] })}
      </pre>
    </div>
  );
}

function PreviewCard({
  looked,
  error,
  isWaiting,
}: {
  looked: Preview | undefined;
  error: unknown;
  isWaiting: boolean;
}) {
  return (
    <section className="card" aria-labelledby="preview">
      <h2 id="preview">
        What it makes <span className="quiet">{isWaiting ? '…' : ''}</span>
      </h2>
      {Boolean(error) && <Failure error={error} />}
      {looked && (
        <div className="stack">
          <p role="status" className="verdict">
            <strong>{counted(looked.tests, 'test')}</strong>
            {looked.checksPerSecond > 0 && (
              <span className="quiet">, {Number(looked.checksPerSecond.toFixed(1))} checks a second</span>
            )}
          </p>
          {looked.matrix.map((group) => (
            <p key={group.testGroup}>
              <strong>{group.testGroup}</strong>: {counted(group.sources.length, 'source')} ×{' '}
              {counted(group.destinations.length, 'destination')} ×{' '}
              {counted(group.configurations.length, 'configuration')} = {counted(group.tests, 'test')}
            </p>
          ))}
          {looked.faults.length > 0 && (
            <div>
              <h3>To be mended</h3>
              <ul>
                {looked.faults.map((fault, i) => (
                  <li key={i} className="diff">
                    {fault.message} <span className="quiet mono">{fault.path}</span>
                  </li>
                ))}
              </ul>
            </div>
          )}
          {looked.warnings.map((warning) => (
            <p key={warning}>Note: {warning}</p>
          ))}
        </div>
      )}
    </section>
  );
}
