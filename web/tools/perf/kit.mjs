// SPDX-License-Identifier: Apache-2.0
// What the measurements have in common: a browser that is signed in, and clocks for input, frames and drawing.
import { chromium } from '@playwright/test';
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';

export const [
  base = 'http://127.0.0.1:5180',
  token = 'letmein',
  parts = 'paints,table,scroll,travel,live,charts,topology,logs',
] = process.argv.slice(2);
export const RUNS = 3;

/** A browser that trusts the server's key, as its users' do: to overrule a faulty certificate costs a detour for each file. */
async function trustArguments() {
  const { protocol, hostname, port } = new URL(base);
  if (protocol !== 'https:') return [];
  const certificate = await new Promise((done, refuse) => {
    const socket = connect({ host: hostname, port: Number(port || 443), rejectUnauthorized: false }, () => {
      done(new X509Certificate(socket.getPeerCertificate(true).raw));
      socket.end();
    });
    socket.on('error', refuse);
  });
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return [`--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`];
}

const browser = await chromium.launch({
  executablePath: process.env.LW_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--enable-precise-memory-info',
    '--js-flags=--expose-gc',
    ...(await trustArguments()),
  ],
});
export const close = () => browser.close();

/** The pages of a folder in front of the server, as in test/e2e/fixture.ts. What loading takes is not the server's then. */
async function serveDist(context, folder) {
  await context.route(/^https?:\/\/[^/]+\/(?!api\/|v1\/)/, (route) => {
    const file = join(folder, new URL(route.request().url()).pathname);
    return route.fulfill({ path: existsSync(file) && statSync(file).isFile() ? file : join(folder, 'index.html') });
  });
}

/** By the browser itself, which trusts the server's key. */
async function signIn(context) {
  const page = await context.newPage();
  await page.goto(`${base}/icon.svg`);
  const status = await page.evaluate(async (token) => {
    const headers = { 'X-Linewatch': '1', 'Content-Type': 'application/json' };
    return (await fetch('/api/v1/session', { method: 'POST', headers, body: JSON.stringify({ token }) })).status;
  }, token);
  if (status !== 200) throw new Error(`signing in was answered by ${status}`);
  await page.close();
}

export async function signedIn() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  if (process.env.LW_E2E_DIST) await serveDist(context, process.env.LW_E2E_DIST);
  await signIn(context);
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.timings = [];
    window.longTasks = 0;
    new PerformanceObserver((list) =>
      window.timings.push(...list.getEntries().map((entry) => ({ id: entry.interactionId, ms: entry.duration }))),
    ).observe({ type: 'event', durationThreshold: 16 });
    new PerformanceObserver((list) => (window.longTasks += list.getEntries().length)).observe({ type: 'longtask' });
  });
  return page;
}

export const percentile = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/** Seconds that the page's thread has computed, not counting what it waited for the processor. */
export async function threadSeconds(page) {
  if (!page.metrics) {
    page.metrics = await page.context().newCDPSession(page);
    await page.metrics.send('Performance.enable', { timeDomain: 'threadTicks' });
  }
  const { metrics } = await page.metrics.send('Performance.getMetrics');
  return metrics.find((each) => each.name === 'TaskDuration').value;
}

/** The time of each interaction; those below what the API tells of count as 16 ms. */
export async function interactions(page, times, act) {
  const computed = await threadSeconds(page);
  await page.evaluate(() => ((window.timings = []), (window.longTasks = 0)));
  for (let i = 0; i < times; i++) await act(i);
  await page.waitForTimeout(500);
  const { timings, longTasks } = await page.evaluate(() => ({ timings: window.timings, longTasks: window.longTasks }));
  const byInteraction = new Map();
  for (const { id, ms } of timings) if (id) byInteraction.set(id, Math.max(ms, byInteraction.get(id) ?? 0));
  const found = [...byInteraction.values()];
  while (found.length < times) found.push(16);
  const cpu = ((await threadSeconds(page)) - computed) * (1000 / times);
  return { p95: percentile(found, 0.95), max: Math.max(...found), longTasks, cpu };
}

/** What a machine that is shared cannot slow down: milliseconds of the processor for each, live updates included. */
export const cpuNote = ({ cpu }, more = '') => `CPU ${Math.round(cpu)} ms each${more && `; ${more}`}`;

