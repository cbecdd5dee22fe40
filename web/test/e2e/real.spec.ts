// SPDX-License-Identifier: Apache-2.0
// On a real server: LW_E2E_URL=https://localhost:8443 LW_E2E_TOKEN=… npm run e2e. Any data will do, as long as
// there is a connection monitor whose tests run; the quickstart's are enough.
import { PAGES } from '../../src/app/pages.ts';
import { axe, expect, rowsOf, test } from './fixture.ts';

test('sign in with the token of the data folder', async ({ page, context, guard }) => {
  guard.expectErrors(/401/);
  await context.clearCookies();
  await page.goto('/');
  await page.getByLabel('Token').fill(process.env['LW_E2E_TOKEN'] ?? '');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(rowsOf(page, 'Connection monitors').first()).toBeVisible();
  expect(await axe(page)).toEqual([]);
});

test('each page is there by its address: none is the address of something else of the server', async ({ page }) => {
  for (const { name, to } of PAGES) {
    await page.goto(to);
    await expect(page.getByRole('navigation').getByRole('link', { name, exact: true })).toHaveAttribute(
      'aria-current',
      'page',
    );
  }
});

test('tests, filters and reasons', async ({ page }) => {
  await page.goto('/?view=tests');
  await expect(rowsOf(page, 'Tests').first()).toBeVisible();
  const all = Number(await page.getByRole('grid', { name: 'Tests' }).getAttribute('aria-rowcount')) - 1;
  await page.getByRole('searchbox', { name: 'Search' }).fill('proto:icmp');
  await expect(page.getByText(new RegExp(`of ${all} tests`))).not.toHaveText(`${all} of ${all} tests`);
  for (const text of await rowsOf(page, 'Tests').allInnerTexts()) expect(text).toContain('ICMP');
});

test('rounds arrive live', async ({ page }) => {
  await page.goto('/?view=tests&sort=-rttMs');
  const grid = page.getByRole('grid', { name: 'Tests' });
  await expect(rowsOf(page, 'Tests').first()).toBeVisible();
  const before = await grid.innerText();
  await expect.poll(() => grid.innerText(), { timeout: 25_000 }).not.toBe(before);
  await expect(page.getByText('reconnecting…')).toHaveCount(0);
});

