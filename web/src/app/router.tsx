// SPDX-License-Identifier: Apache-2.0
// All routes. Each page but the overview is its own chunk.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { normalise, parseSearch, stringifySearch, type Search } from '../core/url/search.ts';
import { Failure } from '../ui/Notice.tsx';
import { Overview } from '../pages/overview/Overview.tsx';
import { Go, TimeProvider } from './search.tsx';
import { SessionGate } from './session.tsx';
import { Shell } from './Shell.tsx';
import { SnapshotProvider } from './snapshot.tsx';

function Root() {
  return (
    <TimeProvider>
      <SessionGate>
        <SnapshotProvider>
          <Shell />
        </SnapshotProvider>
      </SessionGate>
    </TimeProvider>
  );
}

function NotFound() {
  return (
    <div className="empty">
      <h1>There is no such page.</h1>
      <Go to="/">To the overview</Go>
    </div>
  );
}

function PageFailure({ error, reset }: { error: unknown; reset: () => void }) {
  return <Failure what="This page could not be shown" error={error} onRetry={reset} />;
}

const root = createRootRoute({
  component: Root,
  validateSearch: (raw: Record<string, unknown>): Search => normalise(raw),
  notFoundComponent: NotFound,
  errorComponent: PageFailure,
});

const entity = () => import('../pages/entity/EntityPage.tsx');
const wizard = () => import('../pages/wizard/Wizard.tsx');

const route = (path: string, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component });

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: Overview }),
  route(
    '/tests/$id',
    lazyRouteComponent(() => import('../pages/test/TestPage.tsx'), 'TestPage'),
  ),
  route('/monitors/new', lazyRouteComponent(wizard, 'CreatePage')),
  route('/monitors/$name', lazyRouteComponent(entity, 'MonitorPage')),
  route('/monitors/$name/edit', lazyRouteComponent(wizard, 'EditPage')),
  route('/monitors/$name/groups/$group', lazyRouteComponent(entity, 'GroupPage')),
  route('/monitors/$name/configurations/$configuration', lazyRouteComponent(entity, 'ConfigurationPage')),
  route('/sources/$name', lazyRouteComponent(entity, 'SourcePage')),
  route('/destinations/$name', lazyRouteComponent(entity, 'DestinationPage')),
  route(
    '/compare',
    lazyRouteComponent(() => import('../pages/compare/ComparePage.tsx'), 'ComparePage'),
  ),
  route(
    '/topology',
    lazyRouteComponent(() => import('../pages/topology/TopologyPage.tsx'), 'TopologyPage'),
  ),
  route(
    '/matrix',
    lazyRouteComponent(() => import('../pages/matrix/MatrixPage.tsx'), 'MatrixPage'),
  ),
  route(
    '/services',
    lazyRouteComponent(() => import('../pages/services/ServicesPage.tsx'), 'ServicesPage'),
  ),
  route(
    '/issues',
    lazyRouteComponent(() => import('../pages/issues/IssuesPage.tsx'), 'IssuesPage'),
  ),
  route(
    '/logs',
    lazyRouteComponent(() => import('../pages/logs/LogsPage.tsx'), 'LogsPage'),
  ),
  route(
    '/agents',
    lazyRouteComponent(() => import('../pages/agents/AgentsPage.tsx'), 'AgentsPage'),
  ),
]);

export const router = createRouter({
  routeTree: tree,
  parseSearch: (text) => parseSearch(text) as Record<string, unknown>,
  stringifySearch: (search) => stringifySearch(search as Search),
  defaultPreload: 'intent',
  scrollRestoration: false,
  defaultErrorComponent: PageFailure,
  defaultNotFoundComponent: NotFound,
});
