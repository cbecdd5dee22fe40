// SPDX-License-Identifier: Apache-2.0
// Creates and changes an alert rule. The server looks at it as it is typed: its faults stand at their fields, and
// what it would have done over the chosen range beside the form.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import '../../styles/alerts.css';
import '../../styles/wizard.css';
import { ApiError } from '../../core/api/client.ts';
import { getAlertRule, previewAlertRule, putAlertRule } from '../../core/api/endpoints.ts';
import type { AlertRule, AlertRuleDocument, AlertRuleProperties } from '../../core/api/types.ts';
import { useParams } from '../../app/place.tsx';
import { Go, go, useSpan, useUrl } from '../../app/search.tsx';
import { useMayOperate, useSession } from '../../app/session.tsx';
import { useSnapshot } from '../../app/snapshot.tsx';
import { Field } from '../../ui/Field.tsx';
import { Empty, Failure, Loading } from '../../ui/Notice.tsx';
import { toast } from '../../ui/toast.tsx';
import { usePage } from '../../ui/usePage.ts';
import { useActionGroups } from './ActionGroups.tsx';
import { PreviewCard } from './PreviewCard.tsx';
import { Basics, Conditions, Scope, Splits, Timing, Whom, type Fault, type RulePartProps } from './RuleForm.tsx';
import { areThresholdsNumbers, emptyRule } from './rule.ts';

const RESTS_MS = 400;

export function NewRulePage() {
  usePage('Configure alerts');
  const { subscription } = useSession();
  const { monitor } = useUrl();
  const [first] = useState<AlertRuleDocument>(() => ({
    location: 'global',
    properties: emptyRule(subscription, monitor?.[0]),
  }));
  return <Form first={first} rule={null} />;
}

export function EditRulePage() {
  const { name = '' } = useParams();
  usePage(`Alert rule ${name}`);
  const query = useQuery({
    queryKey: ['alert-rule', name],
    queryFn: ({ signal }) => getAlertRule(name, signal),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnMount: 'always',
  });
  if (!query.isFetchedAfterMount) return <Loading />;
  if (query.data) return <Form key={query.data.etag} first={query.data.document} rule={query.data} />;
  if (!(query.error instanceof ApiError) || query.error.status !== 404)
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <>
      <div className="page-head">
        <h1>{name}</h1>
      </div>
      <Empty title={`There is no alert rule ${name} (any more).`}>
        <Go to="/alerts" search={{ tab: 'rules' }} className="button">
          To the rules
        </Go>
      </Empty>
    </>
  );
}

/** The rule once typing rests, so that not each key asks the server. */
function useRested<T>(value: T): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), RESTS_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

function usePreview(properties: AlertRuleProperties) {
  const span = useSpan();
  const rested = useRested(properties);
  // A relative range moves on every few seconds, which must not make the server judge a day anew each time.
  const [range, setRange] = useState(span);
  const length = span.to - span.from;
  const isOther = Math.abs(length - (range.to - range.from)) > 1000 || Math.abs(span.to - range.to) > 300_000;
  useEffect(() => {
    if (isOther) setRange(span);
  }, [isOther, span]);
  const query = useQuery({
    queryKey: ['alert-preview', JSON.stringify(rested), range.from, range.to],
    queryFn: ({ signal }) => previewAlertRule(rested, range, signal),
    enabled: areThresholdsNumbers(rested),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    retry: false,
  });
  return { query, isWaiting: query.isFetching || rested !== properties, range };
}

/** A threshold that is being typed is no number yet; the server is not asked then. */
function typedFaults(properties: AlertRuleProperties): Fault[] {
  return properties.criteria.allOf.flatMap((each, i) =>
    Number.isFinite(each.threshold)
      ? []
      : [{ path: `criteria.allOf[${i}].threshold`, message: 'a threshold is a number' }],
  );
}

function Form({ first, rule }: { first: AlertRuleDocument; rule: AlertRule | null }) {
  const mayOperate = useMayOperate();
  const { subscription } = useSession();
  const { snapshot } = useSnapshot();
  const groups = useActionGroups();
  const client = useQueryClient();
  const [name, setName] = useState(rule?.name ?? '');
  const [properties, setProperties] = useState(first.properties);
  const { query, isWaiting, range } = usePreview(properties);
  const save = useMutation({
    mutationFn: () =>
      putAlertRule(name, { ...first, properties }, rule ? { ifMatch: rule.etag } : { ifNoneMatch: '*' }),
    onSuccess: () => {
      for (const key of ['alert-rules', 'alert-rule', 'alerts'])
        void client.invalidateQueries({ queryKey: [key], refetchType: 'none' });
      toast(rule ? `${name} is saved.` : `${name} is created. It is evaluated within a minute or two.`);
      go('/alerts', undefined, { tab: 'rules' });
    },
  });
  const typed = typedFaults(properties);
  const faults = [
    ...typed,
    ...(query.data?.faults ?? []).map(({ path, message }) => ({ path: path.replace(/^properties\./, ''), message })),
  ];
  const props: RulePartProps = {
    properties,
    onChange: setProperties,
    faults,
    snapshot,
    subscription,
    groups: groups.data ?? [],
  };
  const isWhole = name !== '' && faults.length === 0 && query.data !== undefined;
  return (
    <>
      <div className="page-head">
        <h1>{rule ? rule.name : 'Configure alerts'}</h1>
        <Go to="/alerts" search={{ tab: 'rules' }} className="button">
          {mayOperate ? 'Cancel' : 'To the rules'}
        </Go>
      </div>
      {!mayOperate && <p className="notice">Your token may only read: ask an operator to change rules.</p>}
      <div className="wizard rule-form">
        <form
          className="card stack"
          aria-label="Alert rule"
          onSubmit={(event) => {
            event.preventDefault();
            if (isWhole && mayOperate) save.mutate();
          }}
        >
          <Field label="Name" value={name} isReadOnly={rule !== null} onChange={setName} />
          <Basics {...props} isNew={rule === null} />
          <Scope {...props} />
          <Conditions {...props} />
          <Splits {...props} />
          <Timing {...props} />
          <Whom {...props} />
          {groups.error && <Failure what="The action groups could not be fetched" error={groups.error} />}
          {save.error && <Failure what="It was not saved" error={save.error} />}
          {mayOperate && (
            <p className="row">
              <button className="button primary" disabled={!isWhole || save.isPending}>
                {rule ? 'Save' : 'Create alert rule'}
              </button>
              {name === '' && <span className="quiet">It needs a name.</span>}
              {faults.length > 0 && <span className="quiet">Some of it is to be mended.</span>}
            </p>
          )}
        </form>
        <PreviewCard
          preview={typed.length > 0 ? undefined : query.data}
          error={query.error}
          isWaiting={isWaiting}
          span={range}
        />
      </div>
    </>
  );
}
