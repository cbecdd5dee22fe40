// SPDX-License-Identifier: Apache-2.0
// axe on each page and theme, and what it cannot see: forced colours, narrow windows, keyboards.
import { axe, axeInBothThemes, expect, rowsOf, test } from './fixture.ts';

const PAGES: readonly (readonly [string, string, string])[] = [
  ['overview', '/', 'cm-core'],
  ['test groups', '/?view=groups', 'database'],
  ['tests', '/?view=tests&sel=0000000000000001', 'fra1-agent-00'],
  ['nothing found', '/?view=tests&q=nosuchthing', 'No test fits'],
  ['connection monitor', '/monitors/cm-core', 'Essentials'],
  ['test group', '/monitors/cm-core/groups/database', 'Essentials'],
  ['test configuration', '/monitors/cm-core/configurations/ping', 'Essentials'],
  ['source', '/sources/fra1-agent-00?tab=tests', 'Essentials'],
  ['destination', '/destinations/sql-prod-01', 'Essentials'],
  ['monitor that is not there', '/monitors/nosuch', 'No test belongs'],
  ['time travel', '/?at=2026-11-21T12:00:00Z', 'Past'],
  ['compare', '/compare', 'No tests are chosen'],
  ['topology', '/topology?dst=sql-prod-01&monitor=cm-core', 'Worst links'],
  ['paths as a table', '/topology?dst=ldap&tab=table', 'Way'],
  ['matrix', '/matrix?monitor=cm-core', 'all pass'],
  ['services', '/services?dst=api.payments', 'application or network'],
  ['issues', '/issues', 'State changes'],
  ['alerts', '/alerts', 'payments-slow'],
  ['alert rules', '/alerts?tab=rules', 'switched off'],
  ['action groups', '/alerts?tab=groups', 'on-call'],
  ['new alert rule', '/alerts/rules/new', 'It would have fired'],
  ['alert rule', '/alerts/rules/mail-fails', 'It would have fired'],
  ['alert rule that is not there', '/alerts/rules/nosuch', 'There is no alert rule nosuch'],
  ['metrics', '/metrics-explorer?by=destination', 'In numbers'],
  ['logs', '/logs?kql=NWConnectionMonitorTestResult', '200 rows'],
  ['agents', '/agents', 'connected'],
  ['create', '/monitors/new', 'What it makes'],
  ['edit', '/monitors/cm-payments/edit', 'What it makes'],
  ['a short link that leads nowhere', '/l/nothing', 'This link leads nowhere'],
  ['no such page', '/nowhere', 'There is no such page'],
];

test.describe('axe, light and dark', () => {
  for (const [name, path, sign] of PAGES) {
    test(name, async ({ page, guard }) => {
      guard.expectErrors(/404/);
      await page.goto(path);
      await expect(page.getByText(sign).first()).toBeVisible();
      await expect(page.getByText('Loading…')).toHaveCount(0);
      expect(await axeInBothThemes(page)).toEqual([]);
    });
  }

  test('signing in', async ({ page, context, guard }) => {
    guard.expectErrors(/401/);
    await context.clearCookies();
    await page.goto('/');
    await expect(page.getByLabel('Token')).toBeVisible();
    expect(await axeInBothThemes(page)).toEqual([]);
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('alert')).toContainText('not known');
    expect(await axeInBothThemes(page), 'refused').toEqual([]);
  });

  test('a test, its reason and dialogs', async ({ page }) => {
    // Twelve times axe: more than a test has time for when the machine is busy.
    test.setTimeout(120_000);
    await page.goto('/?view=tests&state=Fail&q=dst:sql-prod-01');
    await rowsOf(page, 'Tests').first().locator('.reason-button').click();
    await expect(page.getByText('On the way')).toBeVisible();
    expect(await axeInBothThemes(page), 'reason').toEqual([]);
    await page.getByRole('link', { name: 'Open the test' }).click();
    await expect(page.getByRole('region', { name: /Path 1 of 2/ })).toBeVisible();
    expect(await axeInBothThemes(page), 'test').toEqual([]);
    await page.getByRole('button', { name: /at the same time of day/ }).click();
    await expect(page.getByRole('region', { name: 'Each hour' })).toBeVisible();
    expect(await axeInBothThemes(page), 'hours').toEqual([]);
    await page.getByRole('button', { name: 'Data table' }).first().click();
    await expect(page.getByRole('dialog')).toBeVisible();
    expect(await axeInBothThemes(page), 'data table').toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /Go to/ }).fill('agent');
    expect(await axeInBothThemes(page), 'palette').toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Last 24 hours' }).click();
    expect(await axeInBothThemes(page), 'range').toEqual([]);
  });
});

