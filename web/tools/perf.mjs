// SPDX-License-Identifier: Apache-2.0
// Measures the overview against a server or mock: node tools/perf.mjs BASE. Event Timing of real input, in ms.
import { chromium } from '@playwright/test';

const base = process.argv[2] ?? 'http://127.0.0.1:5180';
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ignoreHTTPSErrors: true });
if (process.argv[3])
  await context.request.post(`${base}/api/v1/session`, {
    data: { token: process.argv[3] },
    headers: { 'X-Linewatch': '1' },
  });
const page = await context.newPage();
await page.addInitScript(() => {
  window.timings = [];
  window.longTasks = 0;
  new PerformanceObserver((list) =>
    window.timings.push(...list.getEntries().map((entry) => ({ name: entry.name, ms: entry.duration }))),
  ).observe({ type: 'event', durationThreshold: 16 });
  new PerformanceObserver((list) => (window.longTasks += list.getEntries().length)).observe({ type: 'longtask' });
});
const started = Date.now();
await page.goto(`${base}/?view=tests`);
await page.locator('.grid-row').first().waitFor({ timeout: 60_000 });
const rows = await page.locator('[role=grid]').getAttribute('aria-rowcount');
console.log(
  `${Number(rows) - 1} tests; first row after ${Date.now() - started} ms, FCP ${await page.evaluate(() => Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1))} ms`,
);
await page.waitForTimeout(2500);

async function measure(name, act, times) {
  await page.evaluate(() => ((window.timings = []), (window.longTasks = 0)));
  for (let i = 0; i < times; i++) await act(i);
  await page.waitForTimeout(600);
  const { timings, longTasks } = await page.evaluate(() => ({
    timings: window.timings.map((each) => each.ms),
    longTasks: window.longTasks,
  }));
  timings.sort((a, b) => a - b);
  const at = (share) => timings[Math.min(timings.length - 1, Math.floor(timings.length * share))] ?? '<16';
  console.log(
    `${name.padEnd(34)} median ${at(0.5)}, p95 ${at(0.95)}, max ${timings.at(-1) ?? '<16'} ms; ${longTasks} long tasks`,
  );
}
const search = page.getByRole('searchbox', { name: 'Search' });
await search.click();
await measure('typing in search', (i) => page.keyboard.type('sql-prod-01 sin1'[i] ?? 'x', { delay: 60 }), 16);
await search.fill('');
await measure('state filter', () => page.getByRole('button', { name: /^Fail/ }).click(), 6);
await measure(
  'sort by RTT',
  () => page.getByRole('columnheader', { name: 'RTT', exact: true }).getByRole('button').click(),
  6,
);
await page.locator('[role=grid]').focus();
await measure('arrow down', () => page.keyboard.press('ArrowDown', { delay: 25 }), 40);
await measure('time travel step', () => page.keyboard.press(',').then(() => page.waitForTimeout(400)), 8);
console.log(`heap ${await page.evaluate(() => Math.round((performance.memory?.usedJSHeapSize ?? 0) / 1e6))} MB`);
await browser.close();
