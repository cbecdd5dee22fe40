// SPDX-License-Identifier: Apache-2.0
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Serves the mock API of mock-api/ during `npm run dev`, unless LW_SERVER names a real server. */
function mockApi(): Plugin {
  return {
    name: 'linewatch-mock-api',
    apply: 'serve',
    async configureServer(server) {
      if (process.env.LW_SERVER) return;
      const { createMock } = await import('./mock-api/handlers.mjs');
      const mock = createMock({ tests: Number(process.env.LW_MOCK_TESTS ?? 600), signedIn: true });
      server.middlewares.use((request, response, next) => {
        if (!mock.handle(request, response)) next();
      });
    },
  };
}

/** The style sheet behind the skeleton, which brings its own few rules: so it is painted without waiting for another file. */
function styleLast(): Plugin {
  return {
    name: 'linewatch-style-last',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html) {
        const link = /\s*<link rel="stylesheet"[^>]*>/.exec(html)?.[0];
        if (!link) throw new Error('index.html has no style sheet');
        return html.replace(link, '').replace(/\s*<\/body>/, `${link}$&`);
      },
    },
  };
}

/** Modules of the shell and the overview that other pages use as well. */
const SHARED =
  /src\/(core\/(api|store|time|url)\/|core\/text\/(numbers|reasons|tests)|app\/(search|session|snapshot|theme|share|Recorder|pages|hotkeys)\.|ui\/(AlertMark|Grid|useWindow|Popover|StateTag|icons|Notice|toast|Tabs|Multi|Mini|usePage|download)\.|viz\/(palette|canvas|band|sparkline)|pages\/overview\/(columns|reasonText|useTestRows))/;

export default defineConfig({
  plugins: [react(), mockApi(), styleLast()],
  // Everything comes from the server itself: its CSP allows neither inline scripts nor data: modules.
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
    sourcemap: false,
    rolldownOptions: {
      output: {
        // What every page needs is two files rather than thirty: they compress better and take one round trip.
        codeSplitting: {
          groups: [
            { name: 'vendor', test: /node_modules\/(react|react-dom|scheduler|use-sync-external-store|@tanstack)\// },
            { name: 'shared', test: SHARED },
          ],
        },
      },
    },
  },
  worker: { format: 'es' },
  server: process.env.LW_SERVER
    ? {
        proxy: {
          '/api': { target: process.env.LW_SERVER, secure: false },
          '/v1': { target: process.env.LW_SERVER, secure: false },
        },
      }
    : {},
});
