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

const chunks = {
  test: () => import('../pages/test/TestPage.tsx'),
  entity: () => import('../pages/entity/EntityPage.tsx'),
  wizard: () => import('../pages/wizard/Wizard.tsx'),
  compare: () => import('../pages/compare/ComparePage.tsx'),
  topology: () => import('../pages/topology/TopologyPage.tsx'),
  matrix: () => import('../pages/matrix/MatrixPage.tsx'),
  services: () => import('../pages/services/ServicesPage.tsx'),
  issues: () => import('../pages/issues/IssuesPage.tsx'),
  logs: () => import('../pages/logs/LogsPage.tsx'),
  agents: () => import('../pages/agents/AgentsPage.tsx'),
};

const LOAD_ALL_AFTER_MS = 4000;

/** All pages, once there is nothing better to do: they are there then when the server is not. */
setTimeout(() => {
  for (const load of Object.values(chunks)) load().catch(() => undefined);
}, LOAD_ALL_AFTER_MS);

const route = (path: string, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component });

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: Overview }),
  route('/tests/$id', lazyRouteComponent(chunks.test, 'TestPage')),
  route('/monitors/new', lazyRouteComponent(chunks.wizard, 'CreatePage')),
  route('/monitors/$name', lazyRouteComponent(chunks.entity, 'MonitorPage')),
  route('/monitors/$name/edit', lazyRouteComponent(chunks.wizard, 'EditPage')),
  route('/monitors/$name/groups/$group', lazyRouteComponent(chunks.entity, 'GroupPage')),
  route('/monitors/$name/configurations/$configuration', lazyRouteComponent(chunks.entity, 'ConfigurationPage')),
  route('/sources/$name', lazyRouteComponent(chunks.entity, 'SourcePage')),
  route('/destinations/$name', lazyRouteComponent(chunks.entity, 'DestinationPage')),
  route('/compare', lazyRouteComponent(chunks.compare, 'ComparePage')),
  route('/topology', lazyRouteComponent(chunks.topology, 'TopologyPage')),
  route('/matrix', lazyRouteComponent(chunks.matrix, 'MatrixPage')),
  route('/services', lazyRouteComponent(chunks.services, 'ServicesPage')),
  route('/issues', lazyRouteComponent(chunks.issues, 'IssuesPage')),
  route('/logs', lazyRouteComponent(chunks.logs, 'LogsPage')),
  route('/agents', lazyRouteComponent(chunks.agents, 'AgentsPage')),
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