/** The best of the runs, by the 95th percentile. */
export async function best(measure) {
  const runs = [];
  for (let i = 0; i < RUNS; i++) runs.push(await measure());
  return runs.sort((a, b) => a.p95 - b.p95)[0];
}

/** How long after the click the table shows its result: when its count of rows, or its first row, is another. */
async function untilShown(page, locator) {
  await page.evaluate(() => {
    const read = () =>
      (document.querySelector('[role=search] [role=status]')?.textContent ?? '') +
      document.querySelector('.grid-row')?.textContent.slice(0, 60);
    const before = read();
    const started = { at: 0 };
    const look = () => {
      if (read() !== before || performance.now() - started.at > 5000)
        window.shownAfter = performance.now() - started.at;
      else requestAnimationFrame(look);
    };
    window.shownAfter = 0;
    const onDown = () => ((started.at = performance.now()), requestAnimationFrame(look));
    addEventListener('pointerdown', onDown, { once: true, capture: true });
  });
  await locator.click();
  await page.waitForFunction(() => window.shownAfter > 0);
  await page.waitForTimeout(300);
  return page.evaluate(() => window.shownAfter);
}

/** Of six clicks. */
export async function medianUntilShown(page, locator) {
  const found = [];
  for (let i = 0; i < 6; i++) found.push(await untilShown(page, locator));
  return `its result after ${Math.round(percentile(found, 0.5))} ms (median)`;
}
export const rows = [];
export function tell(name, limit, value, unit, note = '') {
  const isMet = value <= limit;
  rows.push({ name, limit: `${limit} ${unit}`, value: `${Math.round(value)} ${unit}`, isMet, note });
  console.error(`${isMet ? 'ok  ' : 'MISS'} ${name}: ${Math.round(value)} of ${limit} ${unit} ${note}`);
}

/** Times between frames, in milliseconds, while `act` goes on. */
export async function framesDuring(page, act) {
  await page.evaluate(() => {
    const frames = (window.frames_ = []);
    let last = performance.now();
    const next = () => {
      const now = performance.now();
      frames.push(now - last);
      last = now;
      if (window.frames_ === frames) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await act();
  return page.evaluate(() => {
    const frames = window.frames_;
    window.frames_ = null;
    return frames.slice(1);
  });
}

/** The longest task of the page's thread after the mouse button is let go, in milliseconds: what blocks the next input. */
export async function longestTaskOnRelease(page, forMs) {
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const includedCategories = ['devtools.timeline', 'disabled-by-default-devtools.timeline'];
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories } });
  await page.mouse.up();
  await page.waitForTimeout(forMs);
  const complete = new Promise((done) => session.once('Tracing.tracingComplete', done));
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  const release = events.find(({ name, args }) => name === 'EventDispatch' && args.data?.type === 'mouseup');
  const tasks = events.filter(
    ({ name, tid, ts }) => name === 'RunTask' && tid === release.tid && ts > release.ts - 5000,
  );
  return Math.max(...tasks.map(({ dur }) => dur)) / 1000;
}

/**
 * Milliseconds from the last byte of the answer whose address has that part until what `selector` names has been
 * painted: parsing, layout and drawing.
 */
export async function drawnAfter(page, part, selector, act) {
  await page.evaluate((selector) => {
    performance.clearResourceTimings();
    window.drawn = 0;
    const look = () => {
      if (!document.querySelector(selector)) return requestAnimationFrame(look);
      // A task behind the frame that is being made.
      const channel = new MessageChannel();
      channel.port1.onmessage = () => (window.drawn = performance.now());
      channel.port2.postMessage(0);
    };
    requestAnimationFrame(look);
  }, selector);
  await act();
  await page.waitForFunction(() => window.drawn > 0, null, { timeout: 60_000 });
  return page.evaluate((part) => {
    const answers = performance.getEntriesByType('resource').filter(({ name }) => name.includes(part));
    return window.drawn - Math.max(...answers.map(({ responseEnd }) => responseEnd));
  }, part);
}

/** Follows a link within the app, without loading it anew. */
export const goTo = (page, path) =>
  page.evaluate((path) => {
    history.pushState(null, '', path);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
