// SPDX-License-Identifier: Apache-2.0
// The parts of a rule's form.
import { useMemo } from 'react';
import { wordAt, type Snapshot, type WordColumnName } from '../../core/api/snapshot.ts';
import type { ActionGroup, AlertRuleProperties } from '../../core/api/types.ts';
import { compareWords, filterRows } from '../../core/store/filter.ts';
import { SEVERITIES } from '../../ui/AlertMark.tsx';
import { Choice, Choices, Field } from '../../ui/Field.tsx';
import {
  addCriterion,
  AGGREGATIONS,
  begin,
  BEGINNINGS,
  CRITERIA_MAX,
  DIMENSIONS,
  durationWords,
  FREQUENCIES,
  METRICS,
  OPERATORS,
  otherDimensions,
  removeCriterion,
  scopeOf,
  secondsOf,
  splitOf,
  WINDOWS,
  withActions,
  withCriterion,
  withScope,
  withSplit,
  type RuleScope,
  type Split,
} from './rule.ts';

export interface Fault {
  readonly path: string;
  readonly message: string;
}

export interface RulePartProps {
  properties: AlertRuleProperties;
  onChange: (properties: AlertRuleProperties) => void;
  /** Of fields, by their paths below `properties`. */
  faults: readonly Fault[];
  snapshot: Snapshot | null;
  subscription: string;
  groups: readonly ActionGroup[];
}

/** What is wrong with a field, or with what is inside it. */
function faultAt(faults: readonly Fault[], path: string): string | undefined {
  const isOf = (each: Fault) =>
    each.path === path || each.path.startsWith(`${path}.`) || each.path.startsWith(`${path}[`);
  return faults.find(isOf)?.message;
}

export function Basics({ properties, onChange, faults, isNew }: RulePartProps & { isNew: boolean }) {
  return (
    <>
      <div className="form-row">
        <Field
          isWide
          label="Description"
          value={properties.description ?? ''}
          onChange={(description) => onChange({ ...properties, description })}
        />
        <Choice
          label="Severity"
          value={String(properties.severity)}
          options={SEVERITIES.map((words, severity) => [String(severity), `Sev${severity}: ${words.toLowerCase()}`])}
          onChange={(severity) => onChange({ ...properties, severity: Number(severity) })}
        />
      </div>
      {faultAt(faults, 'severity') && <p className="fault">{faultAt(faults, 'severity')}</p>}
      <label>
        <input
          type="checkbox"
          checked={properties.enabled}
          onChange={(event) => onChange({ ...properties, enabled: event.target.checked })}
        />{' '}
        Enabled
      </label>
      {isNew && (
        <p className="row">
          <span className="quiet">Begin with</span>
          {BEGINNINGS.map(({ words }, i) => (
            <button key={words} type="button" className="button" onClick={() => onChange(begin(properties, i))}>
              {words}
            </button>
          ))}
        </p>
      )}
    </>
  );
}

export function Scope({ properties, onChange, faults, snapshot, subscription }: RulePartProps) {
  const scope = scopeOf(properties);
  const put = (next: RuleScope) => onChange(withScope(properties, next, subscription));
  const monitors = useMemo(() => [...(snapshot?.monitor.words ?? [])].sort(compareWords), [snapshot?.monitor]);
  const chosen = scope.kind === 'monitors' ? scope.names : [];
  const fault = faultAt(faults, 'scopes');
  return (
    <fieldset className="plain-set">
      <legend className="label">Of which connection monitors</legend>
      <label>
        <input type="radio" name="scope" checked={scope.kind === 'all'} onChange={() => put({ kind: 'all' })} /> All,
        also those to come
      </label>
      <label>
        <input
          type="radio"
          name="scope"
          checked={scope.kind === 'monitors'}
          onChange={() => put({ kind: 'monitors', names: [] })}
        />{' '}
        These
      </label>
      {scope.kind === 'other' && (
        <p className="quiet">
          As it was sent: <span className="mono">{scope.scopes.join(', ')}</span>
        </p>
      )}
      {scope.kind === 'monitors' && (
        <Choices
          label="Connection monitors"
          options={[...new Set([...monitors, ...chosen])]}
          chosen={chosen}
          fault={fault}
          empty="There is none yet."
          onChange={(names) => put({ kind: 'monitors', names })}
        />
      )}
      {fault && scope.kind !== 'monitors' && <p className="fault">{fault}</p>}
    </fieldset>
  );
}

export function Conditions({ properties, onChange, faults }: RulePartProps) {
  const { allOf } = properties.criteria;
  return (
    <fieldset className="plain-set">
      <legend className="label">{allOf.length > 1 ? 'When all of these hold' : 'When'}</legend>
      {allOf.map((each, i) => (
        <div key={each.name} className="form-row" role="group" aria-label={`Condition ${i + 1}`}>
          <Choice
            label="Metric"
            value={each.metricName}
            options={METRICS.map(({ name, words, unit }) => [name, unit ? `${words}, ${unit}` : words])}
            onChange={(metricName) => onChange(withCriterion(properties, i, { metricName }))}
          />
          <Choice
            label="Aggregation"
            value={each.timeAggregation}
            options={AGGREGATIONS.map((name) => [name, name])}
            onChange={(timeAggregation) => onChange(withCriterion(properties, i, { timeAggregation }))}
          />
          <Choice
            label="Is"
            value={each.operator}
            options={OPERATORS}
            onChange={(operator) => onChange(withCriterion(properties, i, { operator }))}
          />
          <Field
            label="Threshold"
            type="number"
            value={Number.isFinite(each.threshold) ? each.threshold : ''}
            fault={faultAt(faults, `criteria.allOf[${i}]`)}
            onChange={(text) => onChange(withCriterion(properties, i, { threshold: text === '' ? NaN : Number(text) }))}
          />
          {allOf.length > 1 && (
            <button type="button" className="button" onClick={() => onChange(removeCriterion(properties, i))}>
              Remove<span className="hidden-visually"> condition {i + 1}</span>
            </button>
          )}
        </div>
      ))}
      {allOf.length < CRITERIA_MAX && (
        <p>
          <button type="button" className="button bare" onClick={() => onChange(addCriterion(properties))}>
            And another condition
          </button>
        </p>
      )}
    </fieldset>
  );
}

