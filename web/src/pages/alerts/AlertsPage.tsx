// SPDX-License-Identifier: Apache-2.0
// Alerts: what fires at the instant that is shown and what fired in the range, the rules, and who is told.
import { Go, setUrl, useUrl } from '../../app/search.tsx';
import { useMayOperate } from '../../app/session.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { usePage } from '../../ui/usePage.ts';
import '../../styles/alerts.css';
import { ActionGroups } from './ActionGroups.tsx';
import { AlertLists } from './AlertLists.tsx';
import { RuleList } from './RuleList.tsx';

const TABS = [
  { id: 'alerts', label: 'Alerts' },
  { id: 'rules', label: 'Rules' },
  { id: 'groups', label: 'Action groups' },
] as const;

export function AlertsPage() {
  usePage('Alerts');
  const { tab, monitor } = useUrl();
  const mayOperate = useMayOperate();
  const chosen = TABS.find((each) => each.id === tab)?.id ?? 'alerts';
  const preset = monitor?.length === 1 ? { monitor } : undefined;
  return (
    <>
      <div className="page-head">
        <h1>Alerts</h1>
        {mayOperate && (
          <Go to="/alerts/rules/new" search={preset} className="button primary">
            Configure alerts
          </Go>
        )}
      </div>
      <Tabs
        label="What of alerts"
        items={TABS}
        chosen={chosen}
        onChoose={(id) => setUrl({ tab: id === 'alerts' ? undefined : id })}
      >
        {chosen === 'alerts' && <AlertLists />}
        {chosen === 'rules' && <RuleList />}
        {chosen === 'groups' && <ActionGroups />}
      </Tabs>
    </>
  );
}
