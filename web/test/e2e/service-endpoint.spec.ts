// SPDX-License-Identifier: Apache-2.0
// The walk-through of the seed document "Service Endpoint Monitor", by its own words.
import { expect, test } from './fixture.ts';

test('Walkthrough: from the tile to the test, its nodes, and the troublesome hop of 96 ms', async ({ page }) => {
  await page.goto('/services');
  await expect(page.getByText('Critical')).toBeVisible();
  // Point-in-time health and values of all tests; then the history of one.
  const tests = page.getByRole('region', { name: 'Tests', exact: true }).last();
  await tests.getByRole('button', { name: 'sql-prod-01' }).click();
  await expect(page.getByRole('heading', { name: 'sql-prod-01: application or network?' })).toBeVisible();
  await expect(page.getByRole('img', { name: /Loss of sql-prod-01/ })).toBeVisible();
  // Test Nodes: the node from where it is slow.
  await page.getByRole('region', { name: 'Test nodes' }).last().getByRole('button', { name: 'sin1-agent-00' }).click();
  await expect(
    page.getByRole('heading', { name: 'sql-prod-01 from sin1-agent-00: application or network?' }),
  ).toBeVisible();
  await page
    .getByRole('region', { name: /application or network/ })
    .getByRole('link', { name: 'Topology' })
    .click();
  const hop = page.getByRole('button', { name: /^Hop 7 .*troubled/ });
  await hop.click();
  await expect(page.getByText(/\(hop 7\) adds 96 of \d+ ms/).first()).toBeVisible();
});

test('Network State Recorder: view the network snapshot at another time in past', async ({ page }) => {
  await page.goto('/services?dst=sql-prod-01');
  const row = page.getByRole('row', { name: /sql-prod-01/ }).first();
  await expect(row).toContainText('Fail');
  await page.goto('/services?dst=sql-prod-01&at=2026-11-21T17:00:00Z');
  await expect(row).toContainText(/Pass|Warning/);
  await page.keyboard.press('l');
  await expect(row).toContainText('Fail');
});

test('Application issue: a spike in the response time, but the network latency is consistent', async ({ page }) => {
  await page.goto('/services?dst=api.payments');
  await expect(
    page.getByText(
      /Application issue: The response time went up from \d+ ms to \d+ ms, while the network latency stayed/,
    ),
  ).toBeVisible();
});

test('Diagnostics: response time NA while loss and latency are valid', async ({ page }) => {
  await page.goto('/services?dst=ldap');
  await expect(page.getByRole('row', { name: /^ldap/ }).first()).toContainText('NA');
  await expect(page.getByText(/Response time is NA: no HTTP test configuration/)).toBeVisible();
});
