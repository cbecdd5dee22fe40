// SPDX-License-Identifier: Apache-2.0
// The UI survives: what breaks around a page is told of, and the page recovers. On the mock, where breaking is
// easy; a server restart and a deletion are done to the real server in restart.real.spec.ts.
import type { Page } from '@playwright/test';
import { axe, expect, LARGE, rowsOf, test } from './fixture.ts';

test('The UI survives: a lost stream', async ({ page, guard }) => {
  guard.expectErrors(/net::ERR|Failed to load resource/);
  let isDown = false;
  await page.route('**/api/v1/stream*', (route) => (isDown ? route.abort() : route.continue()));
  await page.goto('/?view=tests&q=src:fra1-agent-00');
  const grid = page.getByRole('grid', { name: 'Tests' });
  await expect(rowsOf(page, 'Tests')).toHaveCount(6);
  isDown = true;
  await page.request.get('/mock/drop');
  // It says so, of when the numbers are, and they stay in sight.
  await expect(page.getByText(/reconnecting… \(as of \d\d:\d\d:\d\dZ\)/)).toBeVisible();
  await expect(rowsOf(page, 'Tests')).toHaveCount(6);
  isDown = false;
  await expect(page.getByText('reconnecting…')).toHaveCount(0);
  const before = await grid.innerText();
  await expect.poll(() => grid.innerText(), { timeout: 25_000 }).not.toBe(before);
});

for (const [hours, words] of [
  [-1, "this computer's clock is 1 h behind"],
  [1, "this computer's clock is 1 h ahead"],
] as const) {
  test(`The UI survives: a clock an hour off (${words})`, async ({ page }) => {
    const status = await (await page.request.get('/api/v1/session')).json();
    const serverMs = Date.parse(status.serverTime);
    await page.clock.setFixedTime(new Date(serverMs + hours * 3_600_000));
    await page.goto('/?view=tests&q=src:fra1-agent-00');
    await expect(page.getByText(words)).toBeVisible();
    await expect(rowsOf(page, 'Tests')).toHaveCount(6);
    // Now is the server's now.
    await page.getByRole('button', { name: 'Freeze' }).click();
    const minute = new Date(serverMs).toISOString().slice(0, 14);
    await expect(page).toHaveURL(new RegExp(`to=${minute}`));
    // Once the clock is right again, an answer or two later, it says nothing.
    await page.clock.setFixedTime(new Date(serverMs));
    await page.getByRole('link', { name: 'Agents' }).click();
    await expect(page.getByText("this computer's clock")).toHaveCount(0);
  });
}

test('The UI survives: 100,000 tests changing state at once', async ({ page }) => {
  test.setTimeout(90_000);
  await page.request.post(`${LARGE}/api/v1/session`, { data: { token: 'letmein' }, headers: { 'X-Linewatch': '1' } });
  await page.goto(`${LARGE}/?view=tests&sort=-rttMs`);
  await expect(page.getByText(/^[\d,]+ of [\d,]+ tests$/)).toBeVisible({ timeout: 30_000 });
  const fail = page.getByRole('button', { name: /^Fail/ });
  const count = async () => Number((await fail.locator('strong').innerText()).replace(/,/g, ''));
  await expect(rowsOf(page, 'Tests').first()).toBeVisible({ timeout: 30_000 });
  const all = Number(await page.getByRole('grid', { name: 'Tests' }).getAttribute('aria-rowcount')) - 1;
  expect(all).toBeGreaterThan(95_000);
  const disabled = Number(
    (
      await page
        .getByRole('button', { name: /^Not Running/ })
        .locator('strong')
        .innerText()
    ).replace(/,/g, ''),
  );
  expect(await count()).toBeLessThan(all / 2);
  await page.request.get(`${LARGE}/mock/break`);
  await expect.poll(count, { timeout: 30_000 }).toBe(all - disabled);
  // The table says the same as the tile, and goes on answering keys.
  await page.getByRole('searchbox', { name: 'Search' }).fill('state:fail');
  await expect(
    page.getByText(`${(all - disabled).toLocaleString('en')} of ${all.toLocaleString('en')} tests`),
  ).toBeVisible();
  await expect(rowsOf(page, 'Tests').first()).toContainText('Fail');
  await page.getByRole('grid', { name: 'Tests' }).focus();
  await page.keyboard.press('End');
  await expect(page.locator(`[aria-rowindex="${all - disabled + 1}"]`)).toContainText('Fail');
});

