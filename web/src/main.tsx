// SPDX-License-Identifier: Apache-2.0
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { ApiError } from './core/api/client.ts';
import { router } from './app/router.tsx';
import { startTheme } from './app/theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/kit.css';
import './styles/shell.css';
import './styles/pages.css';

startTheme();

/** What may be over soon is tried again; what the server refuses is not. */
function isWorthARetry(count: number, error: Error): boolean {
  const isTemporary = !(error instanceof ApiError) || error.status === 0 || error.status >= 500;
  return isTemporary && count < 3;
}

const client = new QueryClient({
  defaultOptions: {
    queries: { retry: isWorthARetry, staleTime: 10_000, refetchOnWindowFocus: false, gcTime: 120_000 },
  },
});

createRoot(document.getElementById('root')!).render(
  <QueryClientProvider client={client}>
    <RouterProvider router={router} />
  </QueryClientProvider>,
);