test('a test: chart, checks, state changes, run now', async ({ page, guard }) => {
  // The path may not be known yet.
  guard.expectErrors(/404/);
  await page.goto('/?view=tests&q=proto:icmp&sort=rttMs');
  await rowsOf(page, 'Tests').first().getByRole('link').first().click();
  await expect(page.getByRole('img', { name: /^Round-trip time\./ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Latest rounds' })).toContainText('answered');
  expect(await axe(page)).toEqual([]);
  await page.getByRole('button', { name: 'Run now' }).click();
  await expect(page.locator('.toast').filter({ hasText: /^(Pass|Warning|Fail|Indeterminate): / })).toBeVisible({
    timeout: 25_000,
  });
});

test('the connection monitor, its trends and its file', async ({ page }) => {
  await page.goto('/');
  await rowsOf(page, 'Connection monitors').first().getByRole('link').first().click();
  await expect(page.getByRole('region', { name: 'Essentials' })).toContainText(/\d+ tests? \(/);
  await expect(page.getByRole('img', { name: /^Round-trip time\. Highest/ })).toBeVisible();
  await page.getByRole('button', { name: 'As code' }).click();
  await expect(page.getByRole('region', { name: 'File' })).toContainText('connectionMonitors:');
});

test('time travel asks the store', async ({ page }) => {
  await page.goto('/?view=tests');
  await expect(rowsOf(page, 'Tests').first()).toBeVisible();
  await page.keyboard.press(',');
  await expect(page.getByRole('region', { name: 'Time travel' })).toContainText('Past');
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('topology, matrix, services, issues and agents show what is there', async ({ page, guard }) => {
  guard.expectErrors(/404/);
  for (const [path, sign] of [
    ['/topology', 'Shows'],
    ['/matrix', 'all pass'],
    ['/services', 'application or network'],
    ['/issues', 'State changes'],
    ['/agents', 'connected'],
  ] as const) {
    await page.goto(path);
    await expect(page.getByText(sign).first()).toBeVisible();
    await expect(page.getByText('Loading…')).toHaveCount(0);
    await expect(page.getByRole('alert')).toHaveCount(0);
    expect(await axe(page), path).toEqual([]);
  }
});

test("logs: a query over this server's tables, and what it refuses", async ({ page, guard }) => {
  guard.expectErrors(/400/);
  await page.goto('/logs');
  await page.getByRole('textbox', { name: 'KQL query' }).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('NWConnectionMonitorTestResult | summarize n = count() by TestResult');
  await page.keyboard.press('Shift+Enter');
  await expect(page.getByText(/^\d+ rows?/)).toBeVisible({ timeout: 20_000 });
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('NWConnectionMonitorTestResult | where NoSuchColumn == 1');
  await page.keyboard.press('Shift+Enter');
  await expect(page.getByRole('alert')).toContainText('NoSuchColumn', { timeout: 20_000 });
});

test("create a connection monitor with the server's preview, and delete it", async ({ page, guard }) => {
  guard.expectErrors(/404/);
  await page.goto('/monitors/new');
  await page.getByRole('textbox', { name: 'Name' }).fill('e2e');
  await page.getByRole('button', { name: 'Next: Endpoints' }).click();
  await page.getByRole('button', { name: 'Add an address' }).click();
  await page.getByRole('textbox', { name: 'Address or host name' }).fill('127.0.0.1');
  await page.getByRole('button', { name: '4 Test groups' }).click();
  await page
    .getByRole('group', { name: /^Destinations/ })
    .getByRole('checkbox')
    .last()
    .check();
  await expect(page.getByText('1 source × 1 destination × 1 configuration = 1 test')).toBeVisible();
  await page.getByRole('button', { name: 'Next: Review' }).click();
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Essentials' })).toContainText('1 test (');
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
});

const members = ['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4'];

test('Monitoring coverage: select a coverage level to define the percentage of instances that is monitored', async ({
  page,
  guard,
}) => {
  guard.expectErrors(/404/);
  await page.goto('/monitors/new');
  await page.getByRole('textbox', { name: 'Name' }).fill('covered');
  await page.getByRole('button', { name: 'Next: Endpoints' }).click();
  await page.getByRole('button', { name: 'Add a network' }).click();
  await page.getByRole('textbox', { name: 'Subnets or addresses' }).fill(members.join(' '));
  await page.getByRole('button', { name: '4 Test groups' }).click();
  await page
    .getByRole('group', { name: /^Destinations/ })
    .getByRole('checkbox')
    .last()
    .check();
  // The server says how many of the four are taken.
  const tests = page.getByRole('region', { name: 'What it makes' });
  await expect(tests).toContainText('2 tests');
  await page.getByRole('button', { name: '2 Endpoints' }).click();
  const slider = page.getByRole('slider', { name: 'Coverage level' });
  for (const [key, words, count] of [
    ['Home', 'Low: 10 %', '1 test'],
    ['End', 'Full: 100 %', '4 tests'],
    ['ArrowLeft', 'Above average: 75 %', '3 tests'],
  ] as const) {
    await slider.press(key);
    await expect(page.getByText(words)).toBeVisible();
    await expect(tests).toContainText(count);
  }
});

test('Use clusters to expand compound resources to its child resources', async ({ page, guard }) => {
  guard.expectErrors(/404/);
  const url = '/api/v1/connection-monitors/clustered';
  const headers = { 'X-Linewatch': '1' };
  const put = await page.request.put(url, {
    headers,
    data: {
      name: 'clustered',
      endpoints: [
        { name: 'local', type: 'Agent', linewatch: { agent: 'local' } },
        {
          name: 'servers',
          type: 'AzureArcNetwork',
          scope: { include: members.map((address) => ({ address })) },
          coverageLevel: 'Full',
        },
      ],
      testConfigurations: [{ name: 'ping', protocol: 'Icmp', testFrequencySec: 5 }],
      testGroups: [{ name: 'g', sources: ['local'], destinations: ['servers'], testConfigurations: ['ping'] }],
    },
  });
  expect(put.ok(), await put.text()).toBe(true);
  await page.goto('/?monitor=clustered');
  const rows = rowsOf(page, 'Connection monitors');
  await page.getByRole('button', { name: 'Expand clustered' }).click();
  await page.getByRole('button', { name: 'Expand g', exact: true }).click();
  await expect(rows).toHaveCount(3);
  await page.getByRole('button', { name: 'Expand local → servers (ping)' }).click();
  await expect(rows).toHaveCount(7);
  for (const address of members) await expect(rows.filter({ hasText: `servers/${address}` })).toHaveCount(1);
  await expect(rows.nth(3)).toHaveAttribute('aria-level', '4');
  expect(await axe(page)).toEqual([]);
  await page.getByRole('link', { name: 'local → servers (ping)' }).click();
  await expect(page.getByText(/^4 of \d+ tests$/)).toBeVisible();
  expect((await page.request.delete(url, { headers })).ok()).toBe(true);
});

/** A test group that is switched off: tests enough for first rows, and no checks. */
const many = {
  name: 'many',
  endpoints: [
    { name: 'local', type: 'Agent', linewatch: { agent: 'local' } },
    ...Array.from({ length: 60 }, (_, i) => ({
      name: `host-${i}`,
      type: 'ExternalAddress',
      address: `127.0.2.${i + 1}`,
    })),
  ],
  testConfigurations: Array.from({ length: 10 }, (_, i) => ({ name: `ping-${i}`, protocol: 'Icmp' })),
  testGroups: [
    {
      name: 'off',
      disable: true,
      sources: ['local'],
      destinations: Array.from({ length: 60 }, (_, i) => `host-${i}`),
      testConfigurations: Array.from({ length: 10 }, (_, i) => `ping-${i}`),
    },
  ],
};

test('of many tests the first rows and the numbers of all are there before the rest', async ({ page }) => {
  const url = '/api/v1/connection-monitors/many';
  const headers = { 'X-Linewatch': '1' };
  const put = await page.request.put(url, { headers, data: many });
  expect(put.ok(), await put.text()).toBe(true);
  const { tests: all } = await (await page.request.get('/api/v1/status')).json();
  expect(all).toBeGreaterThan(600);
  let release: () => void = () => {};
  const rest = new Promise<void>((done) => (release = done));
  await page.route(
    (each) => each.pathname === '/api/v1/snapshot' && !each.searchParams.has('first'),
    async (route) => {
      await rest;
      await route.continue();
    },
  );
  const first = page.waitForResponse(/\/api\/v1\/snapshot\?first=200$/);
  await page.goto('/?view=tests');
  expect((await first).status()).toBe(200);
  await expect(page.getByText(`loading ${all} tests…`)).toBeVisible();
  await expect(rowsOf(page, 'Tests').first()).toBeVisible();
  const tiles = page.getByRole('group', { name: 'Filter by state' }).locator('strong');
  const numbers = (await tiles.allInnerTexts()).map(Number);
  expect(numbers.reduce((sum, count) => sum + count, 0)).toBe(all);
  expect(numbers[4]).toBeGreaterThanOrEqual(600);
  // Monitors come summed up: each by its name, with the tests that are not here yet.
  await page.getByRole('tab', { name: 'Connection monitors' }).click();
  await expect(rowsOf(page, 'Connection monitors').filter({ hasText: 'many' })).toContainText('600');
  await page.getByRole('tab', { name: 'Tests', exact: true }).click();
  release();
  await expect(page.getByText(`${all} of ${all} tests`)).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search' }).fill('dst:host-59');
  await expect(page.getByText(`10 of ${all} tests`)).toBeVisible();
  expect((await page.request.delete(url, { headers })).ok()).toBe(true);
  await expect(page.getByText(`of ${all - 600} tests`)).toBeVisible();
});

test("saved views are kept by the server: one's own and everybody's", async ({ page }) => {
  await page.goto('/?view=tests&sort=-rttMs&q=proto:icmp');
  await expect(rowsOf(page, 'Tests').first()).toBeVisible();
  await page.keyboard.press('v');
  const dialog = page.getByRole('dialog', { name: 'Saved views' });
  for (const isShared of [false, true]) {
    await dialog.getByRole('textbox', { name: 'Keep what is shown as' }).fill('pings, slowest first');
    await dialog.getByRole('checkbox', { name: 'For everybody' }).setChecked(isShared);
    await dialog.getByRole('button', { name: /^(Keep|Replace)$/ }).click();
    await expect(dialog.getByRole('listitem')).toHaveCount(isShared ? 2 : 1);
  }
  await expect(dialog).toContainText("everybody's, by ");
  await page.goto('/agents');
  await page.getByRole('button', { name: 'Saved views' }).click();
  await dialog.getByRole('link', { name: 'pings, slowest first' }).first().click();
  await expect(page).toHaveURL(/\/\?view=tests&.*sort=-rttMs/);
  await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue('proto:icmp');
  await page.keyboard.press('v');
  for (const left of [1, 0]) {
    await dialog.getByRole('button', { name: 'Forget pings, slowest first' }).first().click();
    await expect(dialog.getByRole('listitem')).toHaveCount(left);
  }
});

test('share: a short link of the server leads to the same instant and range', async ({ page, context, guard }) => {
  guard.expectErrors(/404/);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('/?view=tests&q=proto:icmp&from=now-1h');
  await expect(rowsOf(page, 'Tests').first()).toBeVisible();
  await page.keyboard.press('s');
  await expect(page.getByText('Link copied.')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/\/l\/[0-9A-Za-z]+$/);
  await page.goto('/agents');
  await page.goto(link);
  await expect(page).toHaveURL(/\/\?from=20[^&]*Z&to=20[^&]*Z&at=20[^&]*Z&view=tests&q=proto:icmp$/);
  await expect(page.getByRole('region', { name: 'Time travel' })).toContainText('Past');
  await expect(page.getByRole('alert')).toHaveCount(0);
  await page.goto('/l/nothing');
  await expect(page.getByRole('heading', { name: 'This link leads nowhere (any more).' })).toBeVisible();
});
