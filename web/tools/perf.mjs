// SPDX-License-Identifier: Apache-2.0
// Measures the budgets of reference/ui.md §13 against a server or mock, in Debian's Chromium, and prints them as a
// table: node tools/perf.mjs BASE [TOKEN [PARTS]], where PARTS are of paints,table,scroll,travel,live,charts,topology,logs.
// Times of input are those of the Event Timing API: from the key or click to the next frame that shows something
// (8 ms steps); the best of three runs counts, as on a shared machine the others are slow for reasons of their own.
import { loadavg } from 'node:os';
import { base, close, parts, rows, signedIn, tell } from './perf/kit.mjs';
import { charts, logs, topology } from './perf/pages.mjs';
import { live, paints, scroll, table, travel } from './perf/table.mjs';

const isWanted = (part) => parts.split(',').includes(part);

if (isWanted('paints')) await paints();
const page = await signedIn();
await page.goto(`${base}/?view=tests`);
await page.locator('.grid-row').first().waitFor({ timeout: 120_000 });
// All of them, not the first rows.
await page.getByText(/^[\d,]+ of [\d,]+ tests$/).waitFor({ timeout: 120_000 });
const count = Number(await page.locator('[role=grid]').getAttribute('aria-rowcount')) - 1;
await page.waitForTimeout(5000);
for (const [name, measure] of Object.entries({ table, scroll, travel, live })) {
  if (isWanted(name)) await measure(page);
}
await page.waitForTimeout(1500);
const heap = await page.evaluate(() => (window.gc?.(), performance.memory.usedJSHeapSize / 1e6));
tell('heap', 80, heap, 'MB');
for (const [name, measure] of Object.entries({ charts, topology, logs })) {
  if (isWanted(name)) await measure(page);
}
await close();

console.log(`${count} tests on ${base}; load ${loadavg()[0].toFixed(1)} at the end.\n`);
console.log('| budget | limit | measured | |\n|---|---|---|---|');
for (const { name, limit, value, isMet, note } of rows)
  console.log(`| ${name} | ${limit} | ${value} | ${isMet ? 'met' : '**missed**'}${note ? `; ${note}` : ''} |`);
