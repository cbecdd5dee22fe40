// SPDX-License-Identifier: Apache-2.0
// The shell: signing in, the URL, live updates, and what happens when things break.
import { expect, rowsOf, test } from './fixture.ts';

test('sign in with a token, be refused with a wrong one, sign out', async ({ page, context, guard }) => {
  guard.expectErrors(/401/);
  await context.clearCookies();
  await page.goto('/?view=tests');
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('not known');
  await page.getByLabel('Token').fill('letmein');
  await page.getByRole('button', { name: 'Sign in' }).click();
  // The page that was asked for.
  await expect(page.getByRole('grid', { name: 'Tests' })).toBeVisible();
  await page.getByRole('button', { name: 'anna' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByLabel('Token')).toBeVisible();
});

test('a session that ends while working leads to signing in', async ({ page, context, guard }) => {
  guard.expectErrors(/401/);
  await page.goto('/');
  await expect(rowsOf(page, 'Connection monitors').first()).toBeVisible();
  await context.clearCookies();
  // Whichever call comes first is refused; the page may be gone before this click.
  await page
    .getByRole('link', { name: 'Agents' })
    .click({ timeout: 3000 })
    .catch(() => undefined);
  await expect(page.getByLabel('Token')).toBeVisible();
});

test('filters are in the URL, and back takes them away', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('tab', { name: 'Tests', exact: true }).click();
  await page.getByRole('button', { name: /^Fail/ }).click();
  await expect(page).toHaveURL(/state=Fail/);
  await page.goBack();
  await expect(page).not.toHaveURL(/state=Fail/);
  await expect(page.getByText('611 of 611 tests')).toBeVisible();
});

test('range: quick ranges, shift, zoom, freeze', async ({ page }) => {
  await page.goto('/monitors/cm-core');
  await page.getByRole('button', { name: 'Last 24 hours' }).click();
  await page.getByRole('button', { name: 'Last 6 hours' }).click();
  await expect(page).toHaveURL(/from=now-6h/);
  await page.getByRole('button', { name: 'Zoom out' }).first().click();
  await expect(page).toHaveURL(/from=now-12h/);
  await page.getByRole('button', { name: 'Freeze' }).click();
  await expect(page).toHaveURL(/from=2026-11-21T08:0.*to=2026-11-21T20:0/);
  await page.getByRole('button', { name: 'Earlier' }).click();
  await expect(page).toHaveURL(/from=2026-11-21T02:0/);
});

test('time travel: all of the page reads one instant', async ({ page }) => {
  await page.goto('/?at=2026-11-21T17:00:00Z');
  const fails = page.getByRole('button', { name: /^Fail/ });
  const before = await fails.innerText();
  await page.keyboard.press('>');
  await expect(page.getByText('Past 2026-11-21 18:00Z')).toBeVisible();
  await page.keyboard.press('>');
  await page.keyboard.press('.');
  await expect(page.getByText('Past 2026-11-21 19:05Z')).toBeVisible();
  await expect(fails).not.toHaveText(before);
  await expect(page.getByRole('region', { name: 'Time travel' }).getByText('loading…')).toHaveCount(0);
  // Tile and table agree.
  const count = Number((await fails.locator('strong').innerText()).replace(',', ''));
  await fails.click();
  await expect(page.getByText(`${count} of 611 tests`)).toBeVisible();
});

test('live updates change what is seen', async ({ page }) => {
  await page.goto('/?view=tests&q=src:fra1-agent-00');
  const grid = page.getByRole('grid', { name: 'Tests' });
  await expect(rowsOf(page, 'Tests')).toHaveCount(6);
  const before = await grid.innerText();
  await expect.poll(() => grid.innerText(), { timeout: 25_000 }).not.toBe(before);
});

test('a snapshot that is nonsense is told of, and the page recovers', async ({ page }) => {
  let isBroken = true;
  await page.route('**/api/v1/snapshot', (route) =>
    isBroken ? route.fulfill({ body: 'nonsense' }) : route.continue(),
  );
  await page.goto('/');
  await expect(page.getByRole('alert')).toContainText('not a snapshot');
  isBroken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(rowsOf(page, 'Connection monitors')).toHaveCount(3);
});

test('the command palette goes to a destination', async ({ page }) => {
  await page.goto('/');
  await expect(rowsOf(page, 'Connection monitors').first()).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Go to/ }).fill('vpn-gw');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/destinations\/vpn-gw/);
});

test('Install monitoring agents: the command is shown', async ({ page }) => {
  await page.goto('/agents');
  await page.getByRole('button', { name: 'Join an agent' }).click();
  await page.getByRole('button', { name: 'Make a join command' }).click();
  await expect(page.getByText(/linewatch agent join 127\.0\.0\.1:8444 --token lwj_/)).toBeVisible();
});

test('export gives the rows that are seen', async ({ page }) => {
  await page.goto('/?view=tests&q=src:10.192.64.56');
  await expect(rowsOf(page, 'Tests')).toHaveCount(6);
  const file = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  const stream = await (await file).createReadStream();
  const text = (await stream.toArray()).join('');
  expect(text.trim().split('\r\n')).toHaveLength(7);
});
