// SPDX-License-Identifier: Apache-2.0
// Metric alerts while a connection monitor is created: the usual rules for it, and who is told.
import { useQuery } from '@tanstack/react-query';
import { getActionGroups, putAlertRule } from '../../core/api/endpoints.ts';
import { Choices } from '../../ui/Field.tsx';
import { Failure } from '../../ui/Notice.tsx';
import { begin, BEGINNINGS, emptyRule, withActions } from '../alerts/rule.ts';

export interface ChosenAlerts {
  /** Indices into BEGINNINGS. */
  readonly rules: readonly number[];
  /** Ids of action groups. */
  readonly groups: readonly string[];
}

export const NO_ALERTS: ChosenAlerts = { rules: [], groups: [] };

const NAMES = ['fails', 'loss', 'slow'];

/** "NAME fails": the rules' names, after the connection monitor's. Gives those that could not be made. */
export async function createAlertRules(monitor: string, subscription: string, chosen: ChosenAlerts): Promise<string[]> {
  const refused: string[] = [];
  for (const index of chosen.rules) {
    const name = `${monitor}-${NAMES[index]}`;
    const properties = withActions(begin(emptyRule(subscription, monitor), index), chosen.groups);
    try {
      await putAlertRule(name, { location: 'global', properties }, { ifNoneMatch: '*' });
    } catch (error) {
      refused.push(`${name}: ${error instanceof Error ? error.message : 'failed'}`);
    }
  }
  return refused;
}

export function AlertChoice({ chosen, onChange }: { chosen: ChosenAlerts; onChange: (chosen: ChosenAlerts) => void }) {
  const query = useQuery({ queryKey: ['action-groups'], queryFn: ({ signal }) => getActionGroups(signal) });
  const groups = query.data ?? [];
  return (
    <fieldset className="plain-set" style={{ marginTop: 14 }}>
      <legend className="label">Metric alerts, to be changed on the page Alerts at any time</legend>
      {BEGINNINGS.map(({ words, severity }, i) => (
        <label key={words}>
          <input
            type="checkbox"
            checked={chosen.rules.includes(i)}
            onChange={(event) =>
              onChange({
                ...chosen,
                rules: event.target.checked ? [...chosen.rules, i] : chosen.rules.filter((each) => each !== i),
              })
            }
          />{' '}
          {words} <span className="quiet">Sev{severity}</span>
        </label>
      ))}
      {query.error && <Failure what="The action groups could not be fetched" error={query.error} />}
      {chosen.rules.length > 0 && (
        <Choices
          label="Action groups that are told"
          options={groups.map((group) => group.name)}
          chosen={groups.filter((group) => chosen.groups.includes(group.id)).map((group) => group.name)}
          empty="There is none yet: alerts are shown, and nobody is told."
          onChange={(names) =>
            onChange({
              ...chosen,
              groups: groups.filter((group) => names.includes(group.name)).map((group) => group.id),
            })
          }
        />
      )}
    </fieldset>
  );
}