test('Of 100,000 tests the first rows and all numbers are there before the rest', async ({ page }) => {
  test.setTimeout(60_000);
  await page.request.post(`${LARGE}/api/v1/session`, { data: { token: 'letmein' }, headers: { 'X-Linewatch': '1' } });
  let release: () => void = () => {};
  const rest = new Promise<void>((done) => (release = done));
  await page.route(`${LARGE}/api/v1/snapshot`, async (route) => {
    await rest;
    await route.continue();
  });
  await page.goto(`${LARGE}/?view=tests`);
  await expect(rowsOf(page, 'Tests').first()).toBeVisible();
  await expect(page.getByText(/^loading [\d,]+ tests…$/)).toBeVisible();
  const tiles = page.getByRole('group', { name: 'Filter by state' }).locator('strong');
  const sum = async () =>
    (await tiles.allInnerTexts()).reduce((total, text) => total + Number(text.replace(/,/g, '')), 0);
  expect(await sum()).toBeGreaterThan(90_000);
  expect(await axe(page)).toEqual([]);
  await page.getByRole('tab', { name: 'Connection monitors' }).click();
  await expect(rowsOf(page, 'Connection monitors')).toHaveCount(3);
  await expect(rowsOf(page, 'Connection monitors').first()).toContainText('cm-core');
  await page.getByRole('tab', { name: 'Tests' }).click();
  // What they cannot answer waits, and says so.
  await page.getByRole('searchbox', { name: 'Search' }).fill('dst:ldap');
  await expect(page.getByText('Loading tests…')).toBeVisible();
  await expect(page.getByRole('searchbox', { name: 'Search' })).toBeFocused();
  release();
  await expect(page.getByText(/^[\d,]+ of [\d,]+ tests$/)).toBeVisible({ timeout: 20_000 });
  await expect(rowsOf(page, 'Tests').first()).toContainText('ldap');
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await expect(page.getByText(/^(\d+,\d+) of \1 tests$/)).toBeVisible();
});

test('The UI survives: a monitor deleted while its page is shown', async ({ page, guard }) => {
  guard.expectErrors(/404/);
  const document = {
    name: 'short-lived',
    endpoints: [
      { name: 'fra1-agent-00', type: 'Agent' },
      { name: 'x', type: 'ExternalAddress', address: 'x.example' },
    ],
    testConfigurations: [{ name: 'ping', protocol: 'Icmp' }],
    testGroups: [{ name: 'g', sources: ['fra1-agent-00'], destinations: ['x'], testConfigurations: ['ping'] }],
  };
  const url = '/api/v1/connection-monitors/short-lived';
  const headers = { 'X-Linewatch': '1' };
  for (const [path, sign, gone] of [
    ['/monitors/short-lived', 'Essentials', 'No test belongs to short-lived.'],
    ['/monitors/short-lived/edit', 'What it makes', 'short-lived has been deleted meanwhile.'],
    ['/?view=tests&monitor=short-lived', '1 of 612 tests', 'No test fits these filters.'],
  ] as const) {
    await page.request.put(url, { data: document, headers });
    await page.goto(path);
    await expect(page.getByText(sign).first()).toBeVisible();
    await page.request.delete(url, { headers });
    await expect(page.getByText(gone)).toBeVisible();
  }
});

const PAGES: readonly (readonly [string, string, string])[] = [
  ['the overview', '/', 'cm-core'],
  ['a connection monitor', '/monitors/cm-core', 'Essentials'],
  ['a test', '/tests/$id', 'Latest checks'],
  ['compare', '/compare?sel=$id', 'Differences'],
  ['topology', '/topology?dst=sql-prod-01&monitor=cm-core', 'Worst links'],
  ['matrix', '/matrix?monitor=cm-core', 'all pass'],
  ['services', '/services?dst=api.payments', 'application or network'],
  ['issues', '/issues', 'State changes'],
  ['logs', '/logs?kql=NWConnectionMonitorTestResult', '200 rows'],
  ['agents', '/agents', 'connected'],
  ['the wizard', '/monitors/new', 'What it makes'],
  ['alerts', '/alerts', 'payments-slow'],
  ['alert rules', '/alerts?tab=rules', 'switched off'],
  ['action groups', '/alerts?tab=groups', 'on-call'],
  ['an alert rule', '/alerts/rules/mail-fails', 'It would have fired'],
  ['metrics', '/metrics-explorer?by=destination', 'In numbers'],
];

let known: string | undefined;

/** The id of some test that the mock has. */
async function anyTest(page: Page): Promise<string> {
  if (known) return known;
  await page.goto('/?view=tests&q=dst:sql-prod-01');
  const href = await rowsOf(page, 'Tests').first().getByRole('link').first().getAttribute('href');
  return (known = /[0-9a-f]{16}/.exec(href ?? '')![0]);
}