const SPLITS: readonly (readonly [Split['kind'], string])[] = [
  ['together', 'put together'],
  ['each', 'each by itself'],
  ['these', 'only these'],
  ['others', 'all but these'],
];

/** The words of a column in the rows of the rule's scope. */
function wordsOf(snapshot: Snapshot | null, monitors: readonly string[] | null, column: WordColumnName): string[] {
  if (!snapshot) return [];
  const found = new Set<string>();
  for (const row of filterRows(snapshot, { monitor: monitors ?? undefined })) {
    const word = wordAt(snapshot[column], row);
    if (word !== null) found.add(word);
  }
  return [...found].sort(compareWords);
}

export function Splits(props: RulePartProps) {
  const others = otherDimensions(props.properties);
  return (
    <fieldset className="plain-set">
      <legend className="label">Dimensions: tests with different values of these are judged</legend>
      <div className="splits">
        {DIMENSIONS.map((dimension) => (
          <SplitField key={dimension.name} {...props} {...dimension} />
        ))}
      </div>
      {others.length > 0 && <p className="quiet">Further, as it was sent: {others.join('; ')}</p>}
    </fieldset>
  );
}

function SplitField({
  properties,
  onChange,
  snapshot,
  name,
  words,
  column,
}: RulePartProps & (typeof DIMENSIONS)[number]) {
  const split = splitOf(properties, name);
  const scope = scopeOf(properties);
  const monitors = scope.kind === 'monitors' ? scope.names.join('\u0000') : null;
  const hasValues = split.kind === 'these' || split.kind === 'others';
  const options = useMemo(
    () => (hasValues ? wordsOf(snapshot, monitors?.split('\u0000') ?? null, column) : []),
    // Names of tests only: live numbers do not matter here.
    [snapshot?.[column], monitors, column, hasValues],
  );
  const choose = (kind: string) => {
    const values = hasValues ? split.values : [];
    onChange(
      withSplit(
        properties,
        name,
        kind === 'these' || kind === 'others' ? { kind, values } : { kind: kind as 'together' | 'each' },
      ),
    );
  };
  return (
    <div className={hasValues ? 'split open' : 'split'}>
      <Choice label={words} value={split.kind} options={SPLITS} onChange={choose} />
      {hasValues && (
        <Choices
          label={`${words}: ${split.kind === 'these' ? 'only' : 'all but'}`}
          options={[...new Set([...options, ...split.values])]}
          chosen={split.values}
          empty="No test has such a value."
          fault={split.values.length === 0 ? 'Choose one at least.' : undefined}
          onChange={(values) => onChange(withSplit(properties, name, { kind: split.kind, values }))}
        />
      )}
    </div>
  );
}

export function Timing({ properties, onChange, faults }: RulePartProps) {
  const { windowSize, evaluationFrequency } = properties;
  const isLong = (window: string) => !(secondsOf(window) < secondsOf(evaluationFrequency));
  const choose = (frequency: string) => {
    const fitting = isLongEnough(windowSize, frequency) ? windowSize : frequency;
    onChange({ ...properties, evaluationFrequency: frequency, windowSize: fitting });
  };
  const fault = faultAt(faults, 'windowSize') ?? faultAt(faults, 'evaluationFrequency');
  return (
    <>
      <div className="form-row">
        <Choice
          label="Evaluated every"
          value={evaluationFrequency}
          options={FREQUENCIES.map((each) => [each, durationWords(each)])}
          onChange={choose}
        />
        <Choice
          label="Over the last"
          value={windowSize}
          options={WINDOWS.filter(isLong).map((each) => [each, durationWords(each)])}
          onChange={(window) => onChange({ ...properties, windowSize: window })}
        />
      </div>
      {fault && <p className="fault">{fault}</p>}
      <label>
        <input
          type="checkbox"
          checked={properties.autoMitigate !== false}
          onChange={(event) => onChange({ ...properties, autoMitigate: event.target.checked })}
        />{' '}
        Resolve by itself after three evaluations without a breach
      </label>
    </>
  );
}

function isLongEnough(window: string, frequency: string): boolean {
  return secondsOf(window) >= secondsOf(frequency);
}

export function Whom({ properties, onChange, faults, groups }: RulePartProps) {
  const ids = (properties.actions ?? []).map((each) => each.actionGroupId.toLowerCase());
  const known = groups.filter((group) => ids.includes(group.id.toLowerCase()));
  const strangers = (properties.actions ?? [])
    .map((each) => each.actionGroupId)
    .filter((id) => !groups.some((group) => group.id.toLowerCase() === id.toLowerCase()));
  const put = (names: readonly string[]) =>
    onChange(
      withActions(properties, [
        ...groups.filter((group) => names.includes(group.name)).map((group) => group.id),
        ...strangers,
      ]),
    );
  return (
    <>
      <Choices
        label="Action groups that are told"
        options={groups.map((group) => group.name)}
        chosen={known.map((group) => group.name)}
        fault={faultAt(faults, 'actions')}
        empty="There is none yet: the rule fires without telling anybody. Make one on the page Alerts."
        onChange={put}
      />
      {strangers.length > 0 && <p className="quiet">And, which are not there: {strangers.join(', ')}</p>}
    </>
  );
}
