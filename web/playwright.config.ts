// SPDX-License-Identifier: Apache-2.0
// End-to-end tests on Debian's Chromium, no browser download. Without LW_E2E_URL they run on the mock in front of
// dist/ (build first); with it, only the tests of real.spec.ts run, on that server, signed in with LW_E2E_TOKEN.
import { defineConfig } from '@playwright/test';

const server = process.env.LW_E2E_URL;
/** Tests that stop and start the server need somebody who does it (tests/web). */
const realTests = process.env.LW_E2E_CONTROL ? /real\.spec\.ts$/ : /[/\\]real\.spec\.ts$/;
/** And the one after it, for the mock with 100,000 tests. */
const MOCK_PORT = Number(process.env.LW_E2E_PORT ?? 5190);
/** The mock's clock begins here, in the middle of an incident. */
const NOW = '2026-11-21T20:00:00Z';
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const mock = (port: number, tests: number) => ({
  command: `node mock-api/serve.mjs --port ${port} --tests ${tests} --now ${NOW} ${process.env.LW_WEB_DIST ? `--dist ${process.env.LW_WEB_DIST}` : ''}`,
  url: `http://127.0.0.1:${port}/`,
  reuseExistingServer: false,
});

export default defineConfig({
  testDir: 'test/e2e',
  // Beside the sources it would count as one of them.
  outputDir: '../build/web-results',
  testMatch: server ? realTests : /^(?!.*real\.spec).*\.spec\.ts$/,
  workers: 1,
  // Against hangs only. A browser's first copy into the clipboard took more than ten seconds on a busy machine.
  timeout: 60_000,
  expect: { timeout: 25_000 },
  reporter: [['list']],
  use: {
    baseURL: server ?? `http://127.0.0.1:${MOCK_PORT}`,
    ignoreHTTPSErrors: true,
    viewport: { width: 1440, height: 900 },
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: process.env.LW_CHROMIUM ?? '/usr/bin/chromium', args: ARGS },
  },
  webServer: server ? undefined : [mock(MOCK_PORT, 600), mock(MOCK_PORT + 1, 100_000)],
});