test('forced colours: states keep their shapes and words', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await page.goto('/?view=tests');
  await expect(rowsOf(page, 'Tests').first()).toContainText(/Pass|Fail/);
  await expect(rowsOf(page, 'Tests').first().locator('svg').first()).toBeVisible();
});

test('a window of 320 pixels scrolls in one direction only', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 800 });
  for (const path of [
    '/',
    '/monitors/cm-core',
    '/services',
    '/agents',
    '/monitors/new',
    '/alerts',
    '/alerts/rules/new',
    '/metrics-explorer',
  ]) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    const { scroll, client } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      client: document.documentElement.clientWidth,
    }));
    expect(scroll, path).toBeLessThanOrEqual(client);
  }
});

test('a window of 320 pixels shows rows of tables as cards', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 800 });
  for (const [path, name] of [
    ['/?view=tests&state=Fail', 'Tests'],
    ['/', 'Connection monitors'],
  ] as const) {
    await page.goto(path);
    const row = rowsOf(page, name).first();
    await expect(row).toContainText('Fail');
    await expect(row).toContainText(/\d %/);
    const box = page.getByRole(name === 'Tests' ? 'grid' : 'treegrid', { name });
    expect(await box.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
    expect(await axe(page), path).toEqual([]);
    // Further rows come as one scrolls.
    await box.focus();
    await page.keyboard.press('End');
    await expect(rowsOf(page, name).last()).toHaveClass(/active/);
  }
});

test('keyboard only: filter, move, explain, open, travel, come back', async ({ page }) => {
  await page.goto('/?view=tests');
  await expect(rowsOf(page, 'Tests').first()).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('sql-prod-01 src:sin1');
  await expect(page.getByText(/^16 of 611 tests$/)).toBeVisible();
  await page.getByRole('grid', { name: 'Tests' }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await expect(rowsOf(page, 'Tests').nth(1)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('i');
  await expect(page.getByRole('dialog', { name: /^Reason/ })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('grid', { name: 'Tests' }).focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/tests\//);
  await page.keyboard.press('[');
  await expect(page.getByRole('region', { name: 'Time travel' })).toContainText('Past');
  await page.keyboard.press('l');
  await expect(page.getByRole('region', { name: 'Time travel' })).toContainText('Live');
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
});

test('keyboard only: walk along a path', async ({ page }) => {
  await page.goto('/topology?dst=sql-prod-01&src=sin1-agent-00');
  const source = page.getByRole('button', { name: /^Source sin1-agent-00/ });
  await source.focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('button', { name: /^Hop 1 / })).toBeFocused();
  await page.keyboard.press('n');
  await expect(page.getByRole('button', { name: /^Hop 7 .*troubled/ })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/hop=/);
});

test('keyboard only: open a folded chain and go on inside it', async ({ page }) => {
  await page.goto('/topology?dst=storage&src=fra1-agent-00');
  await page.getByRole('button', { name: /^Source fra1-agent-00/ }).focus();
  for (const name of [/^Hop 1 /, /^Hop 2 /, /^Folded: 4 hops/]) {
    await page.keyboard.press('ArrowRight');
    await expect(page.locator(':focus')).toHaveAttribute('aria-label', name);
  }
  await page.keyboard.press('Enter');
  await expect(page.locator(':focus')).toHaveAttribute('aria-label', /^(Hop|Silent hop) 3 /);
  await page.keyboard.press('ArrowRight');
  await expect(page.locator(':focus')).toHaveAttribute('aria-label', /^(Hop|Silent hop) 4 /);
});
