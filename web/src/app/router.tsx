// SPDX-License-Identifier: Apache-2.0
// All pages by their paths. Each page but the overview is a file of its own.
import { Component, useMemo, type ComponentType, type ReactNode } from 'react';
import { matchPath } from '../core/url/routes.ts';
import { Failure } from '../ui/Notice.tsx';
import { loadAllParts, part } from '../ui/part.tsx';
import { Overview } from '../pages/overview/Overview.tsx';
import { ParamsContext, PlaceProvider, usePath } from './place.tsx';
import { Go, TimeProvider } from './search.tsx';
import { SessionGate } from './session.tsx';
import { Shell } from './Shell.tsx';
import { SnapshotProvider } from './snapshot.tsx';

const page = (load: () => Promise<ComponentType>) => part(load, { isPage: true });
const entity = () => import('../pages/entity/EntityPage.tsx');
const alerts = () => import('../pages/alerts/AlertsPage.tsx');
const rule = () => import('../pages/alerts/RulePage.tsx');
const wizard = () => import('../pages/wizard/Wizard.tsx');

/** What is literal stands before what takes any name. */
const PAGES: ReadonlyMap<string, ComponentType> = new Map<string, ComponentType>([
  ['/', Overview],
  ['/tests/$id', page(async () => (await import('../pages/test/TestPage.tsx')).TestPage)],
  ['/monitors/new', page(async () => (await wizard()).CreatePage)],
  ['/monitors/$name', page(async () => (await entity()).MonitorPage)],
  ['/monitors/$name/edit', page(async () => (await wizard()).EditPage)],
  ['/monitors/$name/groups/$group', page(async () => (await entity()).GroupPage)],
  ['/monitors/$name/configurations/$configuration', page(async () => (await entity()).ConfigurationPage)],
  ['/sources/$name', page(async () => (await entity()).SourcePage)],
  ['/destinations/$name', page(async () => (await entity()).DestinationPage)],
  ['/compare', page(async () => (await import('../pages/compare/ComparePage.tsx')).ComparePage)],
  ['/topology', page(async () => (await import('../pages/topology/TopologyPage.tsx')).TopologyPage)],
  ['/matrix', page(async () => (await import('../pages/matrix/MatrixPage.tsx')).MatrixPage)],
  ['/services', page(async () => (await import('../pages/services/ServicesPage.tsx')).ServicesPage)],
  ['/issues', page(async () => (await import('../pages/issues/IssuesPage.tsx')).IssuesPage)],
  ['/alerts', page(async () => (await alerts()).AlertsPage)],
  ['/alerts/rules/new', page(async () => (await rule()).NewRulePage)],
  ['/alerts/rules/$name', page(async () => (await rule()).EditRulePage)],
  ['/metrics-explorer', page(async () => (await import('../pages/metrics/MetricsPage.tsx')).MetricsPage)],
  ['/logs', page(async () => (await import('../pages/logs/LogsPage.tsx')).LogsPage)],
  ['/l/$id', page(async () => (await import('./LinkPage.tsx')).LinkPage)],
  ['/agents', page(async () => (await import('../pages/agents/AgentsPage.tsx')).AgentsPage)],
]);
const PATTERNS = [...PAGES.keys()];

const LOAD_ALL_AFTER_MS = 4000;
setTimeout(loadAllParts, LOAD_ALL_AFTER_MS);

function NotFound() {
  return (
    <div className="empty">
      <h1>There is no such page.</h1>
      <Go to="/">To the overview</Go>
    </div>
  );
}

/** Stands in for what failed while it was rendered, until it is tried again or the reader goes elsewhere. */
class Guard extends Component<{ path: string; children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(before: { path: string }) {
    if (before.path !== this.props.path && this.state.error !== null) this.setState({ error: null });
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    const again = () => this.setState({ error: null });
    return <Failure what="This page could not be shown" error={this.state.error} onRetry={again} />;
  }
}

function Page() {
  const path = usePath();
  const match = useMemo(() => matchPath(PATTERNS, path), [path]);
  const Shown = (match && PAGES.get(match.pattern)) ?? NotFound;
  return (
    <Guard path={path}>
      <ParamsContext value={match?.params ?? {}}>
        <Shown />
      </ParamsContext>
    </Guard>
  );
}

function Everything() {
  const path = usePath();
  return (
    <Guard path={path}>
      <TimeProvider>
        <SessionGate>
          <SnapshotProvider>
            <Shell>
              <Page />
            </Shell>
          </SnapshotProvider>
        </SessionGate>
      </TimeProvider>
    </Guard>
  );
}

export function App() {
  return (
    <PlaceProvider>
      <Everything />
    </PlaceProvider>
  );
}