/** All calls of a page but those that every page needs. */
const CALLS = /^https?:\/\/[^/]+\/(api\/v1\/(?!session|stream)|v1\/)/;

/** Until then, the page's clock goes three seconds at a time. */
const soon = (page: Page, then: () => Promise<void>) =>
  expect(async () => {
    await page.clock.fastForward(3000);
    await then();
  }).toPass({ timeout: 25_000 });

for (const [name, path, sign] of PAGES) {
  test(`The UI survives: an API answer that is slow and then an error, on ${name}`, async ({ page, guard }) => {
    guard.expectErrors(/503|404/);
    const id = path.includes('$id') ? await anyTest(page) : '';
    await page.clock.install();
    let isDown = true;
    let release: () => void = () => {};
    const slow = new Promise<void>((done) => (release = done));
    await page.route(CALLS, async (route) => {
      await slow;
      if (!isDown) return route.continue();
      const json = { error: { code: 'Unavailable', message: 'The store is starting.' } };
      return route.fulfill({ status: 503, json });
    });
    await page.goto(path.replace('$id', id));
    // It says that it waits, and all around the page can be used meanwhile.
    await expect(page.getByRole('status').filter({ hasText: /…/ }).first()).toBeVisible();
    await page.getByRole('button', { name: 'Light or dark' }).click();
    await expect(page.getByText(/^Colours/)).toBeVisible();
    release();
    const alerts = page.getByRole('alert');
    await soon(page, () => expect(alerts.first()).toContainText('The store is starting.', { timeout: 1000 }));
    isDown = false;
    // All but a query, which may cost much, are asked again by themselves.
    if (name === 'logs') await page.getByRole('button', { name: 'Try again' }).last().click();
    await soon(page, async () => {
      await expect(page.getByText(sign).first()).toBeVisible({ timeout: 1000 });
      await expect(alerts).toHaveCount(0, { timeout: 1000 });
    });
  });
}

test('The UI survives: a page that was not loaded yet, and no server', async ({ page, guard }) => {
  guard.expectErrors(/net::ERR|Failed to (load resource|fetch)/);
  let isDown = false;
  await page.route('**/*', (route) => (isDown ? route.abort() : route.fallback()));
  await page.goto('/');
  await expect(rowsOf(page, 'Connection monitors').first()).toBeVisible();
  isDown = true;
  await page.getByRole('link', { name: 'Agents' }).click();
  const alert = page.getByRole('alert');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This page could not be loaded');
  await expect(alert).toContainText('The server cannot be reached');
  // Asked again in vain it says the same; all around the page is still ours.
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(alert).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible();
  expect(await axe(page)).toEqual([]);
  await expect(page).toHaveURL(/\/agents$/);
  isDown = false;
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Agents' })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('The UI survives: a page that was not loaded yet comes back by itself', async ({ page, guard }) => {
  guard.expectErrors(/net::ERR|Failed to (load resource|fetch)/);
  let isDown = false;
  await page.route('**/*', (route) => (isDown ? route.abort() : route.fallback()));
  await page.goto('/');
  await expect(rowsOf(page, 'Connection monitors').first()).toBeVisible();
  isDown = true;
  await page.getByRole('link', { name: 'Agents' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This page could not be loaded');
  isDown = false;
  await expect(page.getByRole('heading', { level: 1, name: 'Agents' })).toBeVisible();
});

test('The UI survives: a page whose file a newer server does not have', async ({ page, guard }) => {
  guard.expectErrors(/404|Failed to fetch/);
  let refusals = 0;
  await page.route('**/assets/AgentsPage*.js', (route) =>
    refusals++ === 0 ? route.fulfill({ status: 404, body: '' }) : route.fallback(),
  );
  await page.goto('/agents');
  await expect(page.getByRole('heading', { level: 1, name: 'Agents' })).toBeVisible();
  expect(refusals).toBeGreaterThan(1);
});

test('The UI survives: a dialog that was not loaded yet, and no server', async ({ page, guard }) => {
  guard.expectErrors(/net::ERR|Failed to (load resource|fetch)/);
  let isDown = false;
  await page.route('**/*', (route) => (isDown ? route.abort() : route.fallback()));
  await page.goto('/?q=kept');
  await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue('kept');
  isDown = true;
  await page.keyboard.press('Control+k');
  const alert = page.getByRole('alert').filter({ hasText: 'This part of the page could not be loaded' });
  await expect(alert).toBeVisible();
  isDown = false;
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
});
