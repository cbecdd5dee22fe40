// SPDX-License-Identifier: Apache-2.0
// What is done to a real server while its pages are shown. Started by tests/web, which answers LW_E2E_CONTROL:
// POST /stop ends the server, POST /start starts it again on the same data.
import { expect, rowsOf, test } from './fixture.ts';

const control = process.env.LW_E2E_CONTROL ?? '';
const headers = { 'X-Linewatch': '1' };

const document = {
  name: 'short-lived',
  endpoints: [
    { name: 'local', type: 'Agent', linewatch: { agent: 'local' } },
    { name: 'host', type: 'ExternalAddress', address: '127.0.0.1' },
  ],
  testConfigurations: [{ name: 'ping', protocol: 'Icmp', testFrequencySec: 5 }],
  testGroups: [{ name: 'g', sources: ['local'], destinations: ['host'], testConfigurations: ['ping'] }],
};

test('The UI survives: a monitor deleted while it is shown', async ({ page, guard }) => {
  guard.expectErrors(/404/);
  const url = '/api/v1/connection-monitors/short-lived';
  await page.goto('/?view=tests&monitor=short-lived');
  await expect(page.getByText('No test fits these filters.')).toBeVisible();
  expect((await page.request.put(url, { data: document, headers })).ok()).toBe(true);
  const link = rowsOf(page, 'Tests').first().getByRole('link').first();
  await expect(link).toBeVisible();
  // Its page, the page of its test, and the table: each learns of it by itself.
  for (const [open, gone] of [
    [() => page.goto('/monitors/short-lived'), 'No test belongs to short-lived.'],
    [() => link.click(), 'This test is not defined (any more).'],
    [() => Promise.resolve(), 'No test fits these filters.'],
  ] as const) {
    await page.request.put(url, { data: document, headers });
    await page.goto('/?view=tests&monitor=short-lived');
    await expect(link).toBeVisible();
    await open();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByText(gone)).toHaveCount(0);
    expect((await page.request.delete(url, { headers })).ok()).toBe(true);
    await expect(page.getByText(gone)).toBeVisible();
    await expect(page.getByRole('alert')).toHaveCount(0);
  }
});

test('The UI survives: server restart', async ({ page, guard }) => {
  test.setTimeout(120_000);
  guard.expectErrors(/net::ERR|Failed to load resource|401|503/);
  // The other pages load some seconds after the first one; before that they need the server.
  const loaded = page.waitForResponse(/AgentsPage/, { timeout: 60_000 });
  await page.goto('/?view=tests&sort=test');
  const grid = page.getByRole('grid', { name: 'Tests' });
  await expect(rowsOf(page, 'Tests').first()).toBeVisible();
  const shown = await rowsOf(page, 'Tests').count();
  await (await loaded).finished();
  expect((await fetch(`${control}/stop`, { method: 'POST' })).ok).toBe(true);
  await expect(page.getByText(/reconnecting… \(as of/)).toBeVisible();
  await expect(rowsOf(page, 'Tests')).toHaveCount(shown);
  // Another page, opened while there is no server, says so; what needs no call is there.
  await page.getByRole('link', { name: 'Agents' }).click();
  await expect(page.getByRole('alert')).toContainText('The server cannot be reached', { timeout: 20_000 });
  expect((await fetch(`${control}/start`, { method: 'POST' })).ok).toBe(true);
  // Both come back by themselves, without signing in again.
  await expect(page.getByText('connected').first()).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText('reconnecting…')).toHaveCount(0, { timeout: 30_000 });
  await page.goBack();
  await expect(rowsOf(page, 'Tests')).toHaveCount(shown, { timeout: 30_000 });
  const before = await grid.innerText();
  await expect.poll(() => grid.innerText(), { timeout: 40_000 }).not.toBe(before);
});
