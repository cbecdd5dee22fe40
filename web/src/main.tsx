// SPDX-License-Identifier: Apache-2.0
import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { makeQueryClient } from './app/query.ts';
import { App } from './app/router.tsx';
import { sessionQuery } from './app/session.tsx';
import { askEarly } from './app/snapshot.tsx';
import { startTheme } from './app/theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/kit.css';
import './styles/shell.css';
import './styles/pages.css';

startTheme();

const client = makeQueryClient();
// What every page asks first is asked before any is rendered.
const answers = Promise.all([client.prefetchQuery(sessionQuery), askEarly()]);
// What was asked for before the app is of now; and early.js, if it comes later than the app, has nothing to do.
window.linewatchEarly = undefined;

function start(): void {
  createRoot(document.getElementById('root')!).render(
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>,
  );
}

/** So long the skeleton stands for answers that are almost here: one rendering is less work than two. */
const ALMOST_MS = 150;
const NOT_PAINTED_MS = 100;
const almost = new Promise((done) => setTimeout(done, ALMOST_MS));
// The skeleton is painted first: rendering keeps the browser from it. What is not in sight is not painted at all.
const painted = new Promise((done) => {
  requestAnimationFrame(() => setTimeout(done));
  setTimeout(done, NOT_PAINTED_MS);
});
void Promise.all([painted, Promise.race([answers, almost])]).then(start);
