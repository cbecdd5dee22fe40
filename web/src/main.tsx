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
void client.prefetchQuery(sessionQuery);
askEarly();

let isStarted = false;
function start(): void {
  if (isStarted) return;
  isStarted = true;
  createRoot(document.getElementById('root')!).render(
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>,
  );
}

// The skeleton is painted first: rendering keeps the browser from it. What is not in sight is not painted at all.
const NOT_PAINTED_MS = 100;
requestAnimationFrame(() => setTimeout(start));
setTimeout(start, NOT_PAINTED_MS);
